// The mail as it will arrive: desktop, phone, dark, plain text, as somebody.

import { button, h } from './dom.js';

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
  const who = h('input.form-control', {
    type: 'text', value: person, placeholder: w.sample, 'aria-label': w.as, onchange: () => { person = who.value.trim(); show(); },
  });
  const later = () => { if (frame.isConnected) show(); else store.removeEventListener('saved', later); };
  store.addEventListener('saved', later);
  Promise.resolve(store.save()).then(show);
  return h('div.ed-preview', {}, modes, h('label.ed-row', {}, h('span', {}, w.as), who), frame);
}
