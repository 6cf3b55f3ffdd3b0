import { el } from './dom.js';

const LONGEST_PART = 8000;
const ROWS_TOGETHER = 60;

// Each of these reads a line once, whatever is in it: documents are not ours.
const HEADING = /^ {0,3}(#{1,6})\s+(?=\S)/;
const FENCE = /^\s*(```+|~~~+)/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const ROW = /^\s*\|.*\|\s*$/;
const RULE = /^\|?(\s*:?-+:?\s*\|)+\s*:?-*:?$/;
const QUOTE = /^\s*>\s?/;
const LINE = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;

/**
 * Cuts Markdown into parts that can each be shown alone: `{kind, start, end, …}`, offsets in UTF-16 units.
 * One pass over the lines; no part is long, so a document without a single blank line is shown as quickly as another.
 */
export function parts(text) {
  const found = [];
  let open = null;
  let fence = null;
  for (let start = 0; start < text.length;) {
    const stop = text.indexOf('\n', start);
    const end = stop < 0 ? text.length : stop + 1;
    const line = text.slice(start, Math.min(stop < 0 ? end : stop, start + LONGEST_PART));
    const mark = FENCE.exec(line)?.[1];
    if (fence ? mark?.startsWith(fence) : mark) {
      fence = fence ? null : mark;
      open = null;
    } else {
      const kind = fence ? 'code' : kindOf(line, open);
      if (kind === 'blank') open = null;
      else if (goesOn(open, kind, end)) {
        open.end = end;
        open.lines++;
      } else open = addPart(found, kind, text, start, end, open);
    }
    start = end;
  }
  return found;
}

/** The nodes of one part. Nothing of the document becomes markup: every text is a text node, links and images are words. */
export function render(text, part) {
  const source = text.slice(part.start, part.end);
  const lines = source.split('\n');
  switch (part.kind) {
    case 'heading': {
      const [start, marks] = HEADING.exec(lines[0]);
      return el(
        'p',
        { class: `heading level-${marks.length}`, role: 'heading', 'aria-level': marks.length },
        inline(withoutClosing(lines[0].slice(start.length))),
      );
    }
    case 'code':
      return el('pre', {}, el('code', {}, source));
    case 'table':
      return table(lines, part.head && text.slice(part.head.start, part.head.end).split('\n', 1)[0]);
    case 'item':
      return el('div', { role: 'list' }, lines.filter(Boolean).map(item));
    case 'quote':
      return el('blockquote', {}, inline(lines.map((line) => line.replace(QUOTE, '')).join(' ')));
    case 'line':
      return el('hr');
    default:
      return el('p', {}, inline(source.trim()));
  }
}

function kindOf(line, open) {
  if (line.trim() === '') return 'blank';
  if (HEADING.test(line)) return 'heading';
  if (ROW.test(line)) return 'table';
  if (LINE.test(line)) return 'line';
  if (ITEM.test(line)) return 'item';
  if (QUOTE.test(line)) return 'quote';
  return open?.kind === 'item' && /^\s/.test(line) ? 'item' : 'paragraph';
}

function goesOn(open, kind, end) {
  return open?.kind === kind && kind !== 'heading' && open.lines < limit(kind) && end - open.start < LONGEST_PART;
}

function addPart(found, kind, text, start, end, open) {
  // A table cut into several keeps its first row as the head of each.
  const head = kind === 'table' && open?.kind === 'table' ? (open.head ?? open) : null;
  for (let at = start, as = kind; at < end; as = 'paragraph') {
    let stop = Math.min(end, at + LONGEST_PART);
    if (stop < end && /[\udc00-\udfff]/.test(text[stop])) stop--;
    found.push({ kind: as, start: at, end: stop, lines: 1, head });
    at = stop;
  }
  return found.at(-1);
}

function withoutClosing(heading) {
  let end = heading.trimEnd().length;
  while (heading[end - 1] === '#') end--;
  return end > 0 && /\s/.test(heading[end - 1]) ? heading.slice(0, end).trimEnd() : heading.trimEnd();
}

const limit = (kind) => (kind === 'table' || kind === 'code' || kind === 'item' ? ROWS_TOGETHER : Infinity);

function table(lines, headLine) {
  const rows = lines.filter((line) => line.trim() !== '' && !RULE.test(line.trim())).map(cells);
  const head = headLine ? cells(headLine) : rows.shift();
  return el(
    'div',
    { class: 'table' },
    el(
      'table',
      {},
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          head?.map((cell) => el('th', { scope: 'col' }, inline(cell))),
        ),
      ),
      el(
        'tbody',
        {},
        rows.map((row) =>
          el(
            'tr',
            {},
            row.map((cell) => el('td', {}, inline(cell))),
          ),
        ),
      ),
    ),
  );
}

function cells(line) {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function item(line) {
  const match = ITEM.exec(line);
  if (!match) return el('div', { class: 'item-more' }, inline(line.trim()));
  const depth = Math.min(5, Math.floor(match[1].replaceAll('\t', '    ').length / 2));
  return el(
    'div',
    { class: `item depth-${depth}`, role: 'listitem' },
    el('span', { class: 'bullet' }, /\d/.test(match[2]) ? match[2] : '•'),
    el('span', {}, inline(match[3])),
  );
}

// Bounded repetitions keep this linear on a line of ten thousand stars.
const INLINE = new RegExp(
  [
    /\\(?<escaped>[\\`*_{}[\]()#+\-.!|<>~])/,
    /`(?<code>[^`\n]{1,500})`/,
    /(?<two>\*\*|__)(?=\S)(?<strong>[^*_\n]{1,500}?)\k<two>/,
    /(?<one>[*_])(?=\S)(?<emphasis>[^*_\n]{1,500}?)\k<one>(?!\w)/,
    /(?<image>!?)\[(?<words>[^\]\n]{0,500})\]\((?<target>[^()\s]{1,2000})(?:\s+"[^"\n]{0,300}")?\)/,
  ]
    .map((form) => form.source)
    .join('|'),
  'g',
);

function inline(source) {
  const nodes = [];
  let at = 0;
  for (const match of source.matchAll(INLINE)) {
    nodes.push(source.slice(at, match.index));
    at = match.index + match[0].length;
    const { escaped, code, strong, emphasis, image, words, target } = match.groups;
    if (escaped) nodes.push(escaped);
    else if (code) nodes.push(el('code', {}, code));
    else if (strong) nodes.push(el('strong', {}, strong));
    else if (emphasis) nodes.push(el('em', {}, emphasis));
    else nodes.push(el('span', { class: image ? 'image' : 'link', title: target }, words || target));
  }
  nodes.push(source.slice(at));
  return nodes;
}
