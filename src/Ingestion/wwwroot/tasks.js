import { cancelTask, getTask, listTasks, retryTask, submit } from './api.js';
import { notice } from './dom.js';
import { ENDED, TaskCard } from './task-card.js';
import { TaskSocket } from './socket.js';

const PAGE = 20;
const UPLOADS_AT_ONCE = 4;
const SOCKETS_AT_ONCE = 24;
const LONGEST_PAUSE = 60;

/** The list of tasks: those that this page starts and the recent ones of the collection, each followed live. */
export class TaskList {
  #list = document.getElementById('task-list');
  #none = document.getElementById('tasks-none');
  #more = document.getElementById('tasks-more');
  #entries = new Set();
  #uploads = [];
  #uploading = 0;
  #toFollow = [];
  #following = 0;
  #page = 0;
  #turn = 0;
  #onOpen;
  #onCompleted;

  /** `onOpen(task)` when the user opens a completed one, `onCompleted(task)` when one completes while it is watched. */
  constructor({ onOpen, onCompleted }) {
    this.#onOpen = onOpen;
    this.#onCompleted = onCompleted;
    document.getElementById('tasks-refresh').addEventListener('click', () => this.load());
    this.#more.addEventListener('click', () => this.#next());
  }

  add(submissions) {
    const cards = document.createDocumentFragment();
    for (const submission of submissions) {
      const entry = this.#entry(submission.name);
      entry.submission = submission;
      cards.append(entry.card.element);
      this.#queue(entry);
    }
    this.#list.prepend(cards);
    this.#drawNone();
  }

  /** Lists the collection's recent tasks anew; what is still on its way from here stays. */
  async load() {
    for (const entry of this.#entries) {
      if (entry.submission) continue;
      entry.socket?.close();
      this.#forget(entry);
    }
    this.#page = 0;
    this.#turn++;
    await this.#next();
  }

  async #next() {
    const turn = this.#turn;
    let answer;
    try {
      answer = await listTasks(this.#page + 1, PAGE);
    } catch (error) {
      if (turn === this.#turn) notice(error.message, { bad: true });
      return;
    }
    // Another collection, or a newer list of this one, is on its way.
    if (turn !== this.#turn) return;
    this.#page++;
    for (const task of answer.tasks) {
      if ([...this.#entries].some((other) => other.card.task?.task_id === task.task_id)) continue;
      const entry = this.#entry(task.title || task.document_id);
      this.#list.append(entry.card.element);
      this.#show(entry, task);
      // What an ended task went through is only worth a connection where it went wrong.
      if (task.status !== 'completed') this.#follow(entry);
    }
    this.#more.hidden = this.#page * PAGE >= answer.total;
    this.#drawNone();
  }

  #entry(name) {
    const entry = { submission: null, socket: null, abort: null, after: 0 };
    entry.card = new TaskCard(name, {
      cancel: () => this.#cancel(entry),
      retry: () => this.#retry(entry),
      open: () => this.#onOpen(entry.card.task),
    });
    this.#entries.add(entry);
    return entry;
  }

  #forget(entry) {
    entry.forgotten = true;
    entry.card.element.remove();
    this.#entries.delete(entry);
  }

  #show(entry, task) {
    entry.submission = null;
    entry.card.showTask(task);
  }

  #queue(entry) {
    entry.abort = new AbortController();
    entry.card.showWaiting();
    this.#uploads.push(entry);
    this.#pump();
  }

  async #pump() {
    if (this.#uploading >= UPLOADS_AT_ONCE || this.#uploads.length === 0) return;
    const entry = this.#uploads.shift();
    this.#uploading++;
    try {
      await this.#send(entry);
    } finally {
      this.#uploading--;
      this.#pump();
    }
  }

  async #send(entry) {
    const { submission, abort, card } = entry;
    while (!abort.signal.aborted) {
      try {
        if (submission.file) card.showSending(0, submission.file.size);
        const { task } = await submit(submission, { onProgress: (sent, total) => card.showSending(sent, total), signal: abort.signal });
        this.#show(entry, task);
        this.#follow(entry);
        return;
      } catch (error) {
        if (abort.signal.aborted) return;
        if (error.retryAfter === 0 || (error.status !== 429 && error.status !== 503)) {
          card.showRefused(error.message);
          return;
        }
        const seconds = Math.min(error.retryAfter, LONGEST_PAUSE);
        card.showWaiting(seconds);
        await pause(seconds * 1000, abort.signal);
      }
    }
  }

  // Browsers allow only so many sockets; a folder of a thousand files takes turns. Nothing is missed: each replays from its start.
  #follow(entry) {
    this.#toFollow.push(entry);
    this.#connect();
  }

  #connect() {
    while (this.#following < SOCKETS_AT_ONCE && this.#toFollow.length > 0) {
      const entry = this.#toFollow.shift();
      if (entry.forgotten) continue;
      this.#following++;
      const { task_id: id, tenant_id: tenant } = entry.card.task;
      entry.socket = new TaskSocket(id, tenant, entry.after, {
        onEvent: (event) => {
          entry.after = event.event_id;
          entry.card.apply(event, !ENDED.has(entry.card.task.status));
        },
        onEnd: () => this.#settle(entry),
        onRefused: (reason) => entry.card.showUnknown(reason),
        onWaiting: (lost) => entry.card.showConnection(lost),
        onClosed: () => {
          entry.card.showConnection(false);
          this.#following--;
          this.#connect();
        },
      });
    }
  }

  // The events told the story; the result and the warnings are in the task itself.
  async #settle(entry) {
    const wasEnded = ENDED.has(entry.card.task.status);
    try {
      const { task } = await getTask(entry.card.task.task_id, entry.card.task.tenant_id);
      this.#show(entry, task);
      // A task that was tried again tells its earlier end on the way.
      if (!ENDED.has(task.status)) this.#follow(entry);
      if (!wasEnded && task.status === 'completed') this.#onCompleted(task);
    } catch (error) {
      entry.card.showUnknown(error.message);
    }
  }

  async #cancel(entry) {
    if (entry.submission) {
      entry.abort.abort();
      entry.card.showDropped();
      return;
    }
    await this.#act(entry, cancelTask);
  }

  async #retry(entry) {
    if (entry.submission) {
      this.#queue(entry);
      return;
    }
    if (await this.#act(entry, retryTask)) this.#follow(entry);
  }

  async #act(entry, action) {
    // Not disabled meanwhile: a disabled button loses the keyboard's focus.
    if (entry.acting) return false;
    entry.acting = true;
    entry.card.setBusy(true);
    try {
      const { task } = await action(entry.card.task.task_id, entry.card.task.tenant_id);
      this.#show(entry, task);
      return true;
    } catch (error) {
      notice(error.message, { bad: true });
      return false;
    } finally {
      entry.acting = false;
      entry.card.setBusy(false);
    }
  }

  #drawNone() {
    this.#none.hidden = this.#entries.size > 0;
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
