// The mail itself: a stack of blocks that one types into.

import { h, icon, iconButton, openDialog } from './dom.js';
import { addBlock, copyBlock, deleteBlock, focusBlock, moveBlock, moveTo, nameOf, newBlock } from './moves.js';
import { choosePicture, pictureIn, upload } from './pictures.js';
import { askForLink, caretAfter, drain, joinBlocks, pasted, pour, toolbar } from './rich.js';
import { askForBlock } from './adding.js';

export class Canvas {
  constructor(store) {
    this.store = store;
    this.element = h('div.ed-canvas', { role: 'list', 'aria-label': store.words.write });
    store.addEventListener('drawn', () => this.draw());
    store.addEventListener('selected', () => this.mark());
    store.addEventListener('saved', () => this.mark());
    this.#keys();
    this.#drops();
    this.draw();
  }

  draw() {
    const focused = this.element.contains(document.activeElement) ? document.activeElement.closest('[data-block]')?.dataset.block : null;
    const { blocks } = this.store;
    this.element.replaceChildren(this.#gap(''), ...blocks.flatMap((block, place) => [
      this.#block(block, place), place < blocks.length - 1 ? this.#gap(block.id) : null,
    ]).filter(Boolean));
    this.mark();
    if (focused && this.store.find(focused)) this.element.querySelector(`[data-block="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  mark() {
    const troubled = new Map(this.store.problems.map((problem) => [problem.block, problem]));
    for (const element of this.element.querySelectorAll('[data-block]')) {
      const id = element.dataset.block;
      element.classList.toggle('is-selected', id === this.store.selected);
      const note = element.querySelector(':scope > .ed-problem');
      const problem = troubled.get(id);
      if (note) { note.hidden = !problem; note.lastChild.textContent = problem?.message || ''; }
    }
  }

  #gap(after) {
    const label = this.store.words.addHere;
    return h('div.ed-gap', {}, h('button.ed-plus', { type: 'button', title: label, 'aria-label': label, onclick: () => askForBlock(this.store, after) }, icon('plus')));
  }

  #block(block, place) {
    const { store } = this;
    const name = nameOf(store, block);
    const isLocked = store.kinds.get(block.type)?.isLocked;
    const element = h(
      `section.ed-block.ed-block-${block.type}`,
      {
        role: 'listitem', tabindex: '0', 'data-block': block.id, 'aria-label': `${name}, ${place + 1} ${store.words.of} ${store.blocks.length}`,
        onfocusin: (event) => { event.stopPropagation(); store.select(block.id); },
        onclick: () => store.select(block.id),
      },
      isLocked ? null : this.#handles(block),
      h('p.ed-problem', { hidden: true }, icon('alert-triangle'), h('span')),
      block.shown_to ? h('p.ed-badge', {}, icon('users'), store.words.shownHere) : null,
      this.#drawn(block),
    );
    if (block.otherwise) {
      element.append(h('div.ed-otherwise', { 'data-block': block.otherwise.id, tabindex: '0', 'aria-label': store.words.elseHere, onfocusin: (event) => { event.stopPropagation(); store.select(block.otherwise.id); }, onclick: (event) => { event.stopPropagation(); store.select(block.otherwise.id); } },
        h('p.ed-badge', {}, icon('users'), store.words.elseHere), this.#drawn(block.otherwise)));
    }
    return element;
  }

  #handles(block) {
    const { store } = this;
    const w = store.words;
    const grip = h('span.ed-grip', { draggable: 'true', title: w.drag, 'aria-hidden': 'true' }, icon('grip-vertical'));
    grip.addEventListener('dragstart', (event) => {
      event.dataTransfer.setData('application/x-sincerely-block', block.id);
      event.dataTransfer.effectAllowed = 'move';
      event.dataTransfer.setDragImage(grip.closest('.ed-block'), 20, 20);
    });
    return h('div.ed-handles', { role: 'toolbar', 'aria-label': nameOf(store, block) },
      grip,
      iconButton('arrow-up', w.up, () => moveBlock(store, block.id, -1)),
      iconButton('arrow-down', w.down, () => moveBlock(store, block.id, 1)),
      iconButton('copy', w.copy, () => copyBlock(store, block.id)),
      iconButton('trash', w.delete, () => deleteBlock(store, block.id)));
  }

  #drawn(block) {
    const draw = DRAWN[block.type];
    return h(`div.ed-paper.ed-${block.settings.ground || (['reply', 'confirm'].includes(block.type) ? 'tint' : 'paper')}.ed-align-${block.settings.align || (block.type === 'confirm' ? 'center' : 'left')}`, {}, draw ? draw(this, block) : null);
  }

  rich(block, settings, name, path) {
    const { store } = this;
    const box = h('div.ed-rich', { contenteditable: 'true', role: 'textbox', 'aria-multiline': 'true', 'aria-label': store.words.text, 'data-empty': store.words.emptyText, 'data-path': path });
    pour(box, settings[name] || '', store);
    const changed = () => {
      box.classList.toggle('is-empty', !box.textContent.trim());
      const target = this.#settingsAt(block.id, path);
      store.change(() => { target[name] = drain(box); }, { quiet: true, key: `${block.id}:${path}:${name}` });
    };
    box.classList.toggle('is-empty', !box.textContent.trim());
    const tools = toolbar(store, changed);
    const frame = h('div.ed-rich-frame', {}, tools, box);
    box.addEventListener('focus', () => { document.execCommand('defaultParagraphSeparator', false, 'p'); document.execCommand('styleWithCSS', false, false); });
    box.addEventListener('input', changed);
    box.addEventListener('beforeinput', (event) => { if (joinBlocks(event, box)) changed(); });
    box.addEventListener('mousedown', (event) => {
      const mark = event.target.closest('.ed-chip');
      if (mark) { event.preventDefault(); caretAfter(mark, box); }
    });
    box.addEventListener('blur', () => { if (!box.textContent.trim() && !box.querySelector('.ed-chip')) box.replaceChildren(); });
    box.addEventListener('click', (event) => { if (event.target.closest('a')) event.preventDefault(); });
    box.addEventListener('keydown', (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') { event.preventDefault(); askForLink(store, changed); }
    });
    box.addEventListener('paste', (event) => {
      event.preventDefault();
      const file = pictureIn(event.clipboardData);
      if (file) { this.insertPicture(file, block.id); return; }
      document.execCommand('insertHTML', false, pasted(event.clipboardData));
      pour(box, drain(box), store);
      changed();
    });
    return frame;
  }

  line(block, settings, name, path, tag, words) {
    const { store } = this;
    const box = h(`${tag}.ed-line`, { contenteditable: 'true', role: 'textbox', 'aria-label': words, 'data-empty': words, spellcheck: 'true' });
    box.textContent = settings[name] || '';
    const show = () => box.classList.toggle('is-empty', !box.textContent);
    show();
    box.addEventListener('keydown', (event) => { if (event.key === 'Enter') event.preventDefault(); });
    box.addEventListener('paste', (event) => {
      event.preventDefault();
      document.execCommand('insertText', false, event.clipboardData.getData('text/plain').replace(/\s+/g, ' '));
    });
    box.addEventListener('input', () => {
      show();
      const target = this.#settingsAt(block.id, path);
      store.change(() => { target[name] = box.textContent.replace(/\s+/g, ' ').trim(); }, { quiet: true, key: `${block.id}:${path}:${name}` });
    });
    return box;
  }

  picture(block, settings, path, extra = '') {
    const { store } = this;
    const w = store.words;
    const set = (picture) => {
      const target = this.#settingsAt(block.id, path);
      store.change(() => { target.src = picture.src; if (picture.alt && 'alt' in target) target.alt = picture.alt; });
    };
    const { src } = settings;
    if (src && (src.startsWith('/') || src.startsWith('data:'))) {
      return h(`button.ed-picture${extra}`, { type: 'button', title: w.choose, 'aria-label': `${w.choose}: ${settings.alt || ''}`, onclick: () => choosePicture(store, set) }, h('img', { src, alt: settings.alt || '' }));
    }
    return h(`button.ed-picture.ed-picture-empty${extra}`, { type: 'button', onclick: () => choosePicture(store, set) }, icon('photo'), h('span', {}, src ? `${w.remoteImage} ${src}` : w.emptyImage));
  }

  async insertPicture(file, after) {
    const picture = await upload(this.store, file);
    if (!picture) return;
    const target = this.store.find(after);
    if (target?.type === 'image' && !target.settings.src) {
      this.store.change(() => { Object.assign(target.settings, { src: picture.src, alt: picture.alt }); });
      return;
    }
    const block = newBlock(this.store, 'image');
    Object.assign(block.settings, { src: picture.src, alt: picture.alt });
    addBlock(this.store, block, this.store.place(after) >= 0 ? after : null);
  }

  #settingsAt(id, path) {
    const { settings } = this.store.find(id);
    return path === '' ? settings : settings.items[Number(path)];
  }

  #keys() {
    this.element.addEventListener('keydown', (event) => {
      const id = event.target.closest('.ed-block')?.dataset.block;
      if (!id) return;
      if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
        event.preventDefault();
        moveBlock(this.store, id, event.key === 'ArrowUp' ? -1 : 1);
        return;
      }
      if (event.target !== event.target.closest('.ed-block')) return;
      if (event.key === 'Delete' || event.key === 'Backspace') { event.preventDefault(); deleteBlock(this.store, id); }
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault();
        const next = this.store.blocks[this.store.place(id) + (event.key === 'ArrowDown' ? 1 : -1)];
        if (next) focusBlock(this.store, next.id);
      }
      if (event.key === 'Enter') { event.preventDefault(); event.target.querySelector('[contenteditable=true], .ed-picture')?.focus(); }
    });
    this.element.addEventListener('paste', (event) => {
      const file = pictureIn(event.clipboardData);
      if (!file || event.defaultPrevented) return;
      event.preventDefault();
      this.insertPicture(file, this.store.selected);
    });
  }

  #drops() {
    const line = h('div.ed-drop-line');
    const blockUnder = (event) => event.target.closest?.('.ed-block');
    this.element.addEventListener('dragover', (event) => {
      event.preventDefault();
      const block = blockUnder(event);
      if (!block || block.parentElement !== this.element) return;
      const half = block.getBoundingClientRect();
      if (event.clientY < half.top + half.height / 2) block.before(line); else block.after(line);
    });
    this.element.addEventListener('dragend', () => line.remove());
    this.element.addEventListener('dragleave', (event) => { if (!this.element.contains(event.relatedTarget)) line.remove(); });
    this.element.addEventListener('drop', (event) => {
      event.preventDefault();
      const blocks = [...this.element.children].filter((child) => child === line || child.matches('.ed-block'));
      const at = blocks.indexOf(line);
      line.remove();
      const id = event.dataTransfer.getData('application/x-sincerely-block');
      if (id) {
        if (at >= 0) moveTo(this.store, id, at > this.store.place(id) ? at - 1 : at);
        return;
      }
      const file = pictureIn(event.dataTransfer);
      if (file) this.insertPicture(file, at > 0 ? blocks[at - 1].dataset.block : this.store.selected);
    });
  }
}

const button = (canvas, block, settings, path, kind = 'filled') => h(`span.ed-button.ed-button-${kind}`, {}, canvas.line(block, settings, 'label', path, 'span', canvas.store.words.button));

const DRAWN = {
  header: (canvas, block) => {
    const { brand } = canvas.store.setup;
    const mark = brand.logo && block.settings.show === 'logo' ? h('img.ed-logo', { src: brand.logo, alt: brand.name }) : h('p.ed-brand', {}, brand.name);
    return [mark, canvas.line(block, block.settings, 'line', '', 'p', '')];
  },
  text: (canvas, block) => canvas.rich(block, block.settings, 'html', ''),
  image: (canvas, block) => canvas.picture(block, block.settings, '', `.ed-width-${block.settings.width}`),
  button: (canvas, block) => button(canvas, block, block.settings, '', block.settings.style),
  confirm: (canvas, block) => [canvas.rich(block, block.settings, 'html', ''), button(canvas, block, block.settings, '')],
  reply: (canvas, block) => [
    block.settings.src ? canvas.picture(block, block.settings, '', '.ed-portrait') : null,
    canvas.rich(block, block.settings, 'html', ''),
    canvas.line(block, block.settings, 'name', '', 'strong', fieldWords(canvas, block, 'name')),
  ],
  product: (canvas, block) => h(`div.ed-product.ed-product-${block.settings.layout}`, {},
    canvas.picture(block, block.settings, ''),
    h('div', {},
      canvas.line(block, block.settings, 'name', '', 'h3', fieldWords(canvas, block, 'name')),
      canvas.rich(block, block.settings, 'html', ''),
      canvas.line(block, block.settings, 'price', '', 'p', fieldWords(canvas, block, 'price')),
      button(canvas, block, block.settings, ''))),
  columns: (canvas, block) => h(`div.ed-columns.ed-columns-${block.settings.items.length}`, {}, block.settings.items.map((item, place) => h('div.ed-column', {},
    canvas.picture(block, item, String(place)), canvas.rich(block, item, 'html', String(place)), button(canvas, block, item, String(place), 'outline')))),
  divider: (canvas, block) => h(`hr.ed-divider-${block.settings.style}`),
  spacer: (canvas, block) => h(`div.ed-spacer.ed-spacer-${block.settings.height}`),
  social: (canvas, block) => h('p.ed-social', {}, block.settings.items.map((item, place) => [place ? ' · ' : '', h('span', {}, networkWords(canvas, item.network))])),
  source: (canvas, block) => h('pre.ed-source', {}, block.settings.code.slice(0, 600) || '</>'),
  footer: (canvas, block) => {
    const { brand, words } = canvas.store.setup;
    return [
      h('p', {}, block.settings.why || brand.footer.why),
      h('p', {}, h('u', {}, brand.footer.preferences), ' · ', h('u', {}, brand.footer.unsubscribe)),
      h('p', {}, [brand.name, brand.postalAddress].filter(Boolean).join(', ')),
      h('p.ed-locked', {}, icon('lock'), words.locked),
    ];
  },
};

function fieldWords(canvas, block, name) {
  return canvas.store.kinds.get(block.type).fields.find((field) => field.name === name)?.label || '';
}

function networkWords(canvas, network) {
  const items = canvas.store.kinds.get('social').fields.find((field) => field.name === 'items');
  return items.fields.find((field) => field.name === 'network').choices.find(([value]) => value === network)?.[1] || network;
}
