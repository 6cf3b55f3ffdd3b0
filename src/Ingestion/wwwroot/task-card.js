import { announce, button, el, fill, icon } from './dom.js';
import { bind, has, t } from './i18n.js';

export const MILESTONES = [
  'document_received',
  'text_extracted',
  'chunking_completed',
  'embedding_started',
  'embedding_completed',
  'document_stored',
];
export const ENDED = new Set(['completed', 'failed', 'cancelled']);

// What milestones and results count, and the words for it.
const FACTS = [
  ['page_count', 'fact.pages'],
  ['text_length', 'fact.characters'],
  ['chunk_count', 'fact.chunks'],
  ['token_count', 'fact.tokens'],
  ['embedding_count', 'fact.vectors'],
];

/** One task on the page: its bar, milestones, messages and buttons. `actions` are `cancel`, `retry` and `open`. */
export class TaskCard {
  element;
  status = '';
  task = null;
  #name;
  #shown = {};
  #reached = new Set();
  #facts = {};

  constructor(name, actions) {
    this.#name = name;
    this.#build(actions);
  }

  showSending(sent, total) {
    this.#setStatus('uploading', 'task.uploading');
    this.#bar(total > 0 ? (sent / total) * 100 : 0);
    this.#note('task.sent', { sent: { bytes: sent }, total: { bytes: total } });
    this.#buttons({ cancel: true });
  }

  showWaiting(seconds) {
    this.#setStatus('uploading', 'task.waiting');
    if (seconds) this.#note('task.busy', { s: { seconds } });
    this.#buttons({ cancel: true });
  }

  /** The document was not accepted: `message` is the service's. */
  showRefused(message) {
    this.#setStatus('failed', 'task.notsent');
    this.#note();
    this.#problem(message);
    this.#buttons({ retry: true });
    announce(`${this.#name}: ${message}`);
  }

  showDropped() {
    this.#setStatus('cancelled', 'status.cancelled');
    this.#note('task.cancelled.here');
    this.#buttons({ retry: true });
  }

  /** The whole state, as the REST side tells it. */
  showTask(task) {
    this.task = task;
    this.#name = task.title || task.document_id;
    fill(this.#shown.name, this.#name);
    this.#shown.id.textContent = task.document_id;
    this.#setStatus(task.status, `status.${task.status}`);
    if (task.status === 'completed') MILESTONES.forEach((milestone) => this.#reached.add(milestone));
    this.#bar(task.progress?.percentage ?? 0);
    this.#message(task.progress?.message);
    this.#problem(task.status === 'completed' ? null : task.error, task.error_details?.error_code);
    Object.assign(this.#facts, task.result);
    this.#drawFacts();
    this.#drawMilestones();
    this.#warnings(task.warnings ?? []);
    this.#buttons({
      cancel: !ENDED.has(task.status),
      retry: task.status === 'failed' || task.status === 'cancelled',
      open: task.status === 'completed',
    });
  }

  /** One event of the task's socket; `aloud` says it to screen readers too. */
  apply(event, aloud) {
    const say = (text) => aloud && announce(`${this.#name}: ${text}`);
    switch (event.event_type) {
      case 'task_progress':
        this.#bar(event.percentage);
        this.#message(event.message);
        break;
      case 'task_status':
        if (!ENDED.has(event.current_status)) this.#problem();
        this.#setStatus(event.current_status, `status.${event.current_status}`);
        this.#message(event.message);
        this.#buttons({ cancel: !ENDED.has(event.current_status) });
        if (ENDED.has(event.current_status)) say(t(`status.${event.current_status}`));
        break;
      case 'processing_milestone':
        this.#reached.add(event.milestone);
        Object.assign(this.#facts, event.details);
        this.#message(event.message);
        this.#drawFacts();
        this.#drawMilestones();
        say(label(event.milestone));
        break;
      case 'error':
        this.#problem(event.error_message, event.error_code);
        say(event.error_message);
        break;
      default:
        break;
    }
  }

  showConnection(lost) {
    this.#shown.connection.hidden = !lost;
  }

  showUnknown(reason) {
    this.#problem(t('task.refused', { reason }));
  }

  setBusy(busy) {
    this.element.setAttribute('aria-busy', busy);
  }

  #build(actions) {
    const shown = this.#shown;
    shown.name = el('h3', { class: 'name' }, this.#name);
    shown.status = el('span', { class: 'badge' });
    shown.bar = el('progress', { max: 100, value: 0, tAttrs: { 'aria-label': 'task.progress' }, params: { name: this.#name } });
    shown.percent = el('span', { class: 'percent', 'aria-hidden': 'true' });
    shown.milestones = el('ol', { class: 'milestones', tAttrs: { 'aria-label': 'task.milestones' } });
    shown.note = el('p', { class: 'message' });
    shown.connection = el('p', { class: 'message lost', hidden: true, t: 'task.reconnecting' });
    shown.problem = el('p', { class: 'problem', hidden: true });
    shown.facts = el('p', { class: 'facts' });
    shown.warnings = el('details', { class: 'warnings', hidden: true });
    shown.id = el('span', { class: 'hint name' });
    shown.buttons = {
      open: button('task.open', actions.open, { kind: 'strong' }),
      retry: button('task.retry', actions.retry),
      cancel: button('task.cancel', actions.cancel),
    };
    for (const [action, node] of Object.entries(shown.buttons))
      bind(node, null, { name: this.#name }, { 'aria-label': `task.${action}.of` });
    this.#buttons({});
    this.element = el(
      'li',
      { class: 'task' },
      el(
        'div',
        { class: 'task-head' },
        el('div', { class: 'task-name' }, shown.name, shown.id),
        shown.status,
        el('div', { class: 'task-buttons' }, Object.values(shown.buttons)),
      ),
      el('div', { class: 'task-bar' }, shown.bar, shown.percent),
      shown.milestones,
      shown.note,
      shown.connection,
      shown.problem,
      shown.facts,
      shown.warnings,
    );
    this.#drawMilestones();
  }

  #setStatus(status, words) {
    this.status = status;
    this.element.dataset.status = status;
    bind(this.#shown.status, has(words) ? words : 'status.processing');
  }

  #bar(percentage) {
    this.#shown.bar.value = percentage;
    this.#shown.percent.textContent = `${Math.floor(percentage)} %`;
  }

  // Words of the service stay as they are; words of the page follow its language.
  #message(text) {
    if (text) this.#shown.note.replaceChildren(el('span', {}, text));
  }

  #note(key, params) {
    fill(this.#shown.note, key && el('span', { t: key, params }));
  }

  #problem(message, code) {
    this.#shown.problem.hidden = !message;
    if (message) fill(this.#shown.problem, icon('warning'), el('span', {}, message), code && el('code', {}, code));
  }

  #warnings(list) {
    this.#shown.warnings.hidden = list.length === 0;
    fill(
      this.#shown.warnings,
      el('summary', { t: 'task.warnings', params: { n: list.length } }),
      el(
        'ul',
        {},
        list.map((text) => el('li', {}, text)),
      ),
    );
  }

  #buttons(which) {
    const focused = Object.values(this.#shown.buttons).includes(document.activeElement);
    for (const [action, node] of Object.entries(this.#shown.buttons)) node.hidden = !which[action];
    // A button that goes away hands the focus to what is there now, so that the keyboard is not thrown back to the top.
    if (focused && document.activeElement?.hidden !== false)
      Object.values(this.#shown.buttons)
        .find((node) => !node.hidden)
        ?.focus();
  }

  #drawFacts() {
    const facts = this.#facts;
    const { started_at: started, completed_at: ended, attempt } = this.task ?? {};
    fill(
      this.#shown.facts,
      FACTS.filter(([name]) => facts[name] > 0).map(([name, words]) => el('span', { t: words, params: { n: facts[name] } })),
      facts.chunks?.kept > 0 && el('span', { t: 'task.kept', params: facts.chunks }),
      facts.model && el('span', {}, facts.model),
      started && ended && el('span', { t: 'task.took', params: { s: { seconds: (new Date(ended) - new Date(started)) / 1000 } } }),
      attempt > 1 && el('span', { t: 'task.attempt', params: { n: attempt } }),
    );
  }

  #drawMilestones() {
    fill(
      this.#shown.milestones,
      MILESTONES.map((milestone) =>
        el(
          'li',
          { class: this.#reached.has(milestone) ? 'done' : '', 'data-milestone': milestone },
          el('span', { t: `milestone.${milestone}` }),
          this.#reached.has(milestone) && el('span', { class: 'unseen', t: 'milestone.done' }),
        ),
      ),
    );
  }
}

const label = (milestone) => (has(`milestone.${milestone}`) ? t(`milestone.${milestone}`) : milestone);
