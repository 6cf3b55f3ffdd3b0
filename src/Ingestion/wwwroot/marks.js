/** The chunks of one text, in UTF-16 units, and which of them cover what. */
export class ChunkMarks {
  chunks = [];
  #order = [];
  #furthest = [];

  /** `start` and `end` in units; more may come later. */
  add(chunks) {
    this.chunks.push(...chunks);
    this.#order = this.chunks.map((_, index) => index).sort((a, b) => this.chunks[a].start - this.chunks[b].start);
    let furthest = 0;
    this.#furthest = this.#order.map((index) => (furthest = Math.max(furthest, this.chunks[index].end)));
  }

  /** Cuts `[from, to)` wherever a chunk starts or ends: `{start, end, chunks}`, the indices of all chunks that cover the piece. */
  pieces(from, to) {
    const here = [];
    for (let at = this.#firstEndingAfter(from); at < this.#order.length; at++) {
      const index = this.#order[at];
      const chunk = this.chunks[index];
      if (chunk.start >= to) break;
      if (chunk.end > from) here.push(index);
    }

    const cuts = new Set([from, to]);
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

  #firstEndingAfter(unit) {
    let low = 0;
    let high = this.#furthest.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#furthest[middle] > unit) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
