/**
 * A long column of blocks of which only those near the visible part hold anything: a document of ten million characters
 * scrolls as one of a thousand. `estimate(index, width)` guesses a block's height in pixels, `fill(index, node)` makes what it holds;
 * `onMoved()` is called after guesses gave way to real heights, which moves what comes after.
 */
export class LazyBlocks {
  #column;
  #nodes = [];
  #filled = new Set();
  #estimate;
  #fill;
  #seen;
  #resized;
  #width = 0;

  constructor(scroller, column, count, estimate, fill, onMoved = () => {}) {
    this.#column = column;
    this.#estimate = estimate;
    this.#fill = fill;
    column.replaceChildren();
    for (let index = 0; index < count; index++) {
      const node = document.createElement('div');
      node.className = 'block';
      node.lazyIndex = index;
      this.#nodes.push(node);
    }
    this.#measure();
    column.append(...this.#nodes);
    const toggle = (entries) => {
      for (const entry of entries) this.#toggle(entry);
      onMoved();
    };
    this.#seen = new IntersectionObserver(toggle, { root: scroller, rootMargin: '1200px 0px' });
    for (const node of this.#nodes) this.#seen.observe(node);
    this.#resized = new ResizeObserver(() => {
      this.#measure();
      onMoved();
    });
    this.#resized.observe(column);
  }

  /** The block, filled and laid out. */
  show(index) {
    const node = this.#nodes[index];
    if (!this.#filled.has(node)) this.#put(node);
    return node;
  }

  /** Makes what is visible anew. */
  refresh() {
    for (const node of this.#filled) this.#fill(node.lazyIndex, node);
  }

  destroy() {
    this.#seen.disconnect();
    this.#resized.disconnect();
    this.#column.replaceChildren();
  }

  #toggle({ target, isIntersecting }) {
    if (isIntersecting && !this.#filled.has(target)) this.#put(target);
    else if (!isIntersecting && this.#filled.has(target)) this.#take(target);
  }

  #put(node) {
    this.#filled.add(node);
    node.style.height = '';
    this.#fill(node.lazyIndex, node);
  }

  #take(node) {
    node.style.height = `${node.offsetHeight}px`;
    this.#filled.delete(node);
    node.replaceChildren();
  }

  #measure() {
    const width = this.#column.clientWidth;
    if (width === this.#width) return;
    this.#width = width;
    for (const node of this.#nodes) {
      if (!this.#filled.has(node)) node.style.height = `${this.#estimate(node.lazyIndex, width)}px`;
    }
  }
}
