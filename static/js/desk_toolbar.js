// What stands around the grid: search, filter, the selection, undo and redo, and a line about the active cell.

import { announce } from "./app.js";
import { get } from "./desk_server.js";

const TYPING = 250; // milliseconds without a key before the search runs

export class Toolbar {
  /** section: the element with the grid; desk: what its buttons do. */
  constructor(section, desk) {
    this.section = section;
    this.desk = desk;
    this.search = section.querySelector("[data-desk-search]");
    this.filter = section.querySelector("[data-desk-show]");
    this.usual = new Map([...this.filter.options].map((option) => [option.value, option.textContent]));
    this.showView(desk.rows.view);
    this.listen();
  }

  part(name) {
    return this.section.querySelector(`[data-desk-${name}]`);
  }

  listen() {
    const { desk } = this;
    const acts = {
      add: () => desk.add(),
      remove: () => desk.actOnSelection(desk.urls.remove),
      "leave-out": () => desk.actOnSelection(desk.urls.leave_out),
      "take-in": () => desk.actOnSelection(desk.urls.take_in),
      clear: () => this.clearSelection(),
      undo: () => desk.act(desk.urls.undo),
      redo: () => desk.act(desk.urls.redo),
      all: () => desk.show({ show: "all", search: "" }),
      take: () => desk.take(),
      again: () => this.tryAgain(),
      discard: () => this.discard(),
    };
    this.section.addEventListener("click", (event) => {
      const button = event.target.closest("[data-desk-act]");
      if (button && button.getAttribute("aria-disabled") !== "true") acts[button.dataset.deskAct]();
    });
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => desk.show({ search: this.search.value.trim() }), TYPING);
    });
    this.search.form.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(this.timer);
      desk.show({ search: this.search.value.trim() });
    });
    this.filter.addEventListener("change", () => desk.show({ show: this.filter.value }));
  }

  async load() {
    try {
      this.showSummary(await get(this.desk.urls.summary, {}));
    } catch {
      // The rows say that the server is away; the page came with these numbers.
    }
  }

  /** The words for a problem, as the filter has them. */
  label(code) {
    return this.usual.get(code) ?? code;
  }

  // --- what is chosen --------------------------------------------------------------------------------------

  showView({ show, search }) {
    this.filter.value = show;
    if (this.search !== document.activeElement) this.search.value = search;
  }

  showTotal({ total, known }) {
    this.part("empty").hidden = !known || total > 0;
    this.section.querySelector("[role=grid]").hidden = this.part("cell").hidden = known && total === 0;
    this.part("count").textContent = known ? this.desk.texts.textRows.replace("{n}", total.toLocaleString()) : "";
  }

  showSummary(summary) {
    if (!summary) return;
    const counts = { all: summary.all, left_out: summary.left_out, edited: summary.edited, grouped: summary.grouped };
    for (const { code, count } of summary.problems) counts[code] = count;
    for (const option of this.filter.options) {
      const { value } = option;
      const count = counts[value];
      option.textContent = count ? `${this.usual.get(value)} (${count.toLocaleString()})` : this.usual.get(value);
      option.hidden = option.disabled = !this.isOffered(value, count, summary);
    }
    for (const name of ["undo", "redo"]) this.offer(name, summary[name]);
  }

  /** A filter that would show nothing is not offered; what the server does not count always is. */
  isOffered(value, count, { problems }) {
    if (value === "all" || this.filter.value === value) return true;
    if (value === "problems") return problems.length > 0;
    return ["edited", "grouped"].includes(value) ? count !== 0 : Boolean(count);
  }

  offer(name, what) {
    const button = this.section.querySelector(`[data-desk-act=${name}]`);
    if (!button) return;
    button.setAttribute("aria-disabled", String(!what));
    button.title = what ? `${button.dataset.words}: ${what}` : button.dataset.words;
    button.setAttribute("aria-label", button.title);
  }

  showSelection(selected) {
    const bar = this.part("selection");
    if (!bar) return;
    bar.hidden = !selected.size;
    const words = this.desk.texts.textSelected.replace("{n}", selected.size.toLocaleString());
    this.part("selected").textContent = words;
    announce(words);
  }

  clearSelection() {
    this.desk.grid.selected.clear();
    this.desk.grid.changed();
    this.desk.grid.focus();
  }

  // --- the line about the active cell ----------------------------------------------------------------------

  showCell(facts) {
    const bar = this.part("cell");
    const { row, waiting } = facts ?? {};
    const problems = (row?.problems ?? []).map((code) => this.label(code));
    const isTypo = Boolean(this.desk.editable && row?.suggestion && row.problems.includes("likely_typo"));
    const words = this.desk.grid.wasEntered ? waiting?.error || problems.join(" · ") : "";
    bar.classList.toggle("is-bad", Boolean(waiting?.error));
    const place = facts ? this.desk.texts.textCell.replace("{what}", facts.name).replace("{n}", row.number) : "";
    this.part("cell-place").textContent = this.desk.grid.wasEntered ? place : (this.desk.texts.textHint ?? "");
    if (this.part("cell-words").textContent !== words) this.part("cell-words").textContent = words;
    this.show("take", isTypo && !waiting, isTypo ? this.desk.texts.textTake.replace("{what}", row.suggestion) : "");
    this.show("again", Boolean(waiting?.error));
    this.show("discard", Boolean(waiting?.error));
  }

  show(act, isShown, words) {
    const button = this.part("cell").querySelector(`[data-desk-act="${act}"]`);
    if (!button) return;
    button.hidden = !isShown;
    if (words) button.textContent = words;
  }

  tryAgain() {
    const { row, column, waiting } = this.desk.facts();
    this.desk.saving.put(row.id, column, waiting.value);
    this.desk.grid.focus();
  }

  discard() {
    const { row, column } = this.desk.facts();
    this.desk.saving.discard(row.id, column);
    this.desk.grid.focus();
  }
}
