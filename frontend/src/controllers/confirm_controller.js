import { Controller } from '@hotwired/stimulus';

/**
 * Frees the button only when the number asked for was typed, bare or grouped as any language does.
 * Once another number has been typed, the field says so. The server asks for it again.
 */
export default class extends Controller {
  static targets = ['input', 'button', 'wrong'];
  static values = { word: String };

  connect() {
    this.compare();
  }

  compare() {
    if (!this.hasInputTarget || !this.hasButtonTarget) return;
    const isRight = this.isRight;
    this.buttonTarget.disabled = !isRight;
    if (isRight) this.mark(false);
  }

  tell() {
    this.mark(this.inputTarget.value.trim() !== '' && !this.isRight);
  }

  mark(isWrong) {
    this.inputTarget.classList.toggle('is-invalid', isWrong);
    this.inputTarget.setAttribute('aria-invalid', String(isWrong));
    this.wrongTarget.hidden = !isWrong;
  }

  get isRight() {
    return bare(this.inputTarget.value) === bare(this.wordValue);
  }
}

// As apps/team/typed.py reads it: 3,000 and 3.000 and 3 000 are 3000.
function bare(number) {
  return number.replace(/[\s.,'’_]/g, '');
}
