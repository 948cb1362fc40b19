import { Controller } from '@hotwired/stimulus';

/**
 * Opens the <dialog> named by data-dialog-id-value; the browser keeps focus and Escape in order.
 */
export default class extends Controller {
  static values = { id: String };

  open(event) {
    event.preventDefault();
    document.getElementById(this.idValue)?.showModal();
  }
}
