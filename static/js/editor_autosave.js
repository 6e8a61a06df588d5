// Saves the message form while it is being written, and says so. A newer text in the store is never overwritten unasked.

const PAUSE = 1200; // milliseconds without a change before saving
const RETRY = 3000;

export class Autosave {
  /** form: the message form; write: called before each save to bring the textarea up to date; onProblems: gets the server's list. */
  constructor(form, write, onProblems) {
    this.form = form;
    this.write = write;
    this.onProblems = onProblems;
    this.state = form.querySelector("[data-save-state]");
    this.conflict = document.getElementById("conflict");
    this.dirty = false;
    this.saving = null;
    this.blocked = false; // after a conflict nothing is saved until the person decides
    this.timer = 0;
    addEventListener("beforeunload", (event) => this.dirty && event.preventDefault());
    document.addEventListener("visibilitychange", () => document.hidden && this.dirty && this.save());
    this.form.addEventListener("submit", () => (this.dirty = false));
  }

  touch() {
    this.dirty = true;
    if (this.blocked) return;
    this.say("unsaved", this.form.dataset.textUnsaved);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), PAUSE);
  }

  async overwrite() {
    this.blocked = false;
    this.conflict.hidden = true;
    await this.save({ overwrite: "1" });
  }

  async save(extra = {}) {
    clearTimeout(this.timer);
    if (this.saving || this.blocked) return; // the save under way looks again when it is done
    this.dirty = false;
    this.say("saving", this.form.dataset.textSaving);
    this.saving = this.send(extra);
    try {
      await this.saving;
    } finally {
      this.saving = null;
    }
    if (this.dirty && !this.blocked) this.timer = setTimeout(() => this.save(), this.failed ? RETRY : PAUSE);
  }

  async send(extra) {
    this.write();
    const body = new FormData(this.form);
    for (const [name, value] of Object.entries(extra)) body.set(name, value);
    let answer;
    this.failed = false;
    try {
      answer = await fetch(this.form.action, {
        method: "POST",
        body,
        headers: { Accept: "application/json", "X-CSRFToken": body.get("csrfmiddlewaretoken") },
        redirect: "error", // a sign-in page instead of an answer is a failure too
      });
    } catch {
      return this.fail(this.form.dataset.textFailed);
    }
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return this.succeed(said);
    if (answer.status === 409) return this.collide();
    return this.fail(said.error ? `${this.form.dataset.textRefused}: ${said.error}` : this.form.dataset.textFailed);
  }

  succeed({ version, problems }) {
    this.form.elements.version.value = version;
    if (!this.dirty) this.say("saved", this.form.dataset.textSaved);
    this.onProblems(problems ?? []);
  }

  // The version stays the old one: sending the form as it is must not overwrite the other text either.
  collide() {
    this.dirty = true;
    this.blocked = true;
    this.say("failed", this.form.dataset.textConflict);
    this.conflict.hidden = false;
  }

  fail(words) {
    this.dirty = true;
    this.failed = true;
    this.say("failed", words);
  }

  say(state, words) {
    if (this.state.dataset.state === state && this.state.textContent === words) return;
    this.state.dataset.state = state;
    this.state.textContent = words;
  }
}
