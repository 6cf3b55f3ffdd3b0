import { el, fill } from './dom.js';
import { LazyBlocks } from './lazy.js';
import { parts, render } from './reading.js';

const BLOCK = 4096;
const LINE_HEIGHT = 26;
const CHARACTER = 8;

// What both ways to show a text share: blocks made when they come near, one chunk picked, and bringing it into view.
class TextView {
  constructor(scroller, column, kind, text, marks, blocks) {
    this.scroller = scroller;
    this.text = text;
    this.marks = marks;
    this.blocks = blocks;
    this.current = -1;
    this.held = false;
    column.className = kind;
    this.column = column;
    this.lazy = new LazyBlocks(
      scroller,
      column,
      blocks.length,
      (index, width) => this.#guess(blocks[index], width),
      (index, node) => this.fill(blocks[index], node),
      () => this.held && this.#bring(),
    );
    this.listening = new AbortController();
    const release = () => (this.held = false);
    for (const event of ['wheel', 'touchmove', 'pointerdown', 'keydown'])
      scroller.addEventListener(event, release, { capture: true, passive: true, signal: this.listening.signal });
  }

  /** Marks a chunk as picked; `bring` scrolls to where it starts, and keeps it there until the user scrolls. */
  pick(index, bring) {
    this.current = index;
    this.held = bring;
    if (bring) this.lazy.show(this.#blockAt(this.marks.chunks[index].start));
    this.markCurrent();
    if (bring) this.#bring();
  }

  refresh() {
    this.lazy.refresh();
  }

  destroy() {
    this.listening.abort();
    this.lazy.destroy();
  }

  markCurrent() {
    for (const node of this.column.querySelectorAll('.current')) node.classList.remove('current');
    for (const node of this.currentNodes()) node.classList.add('current');
  }

  #bring() {
    const [first] = this.currentNodes();
    if (!first) return;
    const box = this.scroller.getBoundingClientRect();
    this.scroller.scrollTop += first.getBoundingClientRect().top - box.top - box.height / 5;
  }

  #blockAt(unit) {
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.blocks[middle].end > unit) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #guess({ start, end }, width) {
    const across = Math.max(20, width / CHARACTER);
    let lines = 0;
    for (const line of this.text.slice(start, end).split('\n')) lines += Math.max(1, Math.ceil(line.length / across));
    return lines * LINE_HEIGHT;
  }
}

/** The text to the letter, every chunk marked on it. */
export class ExactText extends TextView {
  constructor(scroller, column, text, marks) {
    super(scroller, column, 'exact', text, marks, cut(text));
  }

  fill({ start, end }, node) {
    fill(
      node,
      this.marks.pieces(start, end).map((piece) => [this.marks.pagesAt(piece.start).map(pageMark), this.#piece(piece)]),
    );
  }

  currentNodes() {
    return [...this.column.querySelectorAll('[data-chunks]')].filter((node) =>
      node.dataset.chunks.split(' ').includes(String(this.current)),
    );
  }

  #piece({ start, end, chunks }) {
    const words = this.text.slice(start, end);
    if (chunks.length === 0) return words;
    const first = chunks.filter((index) => this.marks.chunks[index].start === start);
    const look = chunks.length > 1 ? 'overlap' : chunks[0] % 2 === 0 ? 'even' : 'odd';
    return el(
      'span',
      { class: `chunk ${look}${chunks.includes(this.current) ? ' current' : ''}`, 'data-chunks': chunks.join(' ') },
      first.map(flag),
      words,
    );
  }
}

// Both are drawn by the style sheet from attributes, so that copied text is the document's and nothing else.
const flag = (index) => el('span', { class: 'flag', 'data-label': index + 1, 'aria-hidden': 'true' });
const pageMark = (page) =>
  el('span', { class: 'flag page', tAttrs: { 'data-label': 'viewer.page' }, params: { page: String(page) }, 'aria-hidden': 'true' });

const pageLine = (page) =>
  el('div', { class: 'page-line', role: 'separator', tAttrs: { 'aria-label': 'viewer.page' }, params: { page: String(page) } }, pageMark(page));

/** The text as it reads: headings, lists, tables, and a line before what begins on another page. */
export class ReadingText extends TextView {
  constructor(scroller, column, text, marks) {
    super(scroller, column, 'reading', text, marks, together(parts(text)));
  }

  fill(block, node) {
    fill(
      node,
      block.parts.map((part) => {
        const shown = render(this.text, part);
        shown.dataset.start = part.start;
        shown.dataset.end = part.end;
        return [this.marks.pagesIn(part.after, part.start + 1).map(pageLine), shown];
      }),
    );
    if (this.current >= 0) for (const shown of this.currentNodes(node)) shown.classList.add('current');
  }

  currentNodes(within = this.column) {
    const { start, end } = this.marks.chunks[this.current];
    return [...within.querySelectorAll('[data-start]')].filter(
      (node) => Number(node.dataset.start) < end && Number(node.dataset.end) > start,
    );
  }
}

function together(all) {
  const blocks = [];
  let after = 0;
  for (const part of all) {
    // A page that begins within a paragraph is marked behind it.
    part.after = after;
    after = part.start + 1;
    const last = blocks.at(-1);
    if (last && part.end - last.start <= BLOCK) {
      last.parts.push(part);
      last.end = part.end;
    } else blocks.push({ start: part.start, end: part.end, parts: [part] });
  }
  return blocks;
}

// Whole lines together, so that a block's end is a line's end; a line without end is cut at a space, or anywhere but within a pair.
function cut(text) {
  const blocks = [];
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + BLOCK);
    if (end < text.length) {
      const here = text.slice(start, end);
      const line = here.lastIndexOf('\n') + 1;
      const space = here.lastIndexOf(' ') + 1;
      if (line > 0) end = start + line;
      else if (space > 0) end = start + space;
      else if (/[\udc00-\udfff]/.test(text[end])) end--;
    }
    blocks.push({ start, end });
    start = end;
  }
  return blocks;
}
