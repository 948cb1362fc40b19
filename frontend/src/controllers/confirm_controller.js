import { Controller } from '@hotwired/stimulus';

/**
 * Frees the button only when the word asked for was typed. The server asks for it again.
 */
export default class extends Controller {
  static targets = ['input', 'button'];
  static values = { word: String };

  connect() {
    this.compare();
  }

  compare() {
    if (!this.hasInputTarget || !this.hasButtonTarget) return;
    const word = this.wordValue.trim().toLowerCase();
    let typed = this.inputTarget.value.trim().toLowerCase();
    if (/^\d+$/.test(word)) typed = typed.replace(/[\s.,]/g, ''); // as the page writes it: 3,000
    this.buttonTarget.disabled = typed !== word;
  }
}
