import { read, write } from './session.js';
import { en } from './english.js';
import { es } from './spanish.js';

const strings = { en, es };
const bound = new WeakMap();

export const languages = Object.keys(strings);
export let language = chosen();

/** The text of a key in the page's language. Numbers and `{time}`, `{bytes}`, `{seconds}` values are written as that language does. */
export function t(key, params = {}) {
  const plural = new Intl.PluralRules(language).select(Number(params.n ?? 0)) === 'one' ? `${key}.one` : key;
  const text = strings[language][plural] ?? strings[language][key];
  return text.replace(/\{(\w+)\}/g, (_, name) => written(params[name]));
}

export const has = (key) => key in strings[language];

/** Ties a node's text, and attributes, to keys: they follow when the language changes. */
export function bind(node, key, params, attributes) {
  const words = { ...bound.get(node) };
  if (key) Object.assign(words, { key, params });
  if (attributes) Object.assign(words, { attributes, attributeParams: params });
  bound.set(node, words);
  node.toggleAttribute('data-t', true);
  apply(node, words);
}

export function setLanguage(next) {
  language = next;
  write(localStorage, 'language', next);
  translate();
}

/** Writes every bound text of the page; static ones name their key in `data-text`, attributes in `data-attributes="name:key …"`. */
export function translate() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll('[data-text], [data-attributes]')) {
    bind(node, node.dataset.text, undefined, pairs(node.dataset.attributes));
    delete node.dataset.text;
    delete node.dataset.attributes;
  }
  for (const node of document.querySelectorAll('[data-t]')) apply(node, bound.get(node));
}

function apply(node, { key, params, attributes = {}, attributeParams }) {
  if (key) node.textContent = t(key, params);
  for (const [name, text] of Object.entries(attributes)) node.setAttribute(name, t(text, attributeParams));
}

function pairs(list) {
  return list && Object.fromEntries(list.split(' ').map((pair) => pair.split(':')));
}

function written(value) {
  if (typeof value === 'number') return new Intl.NumberFormat(language, { maximumFractionDigits: 3 }).format(value);
  if (typeof value === 'string') return value;
  if (value?.time) return moment(value.time);
  if (value?.seconds !== undefined) return unit(value.seconds, 'second', value.seconds < 10 ? 1 : 0);
  if (value?.bytes !== undefined) return bytes(value.bytes);
  return '';
}

function moment(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.valueOf())) return iso;
  const today = date.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(language, today ? { timeStyle: 'medium' } : { dateStyle: 'medium', timeStyle: 'short' }).format(date);
}

function bytes(size) {
  if (size < 1000) return unit(size, 'byte', 0, 'long');
  if (size < 1e6) return unit(size / 1e3, 'kilobyte', 0);
  return unit(size / 1e6, 'megabyte', 1);
}

const unit = (value, name, digits, unitDisplay = 'short') =>
  new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay, maximumFractionDigits: digits }).format(value);

function chosen() {
  const saved = read(localStorage, 'language');
  if (saved in strings) return saved;
  return navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in strings) ?? 'en';
}
