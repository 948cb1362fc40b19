import { Controller } from '@hotwired/stimulus';

/**
 * Copies the text of a field to the clipboard and says so.
 */
export default class extends Controller {
  static targets = ['source', 'button'];
  static values = { done: String };

  async copy() {
    const text = this.sourceTarget.value;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      this.sourceTarget.select();
      document.execCommand('copy');
    }
    const before = this.buttonTarget.textContent;
    this.buttonTarget.textContent = this.doneValue;
    window.setTimeout(() => {
      this.buttonTarget.textContent = before;
    }, 2000);
  }
}
