const LONGEST_SLUG = 120;

/** Every file of a drop, folders opened to any depth: `{file, path}`; `onUnreadable(name)` for those the disk refuses. */
export async function droppedFiles(transfer, onUnreadable) {
  // The entries must be taken before the first await: the browser empties the transfer after the event.
  const entries = [...transfer.items].filter((item) => item.kind === 'file').map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = [];
  const waiting = entries.filter(Boolean).reverse();
  while (waiting.length > 0) {
    const entry = waiting.pop();
    if (entry instanceof File) {
      found.push({ file: entry, path: entry.name });
      continue;
    }
    try {
      if (entry.isDirectory) waiting.push(...(await childrenOf(entry)).reverse());
      else
        found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path: entry.fullPath.replace(/^\//, '') });
    } catch {
      onUnreadable(entry.name);
    }
  }
  return found;
}

export const chosenFiles = (input) => [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));

/**
 * An id from a name: its letters and digits in lower case, the rest a dash.
 * The extension stays, so that a.pdf and a.docx are two documents.
 */
export function slug(name) {
  const words = name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
  return [...words].slice(0, LONGEST_SLUG).join('') || uuid();
}

/** As `slug`, and different from every id that is taken already. */
export function freeSlug(name, taken) {
  const wish = slug(name);
  let id = wish;
  for (let n = 2; taken.has(id); n++) id = `${wish}-${n}`;
  return id;
}

// crypto.randomUUID is missing where the page comes over plain HTTP from another machine.
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return [...bytes]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

// A folder hands out its entries in portions, an empty one at the end.
async function childrenOf(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
