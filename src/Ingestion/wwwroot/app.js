import { health } from './api.js';
import { DocumentList, documentHash, documentPlace } from './documents.js';
import { PlanView } from './plan.js';
import { SearchBox } from './search.js';
import { TaskList } from './tasks.js';
import { UploadForm } from './upload.js';
import { Viewer } from './viewer.js';
import { clearNotices } from './dom.js';
import { bind, language, languages, setLanguage, t, translate } from './i18n.js';
import { session, write } from './session.js';

const HEALTH_EVERY = 30_000;
const THEMES = ['auto', 'light', 'dark'];

let homeScroll = 0;

translate();
place();
skipLink();
languageButton();
themeButton();

const plan = new PlanView();
const library = new DocumentList();
const searchBox = new SearchBox();
const viewer = new Viewer({
  onDeleted: () => {
    location.hash = '';
    searchBox.clear();
    library.load();
  },
});
const tasks = new TaskList({
  onOpen: (task) => (location.hash = documentHash({ tenant: task.tenant_id, collection: task.collection_id, document: task.document_id })),
  onCompleted: (task) => task.tenant_id === session.tenant && task.collection_id === session.collection && library.loadSoon(),
});
new UploadForm({
  onIngest: (submissions) => tasks.add(submissions),
  onPlan: (submissions) => plan.show(submissions),
});

session.onChange(() => {
  clearNotices();
  searchBox.clear();
  tasks.load();
  library.load();
});
addEventListener('hashchange', route);
tasks.load();
library.load();
route();
watchHealth();

// The address tells what is shown: the start, or one document.
function route() {
  const shown = documentPlace(location.hash);
  const home = document.getElementById('home');
  const moved = home.hidden !== (shown !== null);
  if (moved && shown) homeScroll = scrollY;
  home.hidden = shown !== null;
  document.getElementById('viewer').hidden = shown === null;
  if (shown) viewer.open(shown);
  else viewer.close();
  document.title = shown ? `${shown.document} · ${t('page.title')}` : t('page.title');
  if (!moved) return;
  scrollTo(0, shown ? 0 : homeScroll);
  if (document.activeElement === document.body || document.activeElement.closest('[hidden]')) focusContent();
}

function focusContent() {
  document.getElementById(documentPlace(location.hash) ? 'viewer-text' : 'home').focus({ preventScroll: true });
}

function skipLink() {
  document.getElementById('skip').addEventListener('click', (event) => {
    event.preventDefault();
    focusContent();
  });
}

function place() {
  const form = document.getElementById('place');
  for (const name of ['tenant', 'collection', 'token']) form.elements[name].value = session[name];
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('change', () => {
    const { tenant, collection, token } = form.elements;
    if (form.reportValidity()) session.set({ tenant: tenant.value.trim(), collection: collection.value.trim(), token: token.value.trim() });
  });
}

function languageButton() {
  document.getElementById('language').addEventListener('click', () => {
    setLanguage(languages[(languages.indexOf(language) + 1) % languages.length]);
    if (!documentPlace(location.hash)) document.title = t('page.title');
  });
}

function themeButton() {
  const button = document.getElementById('theme');
  const root = document.documentElement;
  const name = () => root.dataset.theme ?? 'auto';
  const draw = () => {
    button.dataset.theme = name();
    bind(button, null, undefined, { 'aria-label': `page.theme.${name()}`, title: `page.theme.${name()}` });
  };
  button.addEventListener('click', () => {
    const next = THEMES[(THEMES.indexOf(name()) + 1) % THEMES.length];
    if (next === 'auto') delete root.dataset.theme;
    else root.dataset.theme = next;
    write(localStorage, 'theme', next);
    draw();
  });
  draw();
}

async function watchHealth() {
  const badge = document.getElementById('health');
  const draw = (status, version = '') => {
    badge.dataset.status = status;
    badge.querySelector('.version').textContent = version;
    bind(badge.querySelector('.words'), `health.${status}`);
  };
  try {
    const { status, version } = await health();
    draw(status === 'healthy' ? 'healthy' : 'degraded', version);
  } catch (error) {
    draw(error.status === 0 ? 'unreachable' : 'degraded');
  }
  setTimeout(watchHealth, HEALTH_EVERY);
}
