// The chosen file, kept by the person's own browser for some hours: the server deletes it once it is read, and what needs it
// again (another sheet, another encoding) takes it from here. Nothing of it leaves the browser but by that person's click.

const HOURS = 12;
const STORE = "files";

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("mailmerge", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Runs one request in a transaction of its own; resolves to its result once that is done. */
export async function inStore(mode, ask) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Keep the file of this campaign, in place of an earlier one. A browser that does not store is no trouble. */
export async function keep(campaign, file) {
  try {
    await inStore("readwrite", (store) => store.put({ file, at: Date.now() }, campaign));
  } catch {
    // Private windows and full disks: then the file is chosen again when it is needed.
  }
}

/** The file of this campaign if it is the one with this SHA-256 (as hex) and not too old, or null. */
export async function kept(campaign, fingerprint) {
  try {
    const found = await inStore("readonly", (store) => store.get(campaign));
    if (!found || isOld(found)) return null;
    return !fingerprint || (await fingerprintOf(found.file)) === fingerprint ? found.file : null;
  } catch {
    return null;
  }
}

async function fingerprintOf(file) {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function forget(campaign) {
  await inStore("readwrite", (store) => store.delete(campaign)).catch(() => null);
}

function isOld({ at }) {
  return Date.now() - at > HOURS * 3600 * 1000;
}

export async function forgetOld() {
  try {
    await inStore("readwrite", (store) => {
      const request = store.openCursor();
      request.addEventListener("success", () => {
        const cursor = request.result;
        if (!cursor) return;
        if (isOld(cursor.value)) cursor.delete();
        cursor.continue();
      });
      return request;
    });
  } catch {
    // Nothing is kept where nothing can be stored.
  }
}

// --- on the page ---------------------------------------------------------------------------------------------

/** The form that reads the file again sends the kept one, if it is here. */
async function fillAgain(form, campaign) {
  const fingerprint = form.dataset.fileAgain;
  const file = fingerprint && (await kept(campaign, fingerprint)); // another file of that name would be another sheet
  if (!file) return;
  const input = form.querySelector("input[type=file]");
  const files = new DataTransfer();
  files.items.add(file);
  input.files = files.files;
  input.hidden = true;
  form.querySelector("[data-kept]").hidden = false;
  form.querySelector("[data-not-kept]").hidden = true;
}

export function setUpFiles() {
  forgetOld();
  const keeps = document.querySelector("[data-keeps-file]")?.dataset.keepsFile;
  if (!keeps) return;
  for (const form of document.querySelectorAll("form[data-file-again]")) fillAgain(form, keeps);
  document.addEventListener("upload-begins", (event) => event.detail.waits.push(keep(keeps, event.detail.file)));
}
