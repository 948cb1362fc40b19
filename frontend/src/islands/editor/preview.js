// The mail as it will arrive: desktop, phone, dark, plain text, as somebody.

import { ask, button, h, select } from './dom.js';

let mode = 'desktop';
let person = '';

export function preview(store) {
  const w = store.words;
  const { urls } = store.setup;
  if (!urls.preview) return h('p.ed-hint', {}, w.noPreview);
  const frame = h('iframe.ed-frame', { title: w.preview, sandbox: 'allow-same-origin' });
  const show = () => {
    frame.className = `ed-frame ed-frame-${mode}`;
    const query = new URLSearchParams({ mode, ...(person ? { as: person } : {}), r: String(store.revision) });
    frame.src = `${urls.preview}?${query}`;
  };
  const modes = h('div.ed-row', { role: 'group', 'aria-label': w.preview }, ['desktop', 'phone', 'dark', 'text'].map((key) => button(w[key], (event) => {
    mode = key;
    for (const one of modes.children) one.setAttribute('aria-pressed', String(one === event.currentTarget));
    show();
  }, { 'aria-pressed': String(key === mode) })));
  const people = h('datalist', { id: 'ed-people' });
  const options = [['', w.wholeMail], ['nobody', w.stranger], ...store.setup.choices.labels.map((one) => [`label-${one.id}`, `${w.holder} ${one.name}`]), ['contact', w.contact]];
  const search = h('input.form-control', { type: 'search', list: people.id, placeholder: w.findContact, 'aria-label': w.findContact, hidden: !/^\d+$/.test(person) });
  const who = select(options, /^\d+$/.test(person) ? 'contact' : person, (value) => {
    search.hidden = value !== 'contact';
    if (value === 'contact') { search.focus(); return; }
    person = value;
    show();
  }, { 'aria-label': w.as });
  let timer = 0;
  search.addEventListener('input', () => {
    const chosen = [...people.children].find((one) => one.value === search.value);
    if (chosen) { person = chosen.dataset.id; show(); return; }
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const { body } = await ask(`${urls.viewers}?q=${encodeURIComponent(search.value)}`).catch(() => ({ body: {} }));
      people.replaceChildren(...(body.items || []).map((one) => h('option', { value: one.name, 'data-id': String(one.id) })));
    }, 250);
  });
  const later = () => { if (frame.isConnected) show(); else store.removeEventListener('saved', later); };
  store.addEventListener('saved', later);
  Promise.resolve(store.save()).then(show);
  return h('div.ed-preview', {}, modes, h('div.ed-row', {}, h('span.ed-label', {}, w.as), who, search, people), frame, h('p.ed-hint', {}, w.previewHint));
}
