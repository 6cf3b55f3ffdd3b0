import { session } from './session.js';
import { t } from './i18n.js';

const base = new URL('api/v1/', document.baseURI);

/** What the service refused, in its own words; status 0 when it was not reached. */
export class ApiError extends Error {
  constructor(status, body, retryAfter = 0) {
    super((status === 401 ? t('error.unauthorized') : body?.message) || (status === 0 ? t('error.unreachable') : t('error.status', { status: String(status) })));
    this.status = status;
    this.code = body?.error?.code ?? '';
    this.details = body?.error?.details ?? null;
    this.retryAfter = retryAfter;
  }
}

const of = (tenant) => ({ tenant_id: tenant });

export const listTasks = (page, pageSize) =>
  call('tasks', { query: { ...of(session.tenant), collection_id: session.collection, page, page_size: pageSize } });
export const getTask = (id, tenant) => call(`tasks/${encodeURIComponent(id)}`, { query: of(tenant) });
export const cancelTask = (id, tenant) => call(`tasks/${encodeURIComponent(id)}`, { method: 'DELETE', query: of(tenant) });
export const retryTask = (id, tenant) => call(`tasks/${encodeURIComponent(id)}/retry`, { method: 'POST', query: of(tenant) });

export const listDocuments = (page, pageSize) =>
  call(`collections/${encodeURIComponent(session.collection)}/documents`, { query: { ...of(session.tenant), page, page_size: pageSize } });
export const getDocument = async (place) => (await call(documentPath(place), { query: of(place.tenant) })).document;
export const deleteDocument = (place) => call(documentPath(place), { method: 'DELETE', query: of(place.tenant) });
export const listChunks = (place, page, pageSize, signal) =>
  call(`${documentPath(place)}/chunks`, { query: { ...of(place.tenant), page, page_size: pageSize }, signal });

export async function getContent(place, signal) {
  const response = await send(`${documentPath(place)}/content`, { query: of(place.tenant), signal });
  // Not response.text(): it would drop a leading byte order mark, and every offset after it would be off by one.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await response.arrayBuffer());
}

export const search = (body, signal) =>
  call('search', { method: 'POST', json: { ...of(session.tenant), collection_id: session.collection, ...body }, signal });

export const health = () => call('../../health');

/** Plans without storing. */
export function plan(submission, signal) {
  return submission.file
    ? call('documents/plan', { method: 'POST', body: form(submission), signal })
    : call('documents/plan', { method: 'POST', json: fields(submission), signal });
}

/** Hands a document over; `onProgress(sent, total)` is called while a file's bytes travel. */
export function submit(submission, { onProgress, signal }) {
  if (submission.file) return upload(submission, onProgress, signal);
  const path = submission.url === undefined ? 'documents/text' : 'documents/url';
  return call(path, { method: 'POST', json: fields(submission), headers: { 'Idempotency-Key': submission.key }, signal });
}

function fields({ tenant, collection, documentId, text, url, title, options }) {
  return { tenant_id: tenant, collection_id: collection, document_id: documentId, text, url, title, ...options };
}

function form(submission) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields(submission))) {
    if (value !== undefined) data.append(name, Array.isArray(value) ? value.join(',') : String(value));
  }
  // Last, so that the service knows whose bytes they are before they come.
  data.append('file', submission.file, submission.file.name);
  return data;
}

// fetch cannot say how much of a body has been sent.
function upload(submission, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', new URL('documents', base));
    for (const [name, value] of Object.entries(headers({ 'Idempotency-Key': submission.key }))) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onProgress?.(event.loaded, event.total);
    request.onload = () => {
      const body = parse(request.responseText);
      if (request.status >= 200 && request.status < 300 && body) resolve(body);
      else reject(new ApiError(request.status, body, Number(request.getResponseHeader('Retry-After')) || 0));
    };
    request.onerror = () => reject(new ApiError(0));
    request.onabort = () => reject(new DOMException('', 'AbortError'));
    signal?.addEventListener('abort', () => request.abort());
    request.send(form(submission));
  });
}

async function call(path, options) {
  const response = await send(path, options);
  const body = parse(await response.text());
  if (!body) throw new ApiError(response.status);
  return body;
}

async function send(path, { method = 'GET', query = {}, json, body, headers: more, signal } = {}) {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: headers(json ? { ...more, 'Content-Type': 'application/json' } : more),
      body: json ? JSON.stringify(json) : body,
      signal,
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0);
  }
  if (response.ok) return response;
  throw new ApiError(response.status, parse(await response.text()), Number(response.headers.get('Retry-After')) || 0);
}

function headers(more = {}) {
  return session.token ? { ...more, Authorization: `Bearer ${session.token}` } : { ...more };
}

function documentPath({ collection, document }) {
  return `collections/${encodeURIComponent(collection)}/documents/${encodeURIComponent(document)}`;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
