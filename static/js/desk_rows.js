// The rows of the desk as far as they are here: pages fetched as they come into sight, old ones let go.

import { Away, get } from "./desk_server.js";

const PAGE = 100;
const KEPT = 40; // pages
const SETTLED = 80; // milliseconds without scrolling before rows are asked for
const LONGEST = 300; // and the longest they wait while it goes on
const RETRY = 3000;

export class Rows {
  /** onChange: rows came or their number changed; onTrouble: gets an error, or null when all is well again. */
  constructor(url, view, { onChange, onTrouble }) {
    this.url = url;
    this.view = view; // {show, search, sort, descending}
    this.onChange = onChange;
    this.onTrouble = onTrouble;
    this.pages = new Map(); // number of the page → its rows; the one used last stands last
    this.stale = new Set(); // pages shown until they are fetched again
    this.asked = new Map(); // number of the page → AbortController
    this.total = 0;
    this.known = false; // whether the number of rows is known
    this.range = [0, 0];
    this.timer = 0;
    this.since = 0; // when rows began to be missing
  }

  /** The row at this place of the view, or undefined while it is not here. */
  at(index) {
    return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** The place of a row that is here, or -1. */
  placeOf(id) {
    for (const [number, rows] of this.pages) {
      const at = rows.findIndex((row) => row.id === id);
      if (at >= 0) return number * PAGE + at;
    }
    return -1;
  }

  /** These places are in sight: fetch what is missing once the scrolling has settled. */
  want(first, last) {
    this.range = [first, last];
    if (!this.missing().length) return;
    const now = performance.now();
    this.since ||= now;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetchMissing(), Math.max(0, Math.min(SETTLED, this.since + LONGEST - now)));
  }

  missing() {
    const [first, last] = this.range.map((index) => Math.floor(Math.max(0, index) / PAGE));
    const end = this.known ? Math.max(0, Math.ceil(this.total / PAGE) - 1) : 0;
    const wanted = [];
    for (let number = Math.min(first, end); number <= Math.min(last, end); number++) {
      if (this.pages.has(number)) this.touch(number);
      if (!this.pages.has(number) || this.stale.has(number)) wanted.push(number);
    }
    return wanted;
  }

  fetchMissing() {
    this.since = 0;
    const missing = this.missing();
    for (const [number, request] of this.asked) {
      if (!missing.includes(number)) request.abort(); // scrolled past
    }
    return Promise.all(missing.filter((number) => !this.asked.has(number)).map((number) => this.fetchPage(number)));
  }

  async fetchPage(number) {
    const request = new AbortController();
    this.asked.set(number, request);
    const { view } = this;
    try {
      const answer = await get(this.url, { ...view, offset: number * PAGE, limit: PAGE }, request.signal);
      if (this.asked.get(number) !== request) return;
      this.put(number, answer);
      this.onTrouble(null);
    } catch (problem) {
      if (problem.name === "AbortError" || this.asked.get(number) !== request) return;
      this.onTrouble(problem);
      if (problem instanceof Away) setTimeout(() => this.view === view && this.want(...this.range), RETRY);
    } finally {
      if (this.asked.get(number) === request) this.asked.delete(number);
    }
  }

  put(number, { total, rows }) {
    this.total = total;
    this.known = true;
    this.stale.delete(number);
    this.pages.delete(number);
    this.pages.set(number, rows);
    for (const old of this.pages.keys()) {
      if (this.pages.size <= KEPT) break;
      this.pages.delete(old);
      this.stale.delete(old);
    }
    this.onChange();
  }

  touch(number) {
    const rows = this.pages.get(number);
    this.pages.delete(number);
    this.pages.set(number, rows);
  }

  /** Another order or another choice of rows. */
  show(view) {
    this.view = { ...this.view, ...view };
    this.known = false;
    this.pages.clear();
    this.stale.clear();
    return this.fetchAnew();
  }

  /** Rows have changed on the server: what is here is shown until the new ones come. */
  refresh() {
    this.stale = new Set(this.pages.keys());
    return this.fetchAnew();
  }

  fetchAnew() {
    for (const request of this.asked.values()) request.abort();
    this.asked.clear();
    clearTimeout(this.timer);
    return this.fetchMissing();
  }

  /** A row as the server has it now, in the place where it is. */
  replace(row) {
    const place = this.placeOf(row.id);
    if (place < 0) return;
    this.pages.get(Math.floor(place / PAGE))[place % PAGE] = row;
    this.onChange();
  }

  /** The rows from one place to another, fetched where need be; at most `most` of them. */
  async between(first, last, most = 1000) {
    const from = Math.min(first, last);
    const to = Math.min(Math.max(first, last), from + most - 1);
    const found = [];
    for (let number = Math.floor(from / PAGE); number <= Math.floor(to / PAGE); number++) {
      if (!this.pages.has(number)) await this.fetchPage(number);
      const rows = this.pages.get(number) ?? [];
      found.push(...rows.filter((_, at) => number * PAGE + at >= from && number * PAGE + at <= to));
    }
    return found;
  }
}
