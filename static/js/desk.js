// The data desk: the sheet as a grid that scrolls any number of rows, and is mended where it stands.
// Without JavaScript the table with pages remains, and its forms work all the same.

import { announce, showMessage } from "./app.js";
import { CellEditor } from "./desk_editor.js";
import { Grid } from "./desk_grid.js";
import { Problems } from "./desk_problems.js";
import { Rows } from "./desk_rows.js";
import { Saving } from "./desk_saving.js";
import { Away, post } from "./desk_server.js";
import { Toolbar } from "./desk_toolbar.js";

class Desk {
  constructor(section) {
    this.section = section;
    this.texts = section.dataset;
    this.urls = JSON.parse(document.getElementById("desk-urls").textContent);
    this.columns = JSON.parse(document.getElementById("desk-columns").textContent);
    this.editable = "editable" in section.dataset;
    this.address = Number(section.dataset.address || -1);
    this.banner = section.querySelector("[data-desk-away]");
    const asked = new URLSearchParams(location.search);
    const view = { show: asked.get("show") || "all", search: asked.get("search") || "", sort: "row", descending: 0 };
    this.saving = new Saving(this.urls.cell, {
      onSaved: (answer) => this.onSaved(answer),
      onChange: () => this.onSavingChange(),
    });
    this.rows = new Rows(this.urls.rows, view, {
      onChange: () => this.onRows(),
      onTrouble: (problem) => this.onTrouble(problem),
    });
    this.problems = new Problems(this);
    this.toolbar = new Toolbar(section, this);
    addEventListener("beforeunload", (event) => this.editor?.isChanged && event.preventDefault());
    this.start();
  }

  start() {
    const { section } = this;
    section.querySelector("[data-desk-plain]").remove();
    for (const part of section.querySelectorAll("[data-desk-part]")) part.hidden = false;
    this.root = section.querySelector("[role=grid]");
    this.grid = new Grid(this.root, {
      ...this,
      on: {
        edit: (typed) => this.edit(typed),
        clear: () => this.write(""),
        select: () => this.toolbar.showSelection(this.grid.selected),
        sort: ({ column, descending }) => this.show({ sort: column ?? "row", descending: Number(descending) }),
        move: () => this.toolbar.showCell(this.facts()),
        take: () => this.take(),
      },
    });
    this.grid.label = (code) => this.toolbar.label(code);
    this.root.addEventListener("copy", (event) => this.onCopy(event));
    this.root.addEventListener("paste", (event) => this.onPaste(event));
    document.addEventListener("keydown", (event) => this.onKey(event));
    this.rows.fetchMissing();
    this.toolbar.load();
  }

  // --- what is shown ---------------------------------------------------------------------------------------

  async show(view) {
    const { show, search } = { ...this.rows.view, ...view };
    const address = new URL(location.href);
    for (const [name, value] of Object.entries({ show: show === "all" ? "" : show, search, rows: "" })) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    history.replaceState(null, "", address);
    this.root.scrollTop = 0;
    this.grid.selected.clear(); // nothing may happen to rows out of sight
    this.toolbar.showSelection(this.grid.selected);
    this.grid.active.row = Math.min(this.grid.active.row, 0);
    this.toolbar.showView({ show, search });
    await this.rows.show(view);
    announce(this.texts.textRows.replace("{n}", this.rows.total.toLocaleString()));
  }

  onRows() {
    this.grid.render();
    this.toolbar.showTotal(this.rows);
    this.toolbar.showCell(this.facts());
  }

  onTrouble(problem) {
    this.isAway = Boolean(problem);
    this.rowsTrouble = !problem ? "" : problem instanceof Away ? this.texts.textAway : problem.message;
    this.showBanner();
  }

  showBanner() {
    const words = this.saving.away ? this.texts.textUnsaved.replace("{n}", this.saving.count) : (this.rowsTrouble ?? "");
    const place = this.banner.querySelector("[data-words]");
    if (place.textContent !== words) place.textContent = words;
    this.banner.hidden = !words;
  }

  /** What is to be said about the active cell. */
  facts() {
    const { row, column } = this.grid.active;
    const line = this.rows.at(row);
    if (!line || column < 0) return null;
    return { row: line, column, name: this.columns[column], waiting: this.saving.of(line.id, column) };
  }

  // --- cells -----------------------------------------------------------------------------------------------

  edit(typed) {
    const facts = this.facts();
    if (!this.editable || !facts || this.editor) return;
    this.grid.reveal();
    const { row, column, name, waiting } = facts;
    const place = { ...this.grid.active };
    this.editor = new CellEditor(this.grid.cell(), {
      value: waiting?.value ?? row.values[column] ?? "",
      typed,
      label: this.texts.textCell.replace("{what}", name).replace("{n}", row.number),
      onEnd: (value, where) => this.endEdit(place, row, value, where),
    });
  }

  endEdit({ row: at, column }, row, value, where) {
    this.editor = null;
    if (value !== null) this.saving.put(row.id, column, value);
    this.grid.render();
    const steps = { down: [1, 0], up: [-1, 0], right: [0, 1], left: [0, -1] };
    const [down, right] = steps[where] ?? [0, 0];
    if (where) this.grid.go(Math.max(0, at + down), Math.max(0, column + right));
  }

  write(value) {
    const facts = this.facts();
    if (!this.editable || !facts) return;
    if (value !== (facts.waiting?.value ?? facts.row.values[facts.column])) this.saving.put(facts.row.id, facts.column, value);
  }

  /** The suggestion for a mistyped address, in the row that is active. */
  take() {
    const row = this.grid.activeRow;
    if (!this.editable || !row?.suggestion) return;
    this.saving.put(row.id, this.address, row.suggestion);
    this.grid.go(this.grid.active.row, this.address);
  }

  onSaved({ row, summary }) {
    if (row) this.rows.replace(row);
    const { show, search, sort } = this.rows.view;
    // Another row may be a duplicate now, or none any more. A filtered or sorted view stays as it is under the hands.
    if (row && this.address >= 0 && show === "all" && !search && sort === "row") this.rows.refresh();
    if (this.saving.count <= 1) announce(this.texts.textSaved.replace("{n}", row?.number ?? ""));
    this.toolbar.showSummary(summary);
    this.problems.refresh();
  }

  onSavingChange() {
    if (!this.grid) return;
    this.grid.render();
    this.toolbar.showCell(this.facts());
    this.showBanner();
  }

  onCopy(event) {
    const facts = this.facts();
    if (!facts || event.target.closest("textarea") || String(getSelection())) return;
    event.clipboardData.setData("text/plain", facts.waiting?.value ?? facts.row.values[facts.column] ?? "");
    event.preventDefault();
  }

  onPaste(event) {
    if (event.target.closest("textarea")) return;
    event.preventDefault();
    event.stopPropagation();
    const text = event.clipboardData.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "");
    if (text.includes("\t")) showMessage("info", this.texts.textOneCell);
    else this.write(text);
  }

  onKey(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    if (event.target.closest("textarea, input, select, [contenteditable]")) return;
    const key = event.key.toLowerCase();
    const act = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : "";
    if (!act || !this.editable) return;
    event.preventDefault();
    this.act(this.urls[act]);
  }

  // --- rows ------------------------------------------------------------------------------------------------

  /** Do something that may change any row; the server's answer is shown, or its words when it refused. Returns it. */
  async act(url, fields = {}) {
    await this.saving.run();
    if (this.saving.away) return null;
    let answer;
    try {
      answer = await post(url, fields);
    } catch (problem) {
      showMessage("error", problem instanceof Away ? this.texts.textNotDone : problem.message);
      return null;
    }
    if (answer.said) announce(answer.said);
    this.toolbar.showSummary(answer.summary);
    this.problems.refresh();
    await this.rows.refresh();
    return answer;
  }

  async actOnSelection(url) {
    const ids = [...this.grid.selected.keys()];
    if (!ids.length || !(await this.act(url, { recipient: ids.join(",") }))) return;
    this.grid.selected.clear();
    this.grid.changed();
    this.grid.focus();
  }

  async add() {
    const answer = await this.act(this.urls.add);
    if (!answer) return;
    this.grid.sort = { column: null, descending: false };
    await this.show({ show: "all", search: "", sort: "row", descending: 0 });
    this.grid.renderHead();
    this.grid.go(this.rows.total - 1, Math.max(0, this.address));
    await this.rows.between(this.rows.total - 1, this.rows.total - 1);
    this.edit();
  }

  /** To the first cell with this problem, ready to be typed into. */
  async mendFirst(code) {
    await this.show({ show: code, search: "" });
    this.section.scrollIntoView({ block: "start" });
    this.grid.go(0, Math.max(0, this.address));
    this.edit();
  }
}

const section = document.querySelector("[data-desk]");
if (section) section.desk = new Desk(section);
