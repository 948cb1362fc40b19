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
    const typed = this.inputTarget.value.trim().toLowerCase();
    this.buttonTarget.disabled = typed !== this.wordValue.trim().toLowerCase();
  }
}
