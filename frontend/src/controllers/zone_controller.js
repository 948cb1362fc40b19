import { Controller } from '@hotwired/stimulus';

/**
 * Chooses the browser's time zone in a new form; whoever chose before is left alone.
 */
export default class extends Controller {
  connect() {
    if (this.element.dataset.chosen || this.element.form?.querySelector('.is-invalid')) return;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if ([...this.element.options].some((option) => option.value === zone)) this.element.value = zone;
  }
}
