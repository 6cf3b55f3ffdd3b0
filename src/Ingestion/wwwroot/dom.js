import { bind } from './i18n.js';

/**
 * Makes an element. Text only ever enters as a text node, so nothing that a document or the service says can become markup.
 * `t` and `params` name a translated text; `tAttrs` maps attributes to keys; `on` maps events to listeners; the rest are attributes.
 */
export function el(tag, { t, params, tAttrs, on, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? '' : String(value));
  }
  for (const [event, listener] of Object.entries(on ?? {})) node.addEventListener(event, listener);
  if (t || tAttrs) bind(node, t, params, tAttrs);
  append(node, children);
  return node;
}

/** Replaces what a node holds. */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A button with a translated label; `quiet` ones show an icon alone and keep the label for readers. */
export function button(label, listener, { symbol, quiet = false, kind = 'plain', params, ...attributes } = {}) {
  const node = el('button', { type: 'button', class: `button ${kind}${quiet ? ' quiet' : ''}`, on: { click: listener }, ...attributes });
  if (symbol) node.append(icon(symbol));
  if (quiet) bind(node, null, params, { 'aria-label': label, title: label });
  else node.append(el('span', { t: label, params }));
  return node;
}

/** Pairs of a translated term and a value for a `dl`; a pair without a value is left out. */
export function facts(pairs) {
  return pairs.filter(([, value]) => value || value === 0).flatMap(([term, value]) => [el('dt', { t: term }), el('dd', {}, value)]);
}

/** A number that follows the language when it changes. */
export const count = (value) => el('span', { t: 'plain.number', params: { n: value } });

export const time = (iso) => (iso ? el('time', { datetime: iso, t: 'plain.time', params: { at: { time: iso } } }) : null);

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
}

let sayTimer = 0;
let waiting = [];

/** Says something to screen readers. What comes within a moment is said together, so that a folder of files does not flood them. */
export function announce(text) {
  if (waiting.length < 5) waiting.push(text);
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => {
    document.getElementById('announcer').textContent = waiting.join('. ');
    waiting = [];
  }, 400);
}

/** What was said is no longer true of what is shown. */
export function clearNotices() {
  document.getElementById('notices').replaceChildren();
}

/** A short message that goes away by itself; `bad` ones stay until they are closed. */
export function notice(message, { bad = false } = {}) {
  const box = el('div', { class: `notice${bad ? ' bad' : ''}`, role: bad ? 'alert' : 'status' }, el('p', {}, message));
  const close = () => box.remove();
  for (const other of document.querySelectorAll('.notice.bad')) if (other.textContent === message) other.remove();
  box.append(button('close', close, { symbol: 'close', quiet: true }));
  document.getElementById('notices').append(box);
  if (!bad) setTimeout(close, 8000);
}
