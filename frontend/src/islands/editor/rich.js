// Typed text: Liquid shown as small chips, pasted text cleaned, a toolbar while one types.

import { button, field, h, iconButton, openDialog, select } from './dom.js';

const LIQUID = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;
const ALLOWED = new Set(['P', 'BR', 'STRONG', 'B', 'EM', 'I', 'U', 'S', 'A', 'UL', 'OL', 'LI', 'H1', 'H2', 'H3', 'BLOCKQUOTE', 'SUP', 'SUB']);

/** Words for a chip: the field's name, or the Liquid itself. */
function chipWords(liquid, store) {
  const found = liquid.match(/^\{\{\s*contact\.([\w]+)\s*(?:\|\s*default:\s*"([^"]*)")?/);
  if (!found) return liquid.replace(/^\{\{\s*|\s*\}\}$/g, '');
  const known = [...store.setup.standard, ...store.setup.choices.fields].find((one) => one.key === found[1]);
  return found[2] ? `${known?.name || found[1]} · ${found[2]}` : known?.name || found[1];
}

export function chip(liquid, store) {
  return h('span.ed-chip', { contenteditable: 'false', 'data-liquid': liquid, title: liquid }, chipWords(liquid, store));
}

/** Put stored HTML into an element: allowed tags only, Liquid as chips. */
export function pour(element, html, store) {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  element.replaceChildren(...[...parsed.body.childNodes].flatMap((node) => cleaned(node)));
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) chipsIn(text, store);
}

function chipsIn(text, store) {
  const parts = [];
  let end = 0;
  for (const found of text.data.matchAll(LIQUID)) {
    parts.push(text.data.slice(end, found.index), chip(found[0], store));
    end = found.index + found[0].length;
  }
  if (!parts.length) return;
  parts.push(text.data.slice(end));
  text.replaceWith(...parts.filter((part) => part !== ''));
}

function cleaned(node) {
  if (node.nodeType === Node.TEXT_NODE) return [document.createTextNode(node.data)];
  if (node.nodeType !== Node.ELEMENT_NODE || ['SCRIPT', 'STYLE', 'HEAD', 'META', 'TITLE'].includes(node.tagName)) return [];
  const inner = [...node.childNodes].flatMap((child) => cleaned(child));
  const tag = ['DIV', 'SECTION', 'ARTICLE'].includes(node.tagName) ? 'P' : node.tagName;
  if (!ALLOWED.has(tag)) return inner;
  if (tag === 'P' && inner.some((child) => ['P', 'UL', 'OL', 'H1', 'H2', 'H3'].includes(child.tagName))) return inner;
  const kept = document.createElement(tag);
  const href = node.getAttribute('href') || '';
  if (tag === 'A' && !/^\s*(javascript|data|vbscript):/i.test(href)) kept.setAttribute('href', href);
  kept.append(...inner);
  return [kept];
}

/** Read an element back as stored HTML: chips become Liquid again. */
export function drain(element) {
  const copy = element.cloneNode(true);
  for (const one of copy.querySelectorAll('.ed-chip')) one.replaceWith(one.dataset.liquid);
  const html = copy.innerHTML.replaceAll('&nbsp;', ' ').trim();
  const bare = html.replace(/<[^>]*>/g, '').trim();
  return bare ? html.replace(LIQUID, (found) => unescaped(found)) : '';
}

const unescaped = (text) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&').replaceAll('&quot;', '"');

/** What to insert for pasted things: cleaned HTML, or plain paragraphs. */
export function pasted(transfer) {
  const html = transfer.getData('text/html');
  const holder = document.createElement('div');
  if (html) {
    const parsed = new DOMParser().parseFromString(html, 'text/html');
    holder.append(...[...parsed.body.childNodes].flatMap((node) => cleaned(node)));
    return holder.innerHTML;
  }
  const lines = transfer.getData('text/plain').split(/\r?\n\s*\r?\n/);
  if (lines.length === 1) { holder.textContent = lines[0]; return holder.innerHTML; }
  holder.append(...lines.map((line) => h('p', {}, line)));
  return holder.innerHTML;
}

const JOINED = new Set(['P', 'H1', 'H2', 'H3']);

/**
 * Join two paragraphs ourselves where a deletion would: the browser writes inline styles, which the
 * page's content security policy refuses, to keep the look of what it moves. True where it did.
 */
export function joinBlocks(event, box) {
  const selection = getSelection();
  if (!event.inputType.startsWith('deleteContent') || !selection.rangeCount) return false;
  const range = selection.getRangeAt(0);
  const [first, last] = range.collapsed ? neighbours(range, box, event.inputType.endsWith('Forward')) : [blockOf(range.startContainer, box), blockOf(range.endContainer, box)];
  if (!first || !last || first === last) return false;
  event.preventDefault();
  range.deleteContents();
  if (first.lastChild?.nodeName === 'BR') first.lastChild.remove();
  const place = first.childNodes.length;
  first.append(...last.childNodes);
  last.remove();
  if (!first.hasChildNodes()) first.append(h('br'));
  selection.collapse(first, Math.min(place, first.childNodes.length));
  return true;
}

function blockOf(node, box) {
  let block = node;
  while (block && block.parentNode !== box) block = block.parentNode;
  return JOINED.has(block?.nodeName) ? block : null;
}

/** The two paragraphs between which the caret stands, if it stands at an edge. */
function neighbours(caret, box, isForward) {
  const block = blockOf(caret.startContainer, box);
  if (!block) return [];
  const rest = document.createRange();
  rest.selectNodeContents(block);
  if (isForward) rest.setStart(caret.endContainer, caret.endOffset); else rest.setEnd(caret.startContainer, caret.startOffset);
  const between = rest.cloneContents();
  if (between.textContent || between.querySelector('br:not(:last-child), img')) return [];
  const other = isForward ? block.nextElementSibling : block.previousElementSibling;
  if (!JOINED.has(other?.nodeName)) return [];
  return isForward ? [block, other] : [other, block];
}

/** Put the caret behind a chip: a click on it shall not take it out of the text. */
export function caretAfter(mark, box) {
  box.focus();
  const range = document.createRange();
  range.setStartAfter(mark);
  range.collapse(true);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

const exec = (name, value) => document.execCommand(name, false, value);

export function toolbar(store, onDone) {
  const w = store.words;
  const keep = (event) => event.preventDefault();
  const tool = (name, label, act) => iconButton(name, label, () => { act(); onDone(); }, { onmousedown: keep });
  const word = (text, label, tag) => h(
    'button.ed-icon.ed-word',
    { type: 'button', title: label, 'aria-label': label, onmousedown: keep, onclick: () => { exec('formatBlock', tag); onDone(); } },
    text,
  );
  return h(
    'div.ed-tools', { role: 'toolbar', 'aria-label': w.text },
    word('H1', w.heading, 'h1'), word('H2', w.subheading, 'h2'), word('H3', w.smallHeading, 'h3'), word('¶', w.paragraph, 'p'),
    h('span.ed-tools-gap'),
    tool('bold', w.bold, () => exec('bold')), tool('italic', w.italic, () => exec('italic')),
    tool('list', w.list, () => exec('insertUnorderedList')),
    iconButton('link', w.link, () => askForLink(store, onDone), { onmousedown: keep }),
    h('span.ed-tools-gap'),
    h('button.ed-icon.ed-word', { type: 'button', title: w.personalise, 'aria-label': w.personalise, onmousedown: keep, onclick: () => askForField(store, onDone) }, '{ }'),
  );
}

function keepSelection() {
  const selection = getSelection();
  const range = selection.rangeCount ? selection.getRangeAt(0).cloneRange() : null;
  const host = range?.startContainer.parentElement?.closest('[contenteditable=true]');
  const back = () => {
    if (!range || !host?.isConnected) return false;
    host.focus();
    selection.removeAllRanges();
    selection.addRange(range);
    return true;
  };
  return { range, host, back };
}

export function askForLink(store, onDone) {
  const w = store.words;
  const kept = keepSelection();
  const anchor = kept.range?.startContainer.parentElement?.closest('a');
  const address = h('input.form-control', { type: 'text', inputmode: 'url', value: anchor?.getAttribute('href') || '', placeholder: 'https://' });
  let label = store.state.link_choices[address.value]?.label || '';
  const labels = select(labelOptions(store), label, (value) => { label = value; });
  const form = h('form', {
    onsubmit: (event) => {
      event.preventDefault();
      const url = withScheme(address.value.trim());
      close();
      if (!kept.back() || !url) return;
      if (anchor) anchor.setAttribute('href', url);
      else if (getSelection().isCollapsed) exec('insertHTML', h('div', {}, h('a', { href: url }, url)).innerHTML);
      else exec('createLink', url);
      onDone();
      setLabel(store, url, label);
    },
  }, field(w.address, address), field(w.label, labels), h('div.ed-actions', {},
    anchor ? button(w.unlink, () => { close(); if (kept.back()) { anchor.replaceWith(...anchor.childNodes); onDone(); } }) : null,
    button(w.insert, null, { variant: 'primary', type: 'submit' })));
  const { close } = openDialog(w.link, w.close, form);
  address.focus();
}

export function askForField(store, onDone) {
  const w = store.words;
  const kept = keepSelection();
  let key = 'first_name';
  const options = [...store.setup.standard, ...store.setup.choices.fields].map((one) => [one.key, one.name]);
  const fallback = h('input.form-control', { type: 'text', value: w.friend });
  const form = h('form', {
    onsubmit: (event) => {
      event.preventDefault();
      close();
      const safe = fallback.value.replaceAll(/["{}<>|]/g, '').trim();
      const liquid = safe ? `{{ contact.${key} | default: "${safe}" }}` : `{{ contact.${key} }}`;
      if (!kept.back()) return;
      const mark = chip(liquid, store);
      const range = getSelection().getRangeAt(0);
      range.deleteContents();
      range.insertNode(mark);
      range.setStartAfter(mark);
      range.collapse(true);
      onDone();
    },
  }, field(w.field, select(options, key, (value) => { key = value; })), field(w.fallback, fallback),
  h('div.ed-actions', {}, button(w.insert, null, { variant: 'primary', type: 'submit' })));
  const { close } = openDialog(w.personalise, w.close, form);
}

export const withScheme = (url) => (url && !/^([a-z][a-z0-9+.-]*:|#|\{\{)/i.test(url) ? `https://${url}` : url);

export const labelOptions = (store) => [['', store.words.noLabel], ...store.setup.choices.labels.map((one) => [one.id, one.name])];

export function setLabel(store, url, label) {
  if (!url) return;
  store.change((state) => {
    const choice = { ...state.link_choices[url] };
    choice.label = label ? Number(label) : null; // null: chosen to carry none, whatever the default rules say
    state.link_choices = { ...state.link_choices, [url]: choice };
  }, { quiet: true, key: `label:${url}` });
  store.emit('labelled');
}
