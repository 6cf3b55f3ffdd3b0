import { listDocuments } from './api.js';
import { el, fill, notice, time } from './dom.js';
import { session } from './session.js';

const PAGE = 50;

/** The collection's documents. */
export class DocumentList {
  #list = document.getElementById('document-list');
  #none = document.getElementById('documents-none');
  #more = document.getElementById('documents-more');
  #total = document.getElementById('documents-total');
  #page = 0;
  #later = 0;
  #turn = 0;

  constructor() {
    document.getElementById('documents-refresh').addEventListener('click', () => this.load());
    this.#more.addEventListener('click', () => this.#next());
  }

  async load() {
    this.#page = 0;
    this.#turn++;
    await this.#next();
  }

  /** After what is going on has settled: many tasks that complete together are one reload. */
  loadSoon() {
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.load(), 300);
  }

  async #next() {
    const turn = this.#turn;
    let answer;
    try {
      answer = await listDocuments(this.#page + 1, PAGE);
    } catch (error) {
      if (turn === this.#turn) notice(error.message, { bad: true });
      return;
    }
    // Another collection, or a newer list of this one, is on its way.
    if (turn !== this.#turn) return;
    if (this.#page++ === 0) this.#list.replaceChildren();
    this.#list.append(...answer.documents.map(row));
    this.#none.hidden = this.#list.childElementCount > 0;
    this.#more.hidden = this.#page * PAGE >= answer.total;
    fill(this.#total, answer.total > 0 && el('span', { t: 'plain.number', params: { n: answer.total } }));
  }
}

function row(document) {
  const place = { tenant: session.tenant, collection: session.collection, document: document.document_id };
  return el(
    'li',
    {},
    el(
      'a',
      { class: 'row', href: documentHash(place) },
      el('span', { class: 'row-title' }, document.title || document.source.file_name || document.source.url || document.document_id),
      el(
        'span',
        { class: 'facts' },
        el('span', { t: 'fact.chunks', params: { n: document.chunk_count ?? 0 } }),
        document.page_count > 0 && el('span', { t: 'fact.pages', params: { n: document.page_count } }),
        document.version > 1 && el('span', { t: 'documents.version', params: { n: document.version } }),
        el('span', {}, time(document.updated_at ?? document.created_at)),
        document.tags?.map((tag) => el('span', { class: 'tag' }, tag)),
      ),
    ),
  );
}

/** The page's own address of a document, and of a chunk in it. */
export function documentHash({ tenant, collection, document, chunk }) {
  return `#/${['documents', tenant, collection, document, chunk].filter(Boolean).map(encodeURIComponent).join('/')}`;
}

/** The other way; null where the address names no document. */
export function documentPlace(hash) {
  const parts = hash.replace(/^#\//, '').split('/');
  if (parts[0] !== 'documents' || parts.length < 4) return null;
  try {
    const [, tenant, collection, document, chunk] = parts.map(decodeURIComponent);
    return { tenant, collection, document, chunk };
  } catch {
    return null;
  }
}
