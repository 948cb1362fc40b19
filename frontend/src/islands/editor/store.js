// The state of the mail, undo and redo, and autosave. One object; the views listen.

import { ask } from './dom.js';

const SAVE_AFTER = 900;
const RETRY_AFTER = 4000;
const MOST_STEPS = 150;
const JOIN_WITHIN = 1200;

export class Store extends EventTarget {
  constructor(setup) {
    super();
    this.setup = setup;
    this.words = setup.words;
    this.state = setup.state;
    this.revision = setup.revision;
    this.problems = setup.problems || [];
    this.kinds = new Map(setup.kinds.map((kind) => [kind.type, kind]));
    this.selected = null;
    this.past = [];
    this.future = [];
    this.saved = JSON.stringify(this.state);
    this.status = 'saved';
    this.lastKey = '';
    this.lastAt = 0;
    this.timer = 0;
    this.isSaving = false;
  }

  get blocks() { return this.state.document.blocks; }
  find(id) { return this.walk().find((block) => block.id === id); }
  place(id) { return this.blocks.findIndex((block) => block.id === id); }
  walk() { return this.blocks.flatMap((block) => (block.otherwise ? [block, block.otherwise] : [block])); }
  freshId() {
    const taken = new Set(this.walk().map((block) => block.id));
    let number = taken.size + 1;
    while (taken.has(`b${number}`)) number += 1;
    return `b${number}`;
  }

  /** Change the state. `key` joins fast typing into one step of undo; `quiet` draws nothing anew. */
  change(act, { key = '', quiet = false } = {}) {
    const before = JSON.stringify(this.state);
    act(this.state);
    if (JSON.stringify(this.state) === before) return;
    const now = Date.now();
    const joins = key && key === this.lastKey && now - this.lastAt < JOIN_WITHIN;
    if (!joins) this.past.push(before);
    if (this.past.length > MOST_STEPS) this.past.shift();
    this.future = [];
    this.lastKey = key;
    this.lastAt = now;
    this.#changed(quiet);
  }

  undo() { return this.#step(this.past, this.future); }
  redo() { return this.#step(this.future, this.past); }
  #step(from, to) {
    if (!from.length) return false;
    to.push(JSON.stringify(this.state));
    this.state = JSON.parse(from.pop());
    this.lastKey = '';
    this.#changed(false);
    return true;
  }

  /** Put another state in place (a version, somebody else's): it can be undone. */
  adopt(state, revision) {
    this.past.push(JSON.stringify(this.state));
    const kept = { ...this.state };
    for (const field of Object.keys(kept)) if (field in state) kept[field] = state[field];
    this.state = kept;
    this.revision = revision;
    this.saved = JSON.stringify(this.state);
    this.#status('saved');
    this.emit('drawn');
  }

  select(id) {
    if (this.selected === id) return;
    this.selected = id;
    this.emit('selected');
  }

  emit(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
  say(words) { this.emit('said', words); }

  #changed(quiet) {
    this.#status('unsaved');
    this.emit(quiet ? 'typed' : 'drawn');
    this.saveSoon();
  }

  #status(status, words = '') {
    this.status = status;
    this.statusWords = words;
    this.emit('status');
  }

  saveSoon(after = SAVE_AFTER) {
    if (this.status === 'conflict') return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), after);
  }

  get isClean() { return JSON.stringify(this.state) === this.saved; }

  async save({ isLast = false } = {}) {
    clearTimeout(this.timer);
    if (this.isSaving) { this.wantsSave = true; return; }
    if (this.status === 'conflict' || this.isClean) return;
    const sent = JSON.stringify(this.state);
    const before = JSON.parse(this.saved);
    const changes = Object.fromEntries(
      Object.entries(this.state).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field])),
    );
    this.isSaving = true;
    if (!isLast) this.#status('saving');
    try {
      const answer = await ask(this.setup.urls.save, { method: 'PUT', json: { revision: this.revision, changes } });
      this.#answered(answer, sent);
    } catch {
      this.#status('offline');
      this.saveSoon(RETRY_AFTER);
    } finally {
      this.isSaving = false;
      if (this.wantsSave) { this.wantsSave = false; this.saveSoon(0); }
    }
  }

  #answered({ ok, status, body }, sent) {
    if (ok) {
      this.revision = body.revision;
      this.saved = sent;
      this.problems = body.problems || [];
      this.#status(this.isClean ? 'saved' : 'unsaved', body.at);
      if (!this.isClean) this.saveSoon();
      this.emit('saved');
    } else if (status === 409) {
      this.theirs = body;
      this.#status('conflict', body.message);
    } else if (status === 422) {
      this.#status('refused', (body.problems || []).map((problem) => problem.message).join(' '));
    } else {
      this.#status('offline');
      this.saveSoon(RETRY_AFTER);
    }
  }

  /** Settle a conflict: show theirs (ours can be undone to), or put ours on top of theirs. */
  settle(takeTheirs) {
    const theirs = this.theirs;
    this.theirs = null;
    if (takeTheirs) { this.adopt(theirs.state, theirs.revision); return; }
    this.revision = theirs.revision;
    this.saved = JSON.stringify(theirs.state);
    this.#status('unsaved');
    this.saveSoon(0);
  }
}
