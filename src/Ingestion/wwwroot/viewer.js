import { deleteDocument, getContent, getDocument, listChunks } from './api.js';
import { announce, button, count, el, facts, fill, notice, time } from './dom.js';
import { bind, t } from './i18n.js';
import { CodePoints } from './codepoints.js';
import { ChunkMarks } from './marks.js';
import { ExactText, ReadingText } from './text-views.js';
import { pageRange } from './plan.js';

const CHUNKS_AT_ONCE = 100;
const SAID = 160;

/** One document: its text with the chunks marked on it, what is known of it, and of the chunk that is picked. */
export class Viewer {
  #section = document.getElementById('viewer');
  #scroller = document.getElementById('viewer-text');
  #number = document.getElementById('chunk-number');
  #progress = document.getElementById('viewer-progress');
  #place = null;
  #text = '';
  #points = null;
  #marks = new ChunkMarks();
  #view = null;
  #current = -1;
  #loading = null;
  #wanted = null;
  #complete = false;
  #document = null;
  #onDeleted;

  constructor({ onDeleted }) {
    this.#onDeleted = onDeleted;
    document.getElementById('chunk-previous').addEventListener('click', () => this.#step(-1));
    document.getElementById('chunk-next').addEventListener('click', () => this.#step(1));
    document.getElementById('viewer-delete').addEventListener('click', () => this.#confirmDelete());
    this.#number.addEventListener('change', () => this.#pick(Number(this.#number.value) - 1, { bring: true }));
    for (const radio of document.querySelectorAll('[name=view]')) radio.addEventListener('change', () => this.#show());
    this.#scroller.addEventListener('click', (event) => this.#clicked(event));
    this.#scroller.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#step(step);
    });
  }

  /** `place` names tenant, collection and document, and may name the chunk to go to. */
  async open(place) {
    if (this.#place && ['tenant', 'collection', 'document'].every((part) => this.#place[part] === place[part])) {
      this.#wanted = place.chunk;
      this.#goToWanted();
      return;
    }
    this.close();
    this.#place = place;
    this.#wanted = place.chunk;
    const loading = (this.#loading = new AbortController());
    document.getElementById('viewer-title').textContent = place.document;
    fill(this.#progress, el('span', { t: 'viewer.loading' }));
    try {
      const [document, text] = await Promise.all([getDocument(place), getContent(place, loading.signal)]);
      if (loading.signal.aborted) return;
      this.#document = document;
      this.#text = text;
      this.#points = new CodePoints(text);
      this.#marks = new ChunkMarks(document.page_starts?.map((point) => this.#points.toUnits(point)));
      this.#describe();
      this.#show();
      await this.#loadChunks(place, loading.signal);
    } catch (error) {
      if (loading.signal.aborted) return;
      fill(this.#progress, el('span', { class: 'problem' }, error.message));
      announce(error.message);
    }
  }

  close() {
    this.#loading?.abort();
    this.#view?.destroy();
    this.#view = this.#place = this.#document = null;
    this.#text = '';
    this.#marks = new ChunkMarks();
    this.#current = -1;
    this.#complete = false;
    for (const id of ['viewer-progress', 'chunk-facts', 'document-facts']) document.getElementById(id).replaceChildren();
    this.#drawChunk();
  }

  async #loadChunks(place, signal) {
    let sound = true;
    for (let page = 1, total = 1; this.#marks.chunks.length < total; page++) {
      const answer = await listChunks(place, page, CHUNKS_AT_ONCE, signal);
      if (signal.aborted) return;
      total = answer.total;
      if (answer.chunks.length === 0) break;
      const added = answer.chunks.map((chunk) => ({
        ...chunk,
        start: this.#points.toUnits(chunk.start_char_idx),
        end: this.#points.toUnits(chunk.end_char_idx),
      }));
      sound &&= added.every((chunk) => this.#text.startsWith(chunk.text, chunk.start) && chunk.text.length === chunk.end - chunk.start);
      this.#marks.add(added);
      this.#view.refresh();
      fill(
        this.#progress,
        this.#marks.chunks.length < total && el('span', { t: 'viewer.loading.chunks', params: { n: this.#marks.chunks.length, total } }),
      );
      this.#drawChunk();
      this.#goToWanted();
    }
    this.#complete = true;
    this.#goToWanted();
    if (this.#marks.chunks.length === 0) fill(this.#progress, el('span', { t: 'viewer.none' }));
    if (!sound) notice(t('viewer.changed'), { bad: true });
  }

  // The chunk that a search result asked for, once it is there or known not to be.
  #goToWanted() {
    if (!this.#wanted) return;
    const index = this.#marks.chunks.findIndex((chunk) => chunk.chunk_id === this.#wanted);
    if (index < 0 && !this.#complete) return;
    this.#wanted = null;
    if (index < 0) return notice(t('viewer.missing'), { bad: true });
    this.#pick(index, { bring: true });
    this.#scroller.focus({ preventScroll: true });
  }

  #show() {
    if (!this.#text) return;
    this.#view?.destroy();
    const View = document.querySelector('[name=view]:checked').value === 'reading' ? ReadingText : ExactText;
    this.#view = new View(this.#scroller, document.getElementById('viewer-column'), this.#text, this.#marks);
    if (this.#current < 0) this.#scroller.scrollTop = 0;
    else this.#view.pick(this.#current, true);
  }

  #step(by) {
    const next = this.#current < 0 ? 0 : this.#current + by;
    if (next >= 0 && next < this.#marks.chunks.length) this.#pick(next, { bring: true });
  }

  // Where chunks overlap, each click goes on to the next of them.
  #clicked(event) {
    const here = event.target.closest('[data-chunks]')?.dataset.chunks.split(' ').map(Number);
    if (!here || String(getSelection()) !== '') return;
    this.#pick(here[(here.indexOf(this.#current) + 1) % here.length]);
  }

  #pick(index, { bring = false } = {}) {
    const chunk = this.#marks.chunks[index];
    if (!chunk) return this.#drawChunk();
    this.#current = index;
    this.#view.pick(index, bring);
    this.#drawChunk();
    announce(
      t('viewer.said', { index: index + 1, total: this.#marks.chunks.length, tokens: chunk.token_count, text: chunk.text.slice(0, SAID) }),
    );
  }

  #drawChunk() {
    const { chunks } = this.#marks;
    const index = this.#current;
    const chunk = chunks[index];
    this.#number.value = chunk ? index + 1 : '';
    this.#number.max = chunks.length;
    this.#number.disabled = chunks.length === 0;
    bind(document.getElementById('chunk-total'), 'viewer.of', { n: chunks.length });
    document.getElementById('chunk-previous').disabled = index <= 0;
    document.getElementById('chunk-next').disabled = chunks.length === 0 || index === chunks.length - 1;
    document.getElementById('chunk-hint').hidden = Boolean(chunk) || chunks.length === 0;
    if (!chunk) return;

    const shared = (one, other) => (one && other ? Math.max(0, one.end_char_idx - other.start_char_idx) : 0);
    const before = shared(chunks[index - 1], chunk);
    const after = shared(chunk, chunks[index + 1]);
    fill(
      document.getElementById('chunk-facts'),
      facts([
        ['chunk.tokens', count(chunk.token_count)],
        ['chunk.pages', chunk.page_start > 0 && pageRange(chunk)],
        ['chunk.headings', chunk.heading_path?.length > 0 && chunk.heading_path.join(' › ')],
        ['chunk.range', [count(chunk.start_char_idx), ' – ', count(chunk.end_char_idx)]],
        ['chunk.before', before > 0 && el('span', { t: 'fact.characters', params: { n: before } })],
        ['chunk.after', after > 0 && el('span', { t: 'fact.characters', params: { n: after } })],
        ['chunk.id', el('code', {}, chunk.chunk_id)],
      ]),
    );
  }

  #describe() {
    const it = this.#document;
    document.getElementById('viewer-title').textContent = it.title || it.document_id;
    fill(
      document.getElementById('document-facts'),
      facts([
        ['document.description', it.description],
        ['document.chunks', count(it.chunk_count)],
        ['document.tokens', it.token_count > 0 && count(it.token_count)],
        ['document.pages', it.page_count > 0 && count(it.page_count)],
        ['document.version', count(it.version)],
        ['document.source', sourceFacts(it.source)],
        ['document.language', it.language],
        ['document.model', it.model && [it.model, it.dimension > 0 && [' · ', count(it.dimension)]]],
        ['document.tags', it.tags?.length > 0 && it.tags.map((tag) => el('span', { class: 'tag' }, tag))],
        ['document.created', time(it.created_at)],
        ['document.updated', time(it.updated_at)],
        ['document.metadata', filled(it.metadata) && el('code', {}, JSON.stringify(it.metadata, null, 1))],
        [
          'document.warnings',
          it.warnings?.length > 0 &&
            el(
              'ul',
              { class: 'warnings' },
              it.warnings.map((warning) => el('li', {}, warning)),
            ),
        ],
        ['document.id', el('code', {}, it.document_id)],
      ]),
    );
  }

  #confirmDelete() {
    if (!this.#document) return;
    const place = this.#place;
    const it = this.#document;
    const name = it.title || it.document_id;
    const dialog = document.getElementById('confirm');
    const remove = async () => {
      dialog.close();
      try {
        const { removed } = await deleteDocument(place);
        notice(t('delete.done', { name, ...removed }));
        this.#onDeleted();
      } catch (error) {
        notice(error.message, { bad: true });
      }
    };
    fill(
      dialog,
      el('h2', { id: 'confirm-title', t: 'delete.title' }),
      el('p', { t: 'delete.counts', params: { name, n: it.chunk_count } }),
      el(
        'div',
        { class: 'buttons' },
        button('delete.keep', () => dialog.close(), { autofocus: true }),
        button('delete.confirm', remove, { kind: 'danger' }),
      ),
    );
    dialog.showModal();
  }
}

const filled = (object) => object && Object.keys(object).length > 0;

function sourceFacts({ kind, file_name: file, url, media_type: type, size }) {
  const bytes = size > 0 && el('span', { t: 'plain.size', params: { size: { bytes: size } } });
  return el(
    'span',
    { class: 'facts plain' },
    file || url ? el('span', { class: 'name' }, file ?? url) : el('span', { t: `source.${kind}` }),
    type && el('span', {}, type),
    bytes,
  );
}
