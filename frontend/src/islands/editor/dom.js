// Small tools to build elements without markup strings, so that nothing typed can become code.

let iconsUrl = '';
export const setIcons = (url) => { iconsUrl = url; };

/** h('button.small', { type: 'button', onclick }, 'Words', child) returns an element. */
export function h(selector, attributes = {}, ...children) {
  const [tag, ...classes] = selector.split('.');
  const element = document.createElement(tag || 'div');
  if (classes.length) element.className = classes.join(' ');
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else if (name === 'checked' || name === 'selected' || name === 'disabled') element[name] = Boolean(value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `${iconsUrl}#${name}`);
  svg.append(use);
  return svg;
}

export function iconButton(name, label, onclick, extra = {}) {
  return h('button.ed-icon', { type: 'button', title: label, 'aria-label': label, onclick, ...extra }, icon(name));
}

export function button(label, onclick, extra = {}) {
  const { variant = 'quiet', iconName, ...rest } = extra;
  return h(`button.btn.btn-${variant}.btn-sm`, { type: 'button', onclick, ...rest }, iconName ? icon(iconName) : null, label);
}

let serial = 0;
export const freshId = () => `ed-${++serial}`;

export function field(label, control) {
  control.id ||= freshId();
  return h('div.ed-field', {}, h('label', { for: control.id }, label), control);
}

export function select(options, value, onchange, extra = {}) {
  const control = h(
    'select.form-select',
    { ...extra, onchange: () => onchange(control.value) },
    options.map(([key, words]) => h('option', { value: String(key), selected: String(key) === String(value ?? '') }, words)),
  );
  return control;
}

export function csrfToken() {
  const found = document.querySelector('[name=csrfmiddlewaretoken]');
  if (found) return found.value;
  const cookie = document.cookie.match(/(?:^|; )(?:__Host-csrf|csrftoken)=([^;]+)/);
  return cookie ? decodeURIComponent(cookie[1]) : '';
}

/** Ask the server; resolves to { ok, status, body }. Rejects only where it cannot be reached. */
export async function ask(url, { method = 'GET', json, form } = {}) {
  const headers = { Accept: 'application/json', 'X-CSRFToken': csrfToken() };
  if (json !== undefined) headers['Content-Type'] = 'application/json';
  const answer = await fetch(url, {
    method, headers, credentials: 'same-origin', body: json === undefined ? form : JSON.stringify(json),
  });
  const isJson = (answer.headers.get('content-type') || '').includes('json');
  return { ok: answer.ok, status: answer.status, body: isJson ? await answer.json() : {} };
}

/** A modal dialog; returns { dialog, close }. */
export function openDialog(title, closeWords, content, { wide = false } = {}) {
  const heading = h('h2', { id: freshId() }, title);
  const dialog = h(
    `dialog.ed-dialog${wide ? '.ed-dialog-wide' : ''}`, { 'aria-labelledby': heading.id },
    h('div.ed-dialog-head', {}, heading, iconButton('x', closeWords, () => dialog.close())),
    content,
  );
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, close: () => dialog.close() };
}
