import { plan } from './api.js';
import { announce, button, count, el, fill } from './dom.js';
import { t } from './i18n.js';
import { CodePoints } from './codepoints.js';
import { LazyBlocks } from './lazy.js';

const CARD_HEIGHT = 180;

/** Shows how documents would be cut, before anything is stored. */
export class PlanView {
  #section = document.getElementById('plan');
  #running = null;

  async show(submissions) {
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    const results = el('div', { class: 'plan-results' });
    fill(
      this.#section,
      el(
        'div',
        { class: 'card-head' },
        el('h2', { t: 'plan.title' }),
        button('plan.close', () => this.close(), { symbol: 'close', quiet: true }),
      ),
      results,
    );
    this.#section.hidden = false;
    this.#section.scrollIntoView({ block: 'nearest' });

    for (const submission of submissions) {
      const box = el(
        'details',
        { open: submissions.length === 1 },
        el('summary', { t: 'plan.running', params: { name: submission.name } }),
      );
      results.append(box);
      try {
        this.#fill(box, submission, await plan(submission, running.signal));
      } catch (error) {
        if (running.signal.aborted) return;
        fill(box, el('summary', {}, submission.name), el('p', { class: 'problem', t: 'plan.failed', params: { message: error.message } }));
        box.open = true;
        announce(t('plan.failed', { message: error.message }));
      }
    }
  }

  close() {
    this.#running?.abort();
    this.#section.hidden = true;
    this.#section.replaceChildren();
    document.getElementById('plan-button').focus();
  }

  #fill(box, { name }, { chunks, token_count: tokens, page_count: pages, diff, warnings = [] }) {
    const column = el('div', { class: 'plan-chunks' });
    const scroller = el('div', { class: 'plan-scroll', tabindex: '0', role: 'region', 'aria-label': name }, column);
    fill(
      box,
      el('summary', {}, el('span', { class: 'name' }, name), ' ', el('strong', { t: 'plan.chunks', params: { n: chunks.length } })),
      el(
        'p',
        { class: 'facts' },
        el('span', { t: 'fact.tokens', params: { n: tokens } }),
        pages > 0 && el('span', { t: 'fact.pages', params: { n: pages } }),
        diff && el('span', { t: 'plan.diff', params: diff }),
      ),
      warnings.length > 0 &&
        el(
          'ul',
          { class: 'warnings' },
          warnings.map((warning) => el('li', {}, warning)),
        ),
      scroller,
    );
    announce(`${name}: ${t('plan.chunks', { n: chunks.length })}`);

    const render = () =>
      new LazyBlocks(
        scroller,
        column,
        chunks.length,
        () => CARD_HEIGHT,
        (index, node) => fill(node, card(chunks, index)),
      );
    if (box.open) render();
    else box.addEventListener('toggle', render, { once: true });
  }
}

function card(chunks, index) {
  const chunk = chunks[index];
  // What the chunk before also holds, in code points.
  const shared = index === 0 ? 0 : Math.max(0, chunks[index - 1].end_char_idx - chunk.start_char_idx);
  const cut = shared === 0 ? 0 : new CodePoints(chunk.text).toUnits(shared);
  return el(
    'article',
    { class: 'plan-card' },
    el(
      'p',
      { class: 'facts' },
      el('strong', {}, '#', count(index + 1)),
      el('span', { t: 'fact.tokens', params: { n: chunk.token_count } }),
      chunk.page_start > 0 && el('span', { t: 'viewer.page', params: { page: pageRange(chunk) } }),
      chunk.heading_path?.length > 0 && el('span', { class: 'name' }, chunk.heading_path.join(' › ')),
    ),
    el('p', { class: 'exact' }, cut > 0 && el('span', { class: 'overlap' }, chunk.text.slice(0, cut)), chunk.text.slice(cut)),
  );
}

export const pageRange = ({ page_start: first, page_end: last }) => (first === last || !last ? String(first) : `${first}–${last}`);
