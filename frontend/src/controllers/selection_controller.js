import { Controller } from '@hotwired/stimulus';

/**
 * Bulk selection in a table: "select all on this page", the number chosen, the bar that appears.
 */
export default class extends Controller {
  static targets = ['all', 'item', 'bar', 'count'];

  connect() {
    this.update();
  }

  itemTargetConnected() {
    this.update();
  }

  toggleAll() {
    for (const item of this.itemTargets) item.checked = this.allTarget.checked;
    this.update();
  }

  update() {
    const chosen = this.itemTargets.filter((item) => item.checked).length;
    if (this.hasBarTarget) this.barTarget.hidden = chosen === 0;
    if (this.hasCountTarget) this.countTarget.textContent = chosen.toLocaleString(document.documentElement.lang);
    if (!this.hasAllTarget) return;
    this.allTarget.checked = chosen > 0 && chosen === this.itemTargets.length;
    this.allTarget.indeterminate = chosen > 0 && chosen < this.itemTargets.length;
  }
}
