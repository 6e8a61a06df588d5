// Cells on their way to the server, one after the other. What was typed is kept until the server has it.

import { Away, post } from "./desk_server.js";

const RETRY = 3000;

export class Saving {
  /** onSaved: gets the server's answer; onChange: the state of a cell or of all has changed. */
  constructor(url, { onSaved, onChange }) {
    this.url = url;
    this.onSaved = onSaved;
    this.onChange = onChange;
    this.cells = new Map(); // "recipient:column" → {recipient, column, value, error}
    this.waiting = []; // their keys, in the order they were typed
    this.away = false;
    this.running = null;
    addEventListener("beforeunload", (event) => this.cells.size && event.preventDefault());
  }

  /** What was typed into this cell and is not stored yet: {value, error}, or undefined. */
  of(recipient, column) {
    return this.cells.get(`${recipient}:${column}`);
  }

  /** How many cells are not stored, and whether one was refused. */
  get count() {
    return this.cells.size;
  }

  put(recipient, column, value) {
    const key = `${recipient}:${column}`;
    this.cells.set(key, { recipient, column, value, error: "" });
    if (!this.waiting.includes(key)) this.waiting.push(key);
    this.onChange();
    return this.run();
  }

  /** Forget what was typed; the cell is as it was. */
  discard(recipient, column) {
    this.cells.delete(`${recipient}:${column}`);
    this.waiting = this.waiting.filter((key) => key !== `${recipient}:${column}`);
    this.onChange();
  }

  /** Resolves when nothing is on its way any more, also when some of it could not be stored. */
  run() {
    this.running ??= this.sendAll().finally(() => (this.running = null));
    return this.running;
  }

  async sendAll() {
    while (this.waiting.length) {
      const key = this.waiting[0];
      const cell = this.cells.get(key);
      if (!(await this.send(key, cell))) {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.run(), RETRY);
        return;
      }
    }
  }

  /** False when the server is away: then everything waits. */
  async send(key, cell) {
    const { recipient, column, value } = cell;
    try {
      const answer = await post(this.url, { recipient, column, value });
      this.away = false;
      if (this.cells.get(key) !== cell) return true; // typed anew meanwhile: that goes next
      this.forget(key);
      this.onSaved(answer);
    } catch (problem) {
      this.away = problem instanceof Away;
      if (!this.away && this.cells.get(key) === cell) {
        cell.error = problem.message;
        this.waiting.shift();
      }
    }
    this.onChange();
    return !this.away;
  }

  forget(key) {
    this.cells.delete(key);
    this.waiting.shift();
  }
}
