// The shelf of blocks: every kind, and the blocks that were kept.

import { ask, button, h, icon, iconButton, openDialog } from './dom.js';
import { addBlock, newBlock } from './moves.js';

export async function askForBlock(store, after) {
  const w = store.words;
  const kinds = [...store.kinds.values()].filter((kind) => !kind.isLocked);
  const shelf = h('div.ed-kinds', {}, kinds.map((kind) => h(
    'button.ed-kind', { type: 'button', 'data-kind': kind.type, onclick: () => { close(); addBlock(store, newBlock(store, kind.type), after); } },
    icon(kind.icon), h('span', {}, h('strong', {}, kind.name), h('small', {}, kind.hint)),
  )));
  const kept = h('div.ed-kept');
  const { close } = openDialog(w.add, w.close, h('div', {}, shelf, kept), { wide: true });
  shelf.querySelector('button').focus();
  const { body } = await ask(store.setup.urls.blocks).catch(() => ({ body: {} }));
  kept.replaceChildren(...(body.items || []).map((one) => h('div.ed-row', {},
    h('button.ed-kind', { type: 'button', onclick: () => { close(); addBlock(store, one.block, after); } }, icon('star'), h('span', {}, h('strong', {}, one.name), h('small', {}, store.kinds.get(one.block.type)?.name || ''))),
    iconButton('trash', `${w.forget}: ${one.name}`, async (event) => {
      await ask(`${store.setup.urls.blocks}${one.id}/forget/`, { method: 'POST', json: {} });
      event.target.closest('.ed-row').remove();
    }))));
}

export function askToKeep(store, block) {
  const w = store.words;
  const name = h('input.form-control', { type: 'text', maxlength: '120', required: true, 'aria-label': w.blockName, placeholder: w.blockName });
  const form = h('form', {
    onsubmit: async (event) => {
      event.preventDefault();
      const { shown_to: _rule, otherwise: _other, ...bare } = block;
      const { ok } = await ask(store.setup.urls.blocks, { method: 'POST', json: { name: name.value, block: bare } }).catch(() => ({ ok: false }));
      close();
      if (ok) store.say(w.blockSaved); else store.emit('trouble', w.offline);
    },
  }, name, h('div.ed-actions', {}, button(w.save, null, { variant: 'primary', type: 'submit' })));
  const { close } = openDialog(w.save, w.close, form);
  name.focus();
}
