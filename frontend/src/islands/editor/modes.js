// The other ways to look at a mail: its plain text, and MJML or HTML as the advanced way in.

import { ask, button, field, h, iconButton, openDialog } from './dom.js';

export function textView(store) {
  const w = store.words;
  const area = h('textarea.form-control.ed-code', { rows: '24', 'aria-label': w.text });
  const note = h('p.ed-hint');
  const again = button(w.regenerate, () => { store.change((state) => { state.is_text_edited = false; state.text = ''; }, { quiet: true }); fill(); }, { iconName: 'refresh' });
  area.addEventListener('input', () => {
    store.change((state) => { state.text = area.value; state.is_text_edited = true; }, { quiet: true, key: 'text' });
    tell();
  });
  function tell() {
    note.textContent = store.state.is_text_edited ? w.edited : w.generated;
    again.hidden = !store.state.is_text_edited;
  }
  async function fill() {
    tell();
    if (store.state.is_text_edited) { area.value = store.state.text; return; }
    await store.save();
    const { ok, body } = await ask(store.setup.urls.text).catch(() => ({ ok: false, body: { error: w.offline } }));
    if (ok) area.value = body.text;
    else note.textContent = body.error || w.offline;
  }
  fill();
  return h('div.ed-plainview', {}, h('div.ed-row', {}, note, again), area);
}

export function sourceView(store) {
  const w = store.words;
  const { mode } = store.state;
  const to = (next) => store.change((state) => { state.mode = next; });
  const choices = h('div.ed-row', {},
    mode === 'blocks' ? null : button(w.toBlocks, () => to('blocks'), { variant: 'primary', iconName: 'layout-grid' }),
    mode === 'mjml' ? null : button(w.toMjml, () => to('mjml'), { iconName: 'code' }),
    mode === 'html' ? null : button(w.toHtml, () => to('html'), { iconName: 'code' }));
  if (mode === 'blocks') return h('div.ed-plainview', {}, h('p.ed-hint', {}, w.sourceHint), h('p.ed-hint', {}, w.sourceWarn), choices);
  const area = h('textarea.form-control.ed-code', {
    rows: '28', spellcheck: 'false', wrap: 'off', value: store.state.source,
    oninput: () => store.change((state) => { state.source = area.value; }, { quiet: true, key: 'source' }),
  });
  return h('div.ed-plainview', {}, h('p.ed-hint', {}, w.sourceWarn), choices, field(mode.toUpperCase(), area));
}

export async function showVersions(store) {
  const w = store.words;
  await store.save();
  const list = h('ul.ed-versions');
  const { close } = openDialog(w.versions, w.close, h('div', {}, h('p.ed-hint', {}, w.versionsHint), list));
  const { body } = await ask(store.setup.urls.versions).catch(() => ({ body: {} }));
  list.append(...(body.items || []).map((one) => h('li', {},
    h('span', {}, h('strong', {}, one.at), ` ${w.by} ${one.member}`),
    one.revision === store.revision ? iconButton('check', w.saved, () => {}, { disabled: true }) : button(w.restore, async () => {
      const url = store.setup.urls.restore.replace('/0/restore/', `/${one.revision}/restore/`);
      const answer = await ask(url, { method: 'POST', json: { revision: store.revision } }).catch(() => ({ ok: false }));
      close();
      if (answer.ok) store.adopt(answer.body.state, answer.body.revision);
      else store.emit('trouble', answer.body?.message || w.offline);
    }))));
}
