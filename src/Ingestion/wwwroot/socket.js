import { getTask } from './api.js';
import { session } from './session.js';

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const ENDED = new Set(['completed', 'failed', 'cancelled']);

/**
 * Follows one task: every event once and in order, over as many connections as that takes.
 * `onEvent(event)` for each; `onEnd()` once the task has ended; `onRefused(reason)` when the service will not tell;
 * `onWaiting(yes)` while the connection is lost and tried again; `onClosed()` once, whatever the reason, before the other two.
 */
export class TaskSocket {
  #task;
  #tenant;
  #after;
  #handlers;
  #socket = null;
  #timer = 0;
  #failures = 0;
  #closed = false;

  constructor(task, tenant, after, handlers) {
    this.#task = task;
    this.#tenant = tenant;
    this.#after = after;
    this.#handlers = handlers;
    this.#connect();
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket.close(1000);
    this.#handlers.onClosed();
  }

  #connect() {
    const url = new URL(`ws/tasks/${encodeURIComponent(this.#task)}`, document.baseURI);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('tenant_id', this.#tenant);
    if (session.token) url.searchParams.set('token', session.token);
    if (this.#after > 0) url.searchParams.set('after', this.#after);

    let opened = false;
    this.#socket = new WebSocket(url);
    this.#socket.onopen = () => {
      opened = true;
      this.#handlers.onWaiting(false);
    };
    this.#socket.onmessage = (message) => this.#receive(JSON.parse(message.data));
    this.#socket.onclose = (event) => this.#lost(event, opened);
  }

  #receive(event) {
    if (this.#closed || event.event_type === 'connection_established') return;
    if (event.event_id <= this.#after) return;
    this.#after = event.event_id;
    this.#failures = 0;
    this.#handlers.onEvent(event);
    if (event.event_type === 'task_status' && ENDED.has(event.current_status)) {
      this.close();
      this.#handlers.onEnd();
    }
  }

  async #lost(event, opened) {
    if (this.#closed) return;
    if ((event.code === 1008 || !opened) && !(await this.#answers())) return;
    if (event.code === 1008) return this.#refuse(event.reason);
    if (this.#closed) return;
    this.#handlers.onWaiting(true);
    // 1013: this reader was too slow for the service's buffer, not the other way round; it may come back at once.
    const wait = event.code === 1013 ? FIRST_WAIT : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures++);
    this.#timer = setTimeout(() => this.#connect(), wait * (0.5 + Math.random() / 2));
  }

  // A close carries a code word at best, and a browser hides why a handshake was refused; the REST side tells it in a sentence.
  async #answers() {
    try {
      await getTask(this.#task, this.#tenant);
      return true;
    } catch (error) {
      if (error.status === 0 || error.status === 429 || error.status >= 500) return true;
      this.#refuse(error.message);
      return false;
    }
  }

  #refuse(reason) {
    if (this.#closed) return;
    this.close();
    this.#handlers.onRefused(reason);
  }
}
