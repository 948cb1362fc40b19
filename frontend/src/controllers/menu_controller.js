import { Controller } from '@hotwired/stimulus';

/**
 * Closes a <details> menu on Escape and on a click elsewhere. Without it the menu still opens.
 */
export default class extends Controller {
  connect() {
    this.away = (event) => {
      if (!this.element.contains(event.target)) this.element.open = false;
    };
    document.addEventListener('click', this.away);
  }

  disconnect() {
    document.removeEventListener('click', this.away);
  }

  escape(event) {
    if (event.key !== 'Escape' || !this.element.open) return;
    this.element.open = false;
    this.element.querySelector('summary').focus();
  }
}
