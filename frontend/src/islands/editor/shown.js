// 'Shown to …': a short rule in the segments' language, and what everybody else sees.

import { ask, button, field, h, icon, iconButton, select } from './dom.js';
import { newBlock } from './moves.js';

const SORTS = ['has_label', 'has_not_label', 'clicked', 'list', 'segment', 'field'];

function sortOf(node) {
  const has = (...keys) => Object.keys(node).every((key) => ['criterion', ...keys].includes(key));
  if (node.criterion === 'label' && has('test', 'label')) return node.test === 'has_not' ? 'has_not_label' : 'has_label';
  if (node.criterion === 'label_clicks' && has('label', 'at_least')) return 'clicked';
  if (node.criterion === 'list' && has('test', 'list') && node.test === 'on') return 'list';
  if (node.criterion === 'segment' && has('test', 'segment') && node.test === 'in') return 'segment';
  if (node.criterion === 'field' && has('field', 'test', 'value') && node.test === 'is') return 'field';
  return '';
}

/** Read a rule as { joined, conditions }, or null where it says more than this form can. */
function read(rule) {
  const joined = ['all', 'any'].find((key) => Array.isArray(rule[key]) && Object.keys(rule).length === 1);
  if (!joined || !rule[joined].every((node) => sortOf(node))) return null;
  return { joined, conditions: rule[joined] };
}

function fresh(sort, store) {
  const { labels, lists, segments } = store.setup.choices;
  const label = labels[0]?.id ?? 0;
  return {
    has_label: () => ({ criterion: 'label', test: 'has', label }),
    has_not_label: () => ({ criterion: 'label', test: 'has_not', label }),
    clicked: () => ({ criterion: 'label_clicks', label, at_least: 2 }),
    list: () => ({ criterion: 'list', test: 'on', list: lists[0]?.id ?? 0 }),
    segment: () => ({ criterion: 'segment', test: 'in', segment: segments[0]?.id ?? 0 }),
    field: () => ({ criterion: 'field', field: fieldsOf(store)[0][0], test: 'is', value: '' }),
  }[sort]();
}

const fieldsOf = (store) => [...store.setup.standard.filter((one) => one.key !== 'email'), ...store.setup.choices.fields].map((one) => [one.key, one.name]);

export function shownTo(store, block) {
  const w = store.words;
  const set = (act, extra) => store.change(() => act(store.find(block.id)), extra);
  const who = select([['', w.everybody], ['some', w.some]], block.shown_to ? 'some' : '', (value) => set((one) => {
    if (!value) { delete one.shown_to; delete one.otherwise; return; }
    one.shown_to = { all: [fresh(store.setup.choices.labels.length ? 'has_label' : 'field', store)] };
  }));
  const parts = [field(w.shownTo, who)];
  if (!block.shown_to) return h('fieldset.ed-group', {}, parts);
  const rule = read(block.shown_to);
  if (rule) parts.push(...conditions(store, block, rule, set));
  else parts.push(rawRule(store, block, set));
  parts.push(weighed(store, block.shown_to));
  const other = block.otherwise?.type || '';
  const kinds = [...store.kinds.values()].filter((kind) => !kind.isLocked && !['header', 'spacer'].includes(kind.type)).map((kind) => [kind.type, kind.name]);
  parts.push(field(w.others, select([['', w.nothing], ...kinds], other, (type) => set((one) => {
    if (!type) delete one.otherwise;
    else one.otherwise = { ...newBlock(store, type), id: `${one.id}-else` };
  }))));
  return h('fieldset.ed-group', {}, parts);
}

const weights = new Map(); // what was answered, by rule: drawing anew asks nothing again
let asked = 0;

/** A line under the rule: how many people it fits now, in which words, or what is wrong with it. */
function weighed(store, rule) {
  const key = JSON.stringify(rule);
  const line = h('p.ed-weight', { 'aria-live': 'polite' });
  if (weights.has(key)) show(line, weights.get(key), store.words);
  else {
    line.textContent = store.words.weighing;
    clearTimeout(asked);
    asked = setTimeout(() => weigh(store, key, line), 300);
  }
  return line;
}

async function weigh(store, key, line) {
  const { ok, body } = await ask(store.setup.urls.weigh, { method: 'POST', json: JSON.parse(key) }).catch(() => ({}));
  if (!ok) { line.textContent = ''; return; }
  weights.set(key, body);
  setTimeout(() => weights.delete(key), 60_000); // people come and go
  show(line, body, store.words);
}

function show(line, { count, sentence, problems }, words) {
  line.classList.toggle('is-wrong', problems.length > 0);
  if (problems.length) line.replaceChildren(icon('alert-triangle'), problems.join(' '));
  else line.replaceChildren(h('strong', {}, `${count.toLocaleString(document.documentElement.lang)} ${words.people}`), ` ${sentence}`);
}

function conditions(store, block, { joined, conditions: nodes }, set) {
  const w = store.words;
  const sorts = SORTS.map((sort) => [sort, {
    has_label: w.hasLabel, has_not_label: w.hasNotLabel, clicked: w.clicked, list: w.onList, segment: w.inSegment, field: w.fieldIs,
  }[sort]]);
  const rows = nodes.map((node, place) => {
    const change = (values, extra) => set((one) => Object.assign(one.shown_to[joined][place], values), extra);
    return h('div.ed-condition', {},
      select(sorts, sortOf(node), (sort) => set((one) => { one.shown_to[joined][place] = fresh(sort, store); }), { 'aria-label': w.shownTo }),
      ...inputs(store, node, change),
      iconButton('x', w.remove, () => set((one) => {
        one.shown_to[joined].splice(place, 1);
        if (!one.shown_to[joined].length) { delete one.shown_to; delete one.otherwise; }
      })));
  });
  return [
    nodes.length > 1 ? select([['all', w.allOf], ['any', w.anyOf]], joined, (value) => set((one) => { one.shown_to = { [value]: nodes }; }), { 'aria-label': w.shownTo }) : null,
    ...rows,
    button(w.addCondition, () => set((one) => one.shown_to[joined].push(fresh('has_label', store))), { iconName: 'plus' }),
  ];
}

function inputs(store, node, change) {
  const w = store.words;
  const { labels, lists, segments } = store.setup.choices;
  const from = (rows, key) => select(rows.map((row) => [row.id, row.name]), node[key], (value) => change({ [key]: Number(value) }), { 'aria-label': w.label });
  const sort = sortOf(node);
  if (sort === 'list') return [from(lists, 'list')];
  if (sort === 'segment') return [from(segments, 'segment')];
  if (sort === 'field') {
    const value = h('input.form-control', { type: 'text', value: node.value ?? '', 'aria-label': w.equals, onchange: (event) => change({ value: typed(store, node.field, event.target.value) }) });
    return [select(fieldsOf(store), node.field, (key) => change({ field: key, value: '' }), { 'aria-label': w.fieldIs }), value];
  }
  if (sort !== 'clicked') return [from(labels, 'label')];
  const times = h('input.form-control.ed-number', { type: 'number', min: '0', value: String(node.at_least ?? 1), 'aria-label': w.times, onchange: (event) => change({ at_least: Math.max(0, Number(event.target.value)) }) });
  return [from(labels, 'label'), times, h('span', {}, w.times)];
}

function typed(store, key, value) {
  const kind = store.setup.choices.fields.find((one) => one.key === key)?.kind;
  return kind === 'number' && value !== '' && !Number.isNaN(Number(value)) ? Number(value) : value;
}

function rawRule(store, block, set) {
  const area = h('textarea.form-control', { rows: '6', spellcheck: 'false' }, JSON.stringify(block.shown_to, null, 1));
  area.addEventListener('change', () => {
    try {
      const rule = JSON.parse(area.value);
      area.setCustomValidity('');
      set((one) => { one.shown_to = rule; });
    } catch (problem) {
      area.setCustomValidity(problem.message);
      area.reportValidity();
    }
  });
  return field(store.words.ownRule, area);
}
