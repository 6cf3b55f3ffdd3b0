/** The chunks and pages of one text, in UTF-16 units, and which of them are where. */
export class ChunkMarks {
  chunks = [];
  #order = [];
  #furthest = [];
  #pages;

  /** `pageStarts` in units, ascending; page n is at index n-1. */
  constructor(pageStarts = []) {
    this.#pages = pageStarts;
  }

  /** `start` and `end` in units; more may come later. */
  add(chunks) {
    this.chunks.push(...chunks);
    this.#order = this.chunks.map((_, index) => index).sort((a, b) => this.chunks[a].start - this.chunks[b].start);
    let furthest = 0;
    this.#furthest = this.#order.map((index) => (furthest = Math.max(furthest, this.chunks[index].end)));
  }

  /** The pages that start right there, as numbers; a page without text starts where the next one does. */
  pagesAt(unit) {
    const pages = [];
    for (let at = firstOver(this.#pages, unit - 1); this.#pages[at] === unit; at++) pages.push(at + 1);
    return pages;
  }

  /** The pages that begin in `[from, to)`. */
  pagesIn(from, to) {
    const pages = [];
    for (let at = firstOver(this.#pages, from - 1); this.#pages[at] < to; at++) pages.push(at + 1);
    return pages;
  }

  /**
   * Cuts `[from, to)` wherever a page or a chunk starts or ends.
   * A piece is `{start, end, chunks}`: the indices of all chunks that cover it.
   */
  pieces(from, to) {
    const here = [];
    for (let at = firstOver(this.#furthest, from); at < this.#order.length; at++) {
      const index = this.#order[at];
      const chunk = this.chunks[index];
      if (chunk.start >= to) break;
      if (chunk.end > from) here.push(index);
    }

    const cuts = new Set([from, to]);
    for (let at = firstOver(this.#pages, from); this.#pages[at] < to; at++) cuts.add(this.#pages[at]);
    for (const index of here) {
      cuts.add(Math.max(from, this.chunks[index].start));
      cuts.add(Math.min(to, this.chunks[index].end));
    }

    const pieces = [];
    const places = [...cuts].sort((a, b) => a - b);
    let active = [];
    let next = 0;
    for (let at = 0; at + 1 < places.length; at++) {
      const start = places[at];
      while (next < here.length && this.chunks[here[next]].start <= start) active.push(here[next++]);
      active = active.filter((index) => this.chunks[index].end > start);
      pieces.push({ start, end: places[at + 1], chunks: active.toSorted((a, b) => a - b) });
    }
    return pieces;
  }
}

// Where in an ascending list the first number over the limit is.
function firstOver(list, limit) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
