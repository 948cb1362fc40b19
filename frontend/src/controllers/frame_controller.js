import { Controller } from '@hotwired/stimulus';

/**
 * Keys of every page: "/" goes to the search field.
 */
export default class extends Controller {
  static targets = ['search'];

  key(event) {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest('input, textarea, select, [contenteditable=""], [contenteditable="true"]')) return;
    if (!this.hasSearchTarget) return;
    event.preventDefault();
    this.searchTarget.focus();
    this.searchTarget.select();
  }
}
