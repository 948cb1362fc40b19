import { Controller } from '@hotwired/stimulus';

/**
 * Lets a preview frame take the height of the mail in it, so that there is one scroll bar only.
 */
export default class extends Controller {
  fit() {
    const page = this.element.contentDocument?.documentElement;
    if (page) this.element.height = Math.min(page.scrollHeight + 2, 6000);
  }
}
