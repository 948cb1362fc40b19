import { Controller } from '@hotwired/stimulus';

/**
 * Fires the event `poll` on its element every second while the page is visible and nobody is busy
 * inside it, so that htmx may ask for news (`hx-trigger="poll"`); the server answers 204 for none.
 */
export default class extends Controller {
  static values = { seconds: { type: Number, default: 1 } };

  connect() {
    this.timer = setInterval(() => this.tick(), 1000 * this.secondsValue);
  }

  disconnect() {
    clearInterval(this.timer);
  }

  tick() {
    const isBusy = this.element.contains(document.activeElement);
    if (document.visibilityState === 'visible' && !isBusy) this.element.dispatchEvent(new CustomEvent('poll'));
  }
}
