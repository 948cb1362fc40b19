import { Controller } from '@hotwired/stimulus';

/**
 * The rule form: hides what is only needed without script, and after a part was added puts the
 * cursor into it.
 */
export default class extends Controller {
  static targets = ['spare', 'rule'];

  spareTargetConnected(spare) {
    spare.hidden = true;
  }

  remember(event) {
    this.lines = this.countLines();
    this.path = event.detail?.elt?.value ?? '';
  }

  settle() {
    if (this.lines === undefined || this.countLines() <= this.lines) return;
    const lines = this.ruleTarget.querySelectorAll('[data-rule-line]');
    const group = this.path.split(':')[1] ?? '';
    const inGroup = [...lines].filter((line) => group === '' || line.dataset.ruleLine.startsWith(`${group}.`));
    inGroup.at(-1)?.querySelector('select, input:not([type=hidden])')?.focus();
    this.lines = undefined;
  }

  countLines() {
    return this.ruleTarget.querySelectorAll('[data-rule-line]').length;
  }
}
