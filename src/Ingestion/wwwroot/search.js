import { search } from './api.js';
import { announce, el, fill } from './dom.js';
import { t } from './i18n.js';
import { documentHash } from './documents.js';
import { session } from './session.js';

/** The search box; a result is a link to its chunk in its document. */
export class SearchBox {
  #form = document.getElementById('search');
  #results = document.getElementById('results');
  #clear = document.getElementById('search-clear');
  #running = null;

  constructor() {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#search();
    });
    for (const radio of this.#form.querySelectorAll('[name=mode]')) {
      radio.addEventListener('change', () => !this.#results.hidden && this.#search());
    }
    this.#clear.addEventListener('click', () => this.clear());
  }

  clear() {
    this.#running?.abort();
    this.#form.elements.query.value = '';
    this.#results.replaceChildren();
    this.#results.hidden = true;
    this.#clear.hidden = true;
  }

  async #search() {
    const query = this.#form.elements.query.value.trim();
    if (query === '') return this.clear();
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.#clear.hidden = false;
    try {
      const { data } = await search({ query, mode: this.#form.elements.mode.value, top_k: 10 }, running.signal);
      this.#show(query, data.documents);
    } catch (error) {
      if (running.signal.aborted) return;
      fill(this.#results, el('p', { class: 'problem' }, error.message));
      announce(error.message);
    }
    this.#results.hidden = false;
  }

  #show(query, found) {
    const words = found.length === 0 ? 'search.none' : 'search.found';
    const params = { n: found.length, query };
    fill(
      this.#results,
      el('p', { class: 'hint', t: words, params }),
      el(
        'ol',
        {},
        found.map((hit) => result(hit, query)),
      ),
    );
    announce(t(words, params));
  }
}

function result({ chunk_id: chunk, document_id: document, content, score, metadata }, query) {
  const place = { tenant: session.tenant, collection: session.collection, document, chunk };
  return el(
    'li',
    {},
    el(
      'a',
      { class: 'row', href: documentHash(place) },
      el('span', { class: 'row-title' }, metadata.title || document),
      el('span', { class: 'row-text' }, withMarks(content, query)),
      el(
        'span',
        { class: 'facts' },
        metadata.heading_path?.length > 0 && el('span', { class: 'name' }, metadata.heading_path.join(' › ')),
        metadata.page_start > 0 && el('span', { t: 'search.page', params: { page: String(metadata.page_start) } }),
        el('span', { t: 'search.score', params: { n: Number(score.toPrecision(3)) } }),
      ),
    ),
  );
}

// The query's words, marked where they stand in the chunk, with or without accents; the part around the first of them is shown.
function withMarks(content, query) {
  const words = query.match(/[\p{L}\p{N}]{2,}/gu) ?? [];
  if (words.length === 0) return [content];
  const any = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.map(anyAccent).join('|')})`, 'giu');
  const first = content.search(any);
  const from = first > 160 ? content.indexOf(' ', first - 100) + 1 : 0;
  const shown = content.slice(from);
  const parts = from > 0 ? ['… '] : [];
  let at = 0;
  for (const match of shown.matchAll(any)) {
    parts.push(shown.slice(at, match.index), el('mark', {}, match[0]));
    at = match.index + match[0].length;
  }
  parts.push(shown.slice(at));
  return parts;
}

const VOWELS = { a: 'aáàâäã', e: 'eéèêë', i: 'iíìîï', o: 'oóòôöõ', u: 'uúùûü', n: 'nñ', c: 'cç' };

function anyAccent(word) {
  return [...word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()]
    .map((letter) => (VOWELS[letter] ? `[${VOWELS[letter]}]` : letter))
    .join('');
}
