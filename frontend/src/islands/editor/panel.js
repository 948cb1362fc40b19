// The side: the selected block's settings, all links with their labels, the preview.

import { button, field, h, icon, select } from './dom.js';
import { askToKeep } from './adding.js';
import { nameOf } from './moves.js';
import { choosePicture } from './pictures.js';
import { labelOptions, setLabel, withScheme } from './rich.js';
import { shownTo } from './shown.js';
import { preview } from './preview.js';

/** Every link of a block as { url, text }, in reading order. */
function linksOf(store, block) {
  const kind = store.kinds.get(block.type);
  const found = [];
  const look = (fields, settings) => {
    for (const one of fields) {
      const value = settings[one.name];
      if (one.kind === 'url' && value) found.push({ url: value, text: settings.label || settings.alt || settings.name || '' });
      if (one.kind === 'rich' && value) {
        const parsed = new DOMParser().parseFromString(value, 'text/html');
        for (const a of parsed.querySelectorAll('a[href]')) found.push({ url: a.getAttribute('href'), text: a.textContent });
      }
      if (one.kind === 'items') for (const item of value || []) look(one.fields, item);
    }
  };
  look(kind?.fields || [], block.settings);
  return found.filter(({ url }) => /^https?:/i.test(url) && !url.includes('{{'));
}

function linkRows(store, blocks) {
  const seen = new Map();
  for (const block of blocks) for (const link of linksOf(store, block)) if (!seen.has(link.url)) seen.set(link.url, link);
  if (!seen.size) return [h('p.ed-hint', {}, store.words.noLinks)];
  return [...seen.values()].map(({ url, text }) => h('div.ed-link', {},
    h('div.ed-link-words', {}, h('strong', {}, text || url), h('span', { title: url }, url.replace(/^https?:\/\//, ''))),
    select(labelOptions(store), store.state.link_choices[url]?.label ?? '', (label) => setLabel(store, url, label), { 'aria-label': `${store.words.label}: ${text || url}`, 'data-link': url })));
}

export class Panel {
  constructor(store) {
    this.store = store;
    this.tab = 'block';
    this.body = h('div.ed-panel-body');
    this.bar = h('div.ed-tabs', { role: 'tablist' });
    this.element = h('aside.ed-panel', { 'aria-label': store.words.block }, this.bar, this.body);
    store.addEventListener('selected', () => { if (this.tab === 'block') this.draw(); });
    store.addEventListener('drawn', () => { if (this.tab !== 'preview') this.draw(); });
    store.addEventListener('labelled', () => { if (!this.body.contains(document.activeElement)) this.draw(); });
    store.addEventListener('typed', () => this.#linksLater());
    this.draw();
  }

  show(tab) { this.tab = tab; this.draw(); }

  draw() {
    const w = this.store.words;
    const hasBlocks = this.store.state.mode === 'blocks';
    if (!hasBlocks && this.tab === 'block') this.tab = 'preview';
    const tabs = [hasBlocks ? ['block', w.block, 'adjustments'] : null, ['links', w.links, 'link'], ['preview', w.preview, 'eye']].filter(Boolean);
    this.element.classList.toggle('is-idle', this.tab === 'block' && !this.store.find(this.store.selected));
    this.bar.replaceChildren(...tabs.map(([key, words, name]) => h(
      'button.ed-tab', { type: 'button', role: 'tab', 'aria-selected': String(this.tab === key), 'data-tab': key, onclick: () => this.show(key) }, icon(name), words,
    )));
    const focused = this.#focusPlace();
    if (this.tab === 'block') this.body.replaceChildren(...this.#block());
    else if (this.tab === 'links') this.body.replaceChildren(
      h('p.ed-hint', {}, w.linksHint),
      ...(hasBlocks ? linkRows(this.store, this.store.walk()) : []),
      ...(this.store.setup.urls.links ? [h('a.btn.btn-quiet.btn-sm', { href: this.store.setup.urls.links }, icon('list-check'), w.reviewLinks)] : []),
    );
    else this.body.replaceChildren(preview(this.store));
    if (focused >= 0) this.#controls()[focused]?.focus();
    this.element.classList.toggle('is-wide', this.tab === 'preview');
  }

  #controls() { return [...this.body.querySelectorAll('input, select, textarea, button')]; }
  #focusPlace() { return this.#controls().indexOf(document.activeElement); }

  #linksLater() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.tab !== 'preview' && !this.body.contains(document.activeElement)) this.draw();
    }, 400);
  }

  #block() {
    const { store } = this;
    const w = store.words;
    const block = store.find(store.selected);
    if (!block) return [h('p.ed-hint', {}, w.noBlock), h('p.ed-hint', {}, w.keys)];
    const kind = store.kinds.get(block.type);
    const isInner = !store.blocks.includes(block);
    const links = linksOf(store, block);
    return [
      h('div.ed-panel-title', {}, icon(kind.icon), h('h2', {}, nameOf(store, block))),
      h('p.ed-hint', {}, kind.hint),
      ...this.#fields(block, kind.fields, block.settings, ''),
      links.length ? h('fieldset.ed-group', {}, h('legend', {}, w.links), linkRows(store, [block])) : null,
      kind.isLocked || isInner ? null : shownTo(store, block),
      kind.isLocked ? null : button(w.save, () => askToKeep(store, block), { iconName: 'star' }),
    ].filter(Boolean);
  }

  #fields(block, fields, settings, path) {
    return fields.flatMap((one) => {
      if (one.kind === 'items') return this.#items(block, one, settings[one.name]);
      const isTyped = one.onCanvas && one.kind !== 'image';
      return isTyped ? [] : [this.#field(block, one, settings, path)];
    });
  }

  #items(block, one, items) {
    const { store } = this;
    const w = store.words;
    const set = (act) => store.change(() => act(store.find(block.id).settings[one.name]));
    const fresh = () => Object.fromEntries(one.fields.map((inner) => [inner.name, inner.kind === 'choice' ? inner.choices[0][0] : '']));
    return [
      ...items.map((item, place) => h('fieldset.ed-group', {}, h('legend', {}, `${one.label} ${place + 1}`),
        this.#fields(block, one.fields, item, String(place)),
        items.length > one.least ? button(w.remove, () => set((list) => list.splice(place, 1)), { iconName: 'trash' }) : null)),
      items.length < one.most ? button(w.addItem, () => set((list) => list.push(fresh())), { iconName: 'plus' }) : null,
    ].filter(Boolean);
  }

  #field(block, one, settings, path) {
    const { store } = this;
    const set = (value, extra) => store.change(() => {
      const whole = store.find(block.id).settings;
      (path === '' ? whole : whole.items[Number(path)])[one.name] = value;
    }, extra);
    if (one.kind === 'choice') return field(one.label, select(one.choices, settings[one.name], (value) => set(value)));
    if (one.kind === 'image') {
      return h('div.ed-field', {}, h('span.ed-label', {}, one.label), h('div.ed-row', {},
        settings[one.name] && settings[one.name].startsWith('/') ? h('img.ed-thumb', { src: settings[one.name], alt: '' }) : null,
        button(store.words.choose, () => choosePicture(store, (picture) => { set(picture.src); }), { iconName: 'photo' }),
        settings[one.name] ? button(store.words.remove, () => set('')) : null));
    }
    const isCode = one.kind === 'code';
    const control = h(isCode ? 'textarea.form-control.ed-code' : 'input.form-control', {
      ...(isCode ? { rows: '14', spellcheck: 'false' } : { type: 'text', inputmode: one.kind === 'url' ? 'url' : 'text', placeholder: one.kind === 'url' ? 'https://' : '' }),
      'data-setting': one.name,
      value: settings[one.name],
      oninput: () => set(control.value, { quiet: true, key: `${block.id}:${path}:${one.name}` }),
      onchange: () => {
        if (one.kind === 'url') { control.value = withScheme(control.value.trim()); }
        set(control.value, { quiet: true });
        store.emit('drawn');
      },
    });
    return field(one.label, control);
  }
}
