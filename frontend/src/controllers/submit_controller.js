import { Controller } from '@hotwired/stimulus';

/**
 * Sends its form when a value changes (filters, sort orders). The form keeps a button for no script.
 */
export default class extends Controller {
  connect() {
    for (const spare of this.element.querySelectorAll('[data-spare]')) spare.hidden = true;
  }

  send() {
    this.element.requestSubmit();
  }
}
