import { chosenFiles, droppedFiles, freeSlug, slug, uuid } from './files.js';
import { button, el, fill, notice } from './dom.js';
import { bind, t } from './i18n.js';
import { session } from './session.js';

const ROWS_SHOWN = 100;
const FIRST_WORDS = 40;

/** The form that gathers what to ingest. `onIngest` and `onPlan` are handed a list of submissions. */
export class UploadForm {
  #form = document.getElementById('add');
  #list = document.getElementById('staged');
  #staged = [];

  constructor({ onIngest, onPlan }) {
    const form = this.#form;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const submissions = this.#submissions();
      if (!submissions) return;
      onIngest(submissions);
      this.#clear();
    });
    document.getElementById('plan-button').addEventListener('click', () => {
      const submissions = this.#submissions();
      if (submissions) onPlan(submissions);
    });
    for (const radio of form.querySelectorAll('[name=kind]')) radio.addEventListener('change', () => this.#show());
    this.#choosers();
    this.#drops();
    this.#show();
  }

  get #kind() {
    return this.#form.elements.kind.value;
  }

  #choosers() {
    for (const name of ['files', 'folder']) {
      const input = document.getElementById(`${name}-input`);
      document.getElementById(`choose-${name}`).addEventListener('click', () => input.click());
      input.addEventListener('change', () => {
        this.#stage(chosenFiles(input));
        input.value = '';
      });
    }
    document.addEventListener('paste', (event) => {
      if (event.clipboardData?.files.length > 0) this.#stage([...event.clipboardData.files].map((file) => ({ file, path: file.name })));
    });
  }

  #drops() {
    const carriesFiles = (event) => event.dataTransfer?.types.includes('Files');
    let depth = 0;
    const mark = (over) => document.body.classList.toggle('dropping', over);
    addEventListener('dragenter', (event) => carriesFiles(event) && mark(++depth > 0));
    addEventListener('dragleave', (event) => carriesFiles(event) && mark(--depth > 0));
    addEventListener('dragover', (event) => carriesFiles(event) && event.preventDefault());
    addEventListener('drop', async (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      mark((depth = 0) > 0);
      location.hash = '';
      this.#stage(await droppedFiles(event.dataTransfer, (name) => notice(t('add.unreadable', { name }), { bad: true })));
    });
  }

  #stage(files) {
    if (files.length === 0) return;
    const order = new Intl.Collator(undefined, { numeric: true });
    this.#staged = this.#staged.concat(files.toSorted((one, other) => order.compare(one.path, other.path)));
    this.#form.elements.kind.value = 'files';
    this.#show();
    this.#form.querySelector('[type=submit]').focus();
  }

  #clear() {
    this.#staged = [];
    for (const name of ['text', 'url', 'id', 'title']) this.#form.elements[name].value = '';
    this.#show();
  }

  #show() {
    const kind = this.#kind;
    for (const panel of this.#form.querySelectorAll('[data-kind]')) panel.hidden = panel.dataset.kind !== kind;

    const many = kind === 'files' && this.#staged.length > 1;
    for (const name of ['id', 'title']) this.#form.elements[name].disabled = many;
    bind(document.getElementById('id-hint'), many ? 'add.id.many' : 'add.id.hint');
    bind(this.#form.querySelector('[type=submit] span'), many ? 'add.ingest.many' : 'add.ingest', { n: this.#staged.length });

    const size = this.#staged.reduce((sum, { file }) => sum + file.size, 0);
    this.#list.hidden = this.#staged.length === 0;
    fill(
      this.#list,
      this.#staged.length > 0 &&
        el(
          'div',
          { class: 'staged-head' },
          el('strong', { t: 'add.staged', params: { n: this.#staged.length, size: { bytes: size } } }),
          button('add.clear', () => this.#clear(), { kind: 'link' }),
        ),
      el(
        'ul',
        {},
        this.#staged.slice(0, ROWS_SHOWN).map((item) => this.#row(item)),
      ),
      this.#staged.length > ROWS_SHOWN && el('p', { class: 'hint', t: 'add.staged.more', params: { n: this.#staged.length - ROWS_SHOWN } }),
    );
  }

  #row(item) {
    const remove = () => {
      this.#staged = this.#staged.filter((other) => other !== item);
      this.#show();
      (this.#list.querySelector('li button') ?? document.getElementById('choose-files')).focus();
    };
    return el(
      'li',
      {},
      el('span', { class: 'name' }, item.path),
      el('span', { class: 'hint', t: 'plain.size', params: { size: { bytes: item.file.size } } }),
      button('add.remove', remove, { symbol: 'close', quiet: true, params: { name: item.path } }),
    );
  }

  // Null, and the reason beside the form, where something is missing.
  #submissions() {
    const { text, url, id, title, tags, size, overlap, chunker } = this.#form.elements;
    const problem = this.#problem();
    fill(document.getElementById('add-problem'), problem && el('span', { t: problem }));
    if (problem) return null;

    const options = {
      tags: tags.value
        .split(',')
        .map((tag) => tag.trim())
        .filter(Boolean),
      chunk_size: size.value === '' ? undefined : Number(size.value),
      chunk_overlap: overlap.value === '' ? undefined : Number(overlap.value),
      chunker: chunker.value.trim() || undefined,
    };
    if (options.tags.length === 0) delete options.tags;
    const common = { tenant: session.tenant, collection: session.collection, options };
    const single = (name, documentId, source, as = title.value.trim() || name) => [
      { ...common, ...source, name, key: uuid(), documentId: id.value.trim() || documentId, title: as },
    ];

    if (this.#kind === 'text') return single(firstWords(text.value), slug(firstWords(text.value)), { text: text.value });
    if (this.#kind === 'url') {
      const address = url.value.trim();
      // A page's own title is better than its address.
      return single(address, slug(address.replace(/^https?:\/\//i, '')), { url: address }, title.value.trim() || null);
    }

    const [only] = this.#staged;
    if (this.#staged.length === 1) return single(only.path, slug(only.path), { file: only.file });
    const taken = new Set();
    return this.#staged.map(({ file, path }) => {
      const documentId = freeSlug(path, taken);
      taken.add(documentId);
      return { ...common, file, name: path, key: uuid(), documentId, title: path };
    });
  }

  #problem() {
    const { text, url, size, overlap } = this.#form.elements;
    if (this.#kind === 'files' && this.#staged.length === 0) return 'add.nothing';
    if (this.#kind === 'text' && text.value.trim() === '') return 'add.text.empty';
    if (this.#kind === 'url' && !/^https?:\/\/\S+$/i.test(url.value.trim())) return 'add.url.bad';
    const numbers = size.validity.valid && overlap.validity.valid;
    const ordered = size.value === '' || overlap.value === '' || Number(overlap.value) < Number(size.value);
    return numbers && ordered ? null : 'add.number.bad';
  }
}

function firstWords(text) {
  const line = text
    .trim()
    .split('\n', 1)[0]
    .replace(/^[#>*\-\s]+/, '')
    .trim();
  return [...line].slice(0, FIRST_WORDS).join('').trim() || t('add.untitled');
}
