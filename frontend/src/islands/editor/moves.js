// What can be done with blocks: add, copy, move, delete, save. Each says aloud what it did.

const copyOf = (value) => JSON.parse(JSON.stringify(value));

export const nameOf = (store, block) => store.kinds.get(block.type)?.name || block.type;
const isLocked = (store, block) => Boolean(store.kinds.get(block.type)?.isLocked);

export function newBlock(store, type) {
  return { id: store.freshId(), type, settings: copyOf(store.kinds.get(type).defaults) };
}

/** Add a block after the one with this id ('' puts it on top, null before the footer). */
export function addBlock(store, block, after = null) {
  const added = copyOf(block);
  added.id = store.freshId();
  if (added.otherwise) added.otherwise.id = `${added.id}-else`;
  store.change(({ document: doc }) => {
    const place = after === '' ? 0 : store.place(after) + 1;
    const last = doc.blocks.length - 1;
    doc.blocks.splice(after === null || (after !== '' && place === 0) ? last : Math.min(place, last), 0, added);
  });
  store.say(`${store.words.added} ${nameOf(store, added)}`);
  focusBlock(store, added.id, true);
  return added.id;
}

export function copyBlock(store, id) {
  const block = store.find(id);
  if (!block || isLocked(store, block)) return;
  addBlock(store, block, id);
  store.say(`${store.words.copied} ${nameOf(store, block)}`);
}

export function moveBlock(store, id, by) {
  const from = store.place(id);
  moveTo(store, id, from + by);
}

/** Move a block to a place, counted from 0; the footer stays last. */
export function moveTo(store, id, to) {
  const from = store.place(id);
  const block = store.blocks[from];
  const last = store.blocks.length - 2;
  if (from < 0 || isLocked(store, block) || to < 0 || to > last || to === from) return;
  store.change(({ document: doc }) => { doc.blocks.splice(to, 0, ...doc.blocks.splice(from, 1)); });
  store.say(`${nameOf(store, block)}: ${store.words.moved} ${to + 1} ${store.words.of} ${last + 1}`);
  focusBlock(store, id);
}

export function deleteBlock(store, id) {
  const place = store.place(id);
  const block = store.blocks[place];
  if (!block) return;
  if (isLocked(store, block)) { store.say(store.words.locked); return; }
  store.change(({ document: doc }) => { doc.blocks.splice(place, 1); });
  store.say(`${store.words.deleted} ${nameOf(store, block)}`);
  const next = store.blocks[Math.min(place, store.blocks.length - 1)];
  if (next) focusBlock(store, next.id);
}

export function focusBlock(store, id, intoText = false) {
  store.select(id);
  const element = document.querySelector(`[data-block="${CSS.escape(id)}"]`);
  if (!element) return;
  const inner = intoText ? element.querySelector('[contenteditable=true], input') : null;
  (inner || element).focus({ preventScroll: true });
  element.scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
}

export function undo(store) { if (store.undo()) store.say(store.words.undone); }
export function redo(store) { if (store.redo()) store.say(store.words.redone); }
