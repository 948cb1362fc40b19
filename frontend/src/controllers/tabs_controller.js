import { Controller } from '@hotwired/stimulus';

/**
 * Brings the current tab into sight where the row of tabs is wider than a phone.
 */
export default class extends Controller {
  connect() {
    const current = this.element.querySelector('[aria-current]');
    if (current) this.element.scrollLeft = current.offsetLeft - (this.element.clientWidth - current.offsetWidth) / 2;
  }
}
