import { Controller } from '@hotwired/stimulus';

/**
 * Moves through the links that name the rows of a table with the arrow keys, Home and End.
 */
export default class extends Controller {
  move(event) {
    const links = [...this.element.querySelectorAll('th[scope=row] a')];
    const here = links.indexOf(document.activeElement);
    const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: links.length - 1 }[event.key];
    if (here < 0 || next === undefined || !links[next]) return;
    event.preventDefault();
    links[next].focus();
  }
}
