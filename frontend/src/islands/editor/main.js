// The mail editor: replaces the plain form where JavaScript runs.

import './editor.css';
import { askForBlock } from './adding.js';
import { Canvas } from './canvas.js';
import { button, h, icon, iconButton, setIcons } from './dom.js';
import { redo, undo } from './moves.js';
import { showVersions, sourceView, textView } from './modes.js';
import { Panel } from './panel.js';
import { Store } from './store.js';

function mount(root) {
  setIcons(root.dataset.icons);
  const store = new Store(JSON.parse(document.getElementById('editor-setup').textContent));
  const w = store.words;
  const canvas = new Canvas(store);
  const panel = new Panel(store);
  const stage = h('div.ed-stage');
  let view = store.state.mode === 'blocks' ? 'write' : 'source';

  const aloud = h('p.visually-hidden', { 'aria-live': 'polite' });
  store.addEventListener('said', ({ detail }) => { aloud.textContent = detail; });

  const show = () => {
    const isWriting = view === 'write' && store.state.mode === 'blocks';
    panel.element.hidden = view === 'text';
    stage.replaceChildren(
      view === 'text' ? textView(store) : view === 'source' || !isWriting ? sourceView(store) : h('div.ed-letter', {}, envelope(store), canvas.element, h('div.ed-add', {}, button(w.add, () => askForBlock(store, null), { iconName: 'plus', 'data-add': true }))),
      panel.element,
    );
    for (const tab of tabs.children) tab.setAttribute('aria-selected', String(tab.dataset.view === view));
  };
  const tabs = h('div.ed-tabs.ed-views', { role: 'tablist' }, [['write', w.write, 'writing'], ['text', w.text, 'notes'], ['source', w.source, 'code']].map(([key, words, name]) => h(
    'button.ed-tab', { type: 'button', role: 'tab', 'data-view': key, onclick: () => { view = key; show(); } }, icon(name), words,
  )));
  let lastMode = store.state.mode;
  store.addEventListener('drawn', () => {
    if (store.state.mode !== lastMode) { lastMode = store.state.mode; view = lastMode === 'blocks' ? 'write' : 'source'; show(); }
  });

  const undoButton = iconButton('arrow-back-up', w.undo, () => undo(store));
  const redoButton = iconButton('arrow-forward-up', w.redo, () => redo(store));
  const marks = () => { undoButton.disabled = !store.past.length; redoButton.disabled = !store.future.length; };
  for (const name of ['drawn', 'typed', 'status']) store.addEventListener(name, marks);
  marks();

  const bar = h('div.ed-bar', {}, tabs, status(store), h('div.ed-bar-end', {}, undoButton, redoButton,
    iconButton('history', w.versions, () => showVersions(store)),
    h('a.ed-icon', { href: store.setup.urls.keep, title: w.keep, 'aria-label': w.keep }, icon('template'))));
  root.querySelector('[data-editor-plain]')?.setAttribute('hidden', '');
  const frame = h('div.ed', {}, bar, trouble(store), stage, aloud);
  colours(frame, store.setup.brand);
  root.append(frame);
  show();
  keys(store);
  addEventListener('beforeunload', (event) => {
    if (store.isClean) return;
    store.save({ isLast: true });
    event.preventDefault();
  });
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') store.save(); });
  root.dataset.ready = 'yes';
}

function envelope(store) {
  const w = store.words;
  const line = (name, words) => {
    const input = h('input.ed-envelope-line', {
      type: 'text', maxlength: '250', value: store.state[name], placeholder: words, 'aria-label': words, 'data-envelope': name,
      oninput: () => store.change((state) => { state[name] = input.value; }, { quiet: true, key: name }),
    });
    store.addEventListener('drawn', () => { if (document.activeElement !== input) input.value = store.state[name]; });
    return h('label.ed-envelope-row', {}, h('span', {}, words), input);
  };
  return h('div.ed-envelope', {}, line('subject', w.subject), line('preheader', w.preheader));
}

function status(store) {
  const w = store.words;
  const element = h('p.ed-status', { role: 'status', 'data-status': 'saved' });
  const draw = () => {
    const words = { saved: w.saved, saving: w.saving, unsaved: w.unsaved, offline: w.offline, refused: `${w.refused} ${store.statusWords}`, conflict: w.conflict }[store.status];
    element.dataset.status = store.status;
    element.replaceChildren(icon({ saved: 'check', saving: 'refresh', unsaved: 'circle-dashed' }[store.status] || 'alert-triangle'), h('span', {}, store.status === 'saved' && store.statusWords ? `${words} ${store.statusWords}` : words));
  };
  store.addEventListener('status', draw);
  draw();
  return element;
}

function trouble(store) {
  const w = store.words;
  const element = h('div.ed-trouble', { role: 'alert', hidden: true });
  const tell = (words, ...actions) => {
    element.replaceChildren(h('span', {}, words), ...actions);
    element.hidden = false;
  };
  store.addEventListener('trouble', ({ detail }) => tell(detail, iconButton('x', w.close, () => { element.hidden = true; })));
  store.addEventListener('status', () => {
    if (store.status !== 'conflict') { if (element.dataset.conflict) { element.hidden = true; delete element.dataset.conflict; } return; }
    element.dataset.conflict = 'yes';
    tell(store.statusWords, button(w.takeTheirs, () => store.settle(true)), button(w.keepMine, () => store.settle(false), { variant: 'primary' }));
  });
  return element;
}

function keys(store) {
  document.addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const isPlainField = event.target.matches?.('textarea, dialog input');
    if (isPlainField) return;
    if (key === 'z' && !event.shiftKey) { event.preventDefault(); undo(store); }
    else if (key === 'y' || (key === 'z' && event.shiftKey)) { event.preventDefault(); redo(store); }
    else if (key === 's') { event.preventDefault(); store.save(); }
  });
}

function colours(frame, brand) {
  const names = { accent: brand.accent, 'on-accent': brand.onAccent, ink: brand.ink, link: brand.link, ground: brand.ground, tint: brand.tint, heading: brand.headingFont, body: brand.bodyFont };
  for (const [name, value] of Object.entries(names)) frame.style.setProperty(`--mail-${name}`, value);
}

for (const root of document.querySelectorAll('[data-editor]')) mount(root);
