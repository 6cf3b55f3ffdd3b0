const changed = new EventTarget();

/** Who asks and where: the tenant and the collection are remembered, the token only as long as the tab lives. */
export const session = {
  get tenant() {
    return read(localStorage, 'tenant') || 'default';
  },
  get collection() {
    return read(localStorage, 'collection') || 'documents';
  },
  get token() {
    return read(sessionStorage, 'token');
  },

  set({ tenant, collection, token }) {
    write(localStorage, 'tenant', tenant);
    write(localStorage, 'collection', collection);
    write(sessionStorage, 'token', token);
    changed.dispatchEvent(new Event('change'));
  },

  onChange(listener) {
    changed.addEventListener('change', listener);
  },
};

// Where storage is switched off, what was typed lives as long as the page.
const memory = new Map();

export function read(storage, name) {
  try {
    return storage.getItem(name) ?? memory.get(name) ?? '';
  } catch {
    return memory.get(name) ?? '';
  }
}

export function write(storage, name, value) {
  memory.set(name, value);
  try {
    storage.setItem(name, value);
  } catch {
    // Kept in memory above.
  }
}
