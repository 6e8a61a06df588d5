// The grid: of all rows and columns only those in sight are in the document, and the one cell that has the focus.
// It knows places, keys and marks; what a change means is the desk's business (desk.js).

import { element, icon } from "./app.js";
import { columnWidths, fill } from "./desk_cells.js";

const MARGIN = 8; // rows above and below those in sight
const SIDE = 600; // pixels of columns beside those in sight
const HEADER = -1; // the row of the header
const NUMBERS = -1; // the column of the row numbers

export class Grid {
  /**
   * root: the element that becomes the grid; columns: the header's texts; rows: a Rows; saving: a Saving;
   * texts: the section's data-text-*; on: what happens: {edit, clear, select, sort, move, change, take}.
   */
  constructor(root, { columns, address, editable, rows, saving, texts, on }) {
    Object.assign(this, { root, columns, address, editable, rows, saving, texts, on });
    this.active = { row: 0, column: Math.max(0, address) };
    this.selected = new Map(); // id of a row → its number
    this.shown = new Map(); // place → element
    this.spare = []; // elements to use again
    this.sort = { column: null, descending: false };
    this.build();
  }

  // --- building --------------------------------------------------------------------------------------------

  build() {
    this.head = element("div", { class: "desk-head", role: "row", "aria-rowindex": "1" });
    this.body = element("div", { class: "desk-body", role: "rowgroup" });
    const top = element("div", { class: "desk-top", role: "rowgroup" });
    top.append(this.head);
    this.root.replaceChildren(top, this.body);
    this.root.setAttribute("aria-colcount", this.columns.length + 1);
    this.measure();
    this.root.addEventListener("scroll", () => this.later(), { passive: true });
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.root.addEventListener("click", (event) => this.onClick(event));
    this.root.addEventListener("dblclick", (event) => this.cellOf(event.target) && this.on.edit());
    this.root.addEventListener("focusin", (event) => this.onFocus(event));
    new ResizeObserver(() => this.onResize()).observe(this.root);
  }

  /** Widths by what the first rows hold, and where each column begins. */
  measure() {
    const sample = [];
    for (let index = 0; index < 50 && this.rows.at(index); index++) sample.push(this.rows.at(index).values);
    const style = getComputedStyle(this.root);
    this.numbers = parseFloat(style.getPropertyValue("--numbers")) * parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.widths = columnWidths(this.columns, sample, `${style.fontSize} ${style.fontFamily}`, this.address);
    const room = this.root.clientWidth - this.numbers - this.widths.reduce((sum, width) => sum + width, 0);
    if (room > 0) this.widths = this.widths.map((width) => width + room / this.widths.length); // few columns fill the grid
    this.lefts = [];
    let left = this.numbers;
    for (const width of this.widths) {
      this.lefts.push(left);
      left += width;
    }
    this.width = left;
    this.body.style.width = this.head.style.width = `${left}px`;
    this.columnsShown = null;
  }

  onResize() {
    if (this.wide === this.root.clientWidth) return this.later();
    this.wide = this.root.clientWidth;
    this.measured = false;
    this.later();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.render();
    });
  }

  /** Everything anew: rows came, or their number changed. */
  render() {
    if (!this.measured && this.rows.at(0)) {
      this.measured = true;
      this.measure();
    }
    this.height = this.head.offsetHeight || this.height || 1; // nothing has a height while it is hidden
    const { total } = this.rows;
    this.body.style.height = `${total * this.height}px`;
    this.root.setAttribute("aria-rowcount", total + 1);
    this.root.setAttribute("aria-busy", String(!this.rows.known));
    if (total) this.active.row = Math.min(this.active.row, total - 1);
    const columns = this.columnsInSight();
    const anew = columns !== this.columnsShown;
    this.columnsShown = columns;
    if (anew) this.renderHead();
    this.renderRows(anew);
  }

  /** Those that are shown stay so while they cover what is in sight: scrolling sideways makes cells now and then. */
  columnsInSight() {
    const from = this.root.scrollLeft;
    const to = from + this.root.clientWidth;
    const within = (margin) => {
      const near = (left, column) => left + this.widths[column] > from - margin && left < to + margin;
      return [...this.lefts.keys()].filter((column) => near(this.lefts[column], column) || column === this.active.column);
    };
    const needed = within(0);
    return this.columnsShown && needed.every((column) => this.columnsShown.includes(column)) ? this.columnsShown : within(SIDE);
  }

  rowsInSight() {
    const first = Math.floor(this.root.scrollTop / this.height);
    return [first, first + Math.ceil(this.root.clientHeight / this.height)];
  }

  renderHead() {
    const held = this.head.contains(document.activeElement);
    const corner = element("div", { class: "desk-cell desk-number", role: "columnheader", "aria-colindex": "1" });
    corner.textContent = this.texts.textRow;
    corner.tabIndex = -1;
    this.head.replaceChildren(corner, ...this.columnsShown.map((column) => this.headCell(column)));
    this.setTab();
    if (held) this.focus();
  }

  headCell(column) {
    const isSorted = this.sort.column === column;
    const order = !isSorted ? "none" : this.sort.descending ? "descending" : "ascending";
    const cell = makeCell("columnheader", column);
    cell.setAttribute("aria-sort", order);
    if (column === this.address) cell.classList.add("is-address");
    this.place(cell, column);
    const words = element("span", { class: "desk-text" });
    words.textContent = this.columns[column];
    cell.title = this.columns[column];
    cell.append(words);
    if (isSorted) cell.append(icon("down"));
    return cell;
  }

  place(cell, column) {
    cell.style.left = `${this.lefts[column]}px`;
    cell.style.width = `${this.widths[column]}px`;
    return cell;
  }

  renderRows(anew) {
    const [first, last] = this.rowsInSight();
    const from = Math.max(0, first - MARGIN);
    const to = Math.min(this.rows.total - 1, last + MARGIN);
    for (const [index, row] of this.shown) {
      if ((index >= from && index <= to) || (index === this.active.row && index < this.rows.total)) continue;
      this.shown.delete(index);
      row.remove();
      this.spare.push(row);
    }
    for (let index = from; index <= to; index++) this.renderRow(index, anew);
    if (this.active.row >= 0) this.renderRow(this.active.row, anew);
    this.setTab();
    this.rows.want(from, to);
  }

  renderRow(index, anew) {
    let row = this.shown.get(index);
    if (!row) {
      row = this.spare.pop() ?? element("div", { class: "desk-row", role: "row" });
      anew = true; // it may have lain aside while the columns changed
      row.style.top = `${index * this.height}px`;
      row.setAttribute("aria-rowindex", index + 2);
      row.dataset.row = index;
      this.shown.set(index, row);
      this.body.append(row);
    }
    if (anew) this.makeCells(row);
    fill(row, this.rows.at(index), this);
  }

  /** The cells of the columns in sight. Those that are there stay: one may have the focus, or be typed into. */
  makeCells(row) {
    if (!row.firstChild) row.append(makeCell("rowheader", NUMBERS));
    const there = new Map([...row.children].slice(1).map((cell) => [Number(cell.dataset.column), cell]));
    for (const [column, cell] of there) if (!this.columnsShown.includes(column)) cell.remove();
    let last = row.firstChild;
    for (const column of this.columnsShown) {
      const cell = this.place(there.get(column) ?? makeCell("gridcell", column), column);
      if (last.nextSibling !== cell) last.after(cell);
      last = cell;
    }
  }

  // --- places ----------------------------------------------------------------------------------------------

  cell({ row, column } = this.active) {
    const line = row === HEADER ? this.head : this.shown.get(row);
    if (column === NUMBERS) return line?.firstChild;
    return line?.querySelector(`[data-column="${column}"]`);
  }

  cellOf(target) {
    return target.closest?.(".desk-cell[data-column]");
  }

  get activeRow() {
    return this.rows.at(this.active.row);
  }

  /** One cell is in the tab order: the active one. */
  setTab() {
    const cell = this.cell() ?? this.cell({ row: HEADER, column: this.columnsShown[0] });
    if (this.tabbed !== cell) this.tabbed?.setAttribute("tabindex", "-1");
    this.tabbed = cell;
    cell?.setAttribute("tabindex", "0");
  }

  /** Make a cell the active one, bring it into sight and give it the focus. */
  go(row, column, { focus = true } = {}) {
    const { total } = this.rows;
    this.active = {
      row: Math.max(HEADER, Math.min(row, total - 1)),
      column: Math.max(row === HEADER ? 0 : NUMBERS, Math.min(column, this.columns.length - 1)),
    };
    this.reveal();
    this.render();
    if (focus) this.focus();
    this.on.move();
  }

  focus() {
    this.cell()?.focus({ preventScroll: true });
  }

  reveal() {
    const { row, column } = this.active;
    if (row >= 0) {
      const top = row * this.height;
      const room = this.root.clientHeight - this.head.offsetHeight;
      if (top < this.root.scrollTop) this.root.scrollTop = top;
      else if (top + this.height > this.root.scrollTop + room) this.root.scrollTop = top + this.height - room;
    }
    if (column < 0) return;
    const left = this.lefts[column];
    const right = left + this.widths[column];
    if (left - this.numbers < this.root.scrollLeft) this.root.scrollLeft = left - this.numbers;
    else if (right > this.root.scrollLeft + this.root.clientWidth) {
      this.root.scrollLeft = Math.min(left - this.numbers, right - this.root.clientWidth);
    }
  }

  // --- pointer and keys ------------------------------------------------------------------------------------

  onFocus({ target }) {
    const cell = this.cellOf(target);
    if (!cell || cell.contains(this.cell())) return;
    const row = cell.closest("[data-row]");
    this.wasEntered = true;
    this.active = { row: row ? Number(row.dataset.row) : HEADER, column: Number(cell.dataset.column) };
    this.setTab();
    this.on.move();
  }

  onClick(event) {
    const cell = this.cellOf(event.target);
    const row = cell?.closest("[data-row]");
    if (!cell) return;
    if (!row) {
      this.go(HEADER, Number(cell.dataset.column));
      return this.sortBy(Number(cell.dataset.column));
    }
    const place = { row: Number(row.dataset.row), column: Number(cell.dataset.column) };
    const again = place.row === this.lastTap?.row && place.column === this.lastTap.column;
    const before = this.active.row;
    this.lastTap = place;
    this.go(place.row, place.column);
    if (event.target.closest("[data-take]")) return this.on.take();
    if (place.column === NUMBERS) this.select(event.shiftKey ? before : place.row, place.row, !event.shiftKey);
    else if (again && event.pointerType === "touch") this.on.edit();
  }

  onKey(event) {
    if (event.target.closest("textarea, input")) return;
    const { row, column } = this.active;
    const { total } = this.rows;
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.height) - 2);
    const far = event.ctrlKey || event.metaKey;
    const last = this.columns.length - 1;
    const moves = {
      ArrowUp: () => this.go(far ? 0 : row - 1, column),
      ArrowDown: () => this.go(far ? total - 1 : row + 1, column),
      ArrowLeft: () => this.go(row, far ? 0 : column - 1),
      ArrowRight: () => this.go(row, far ? last : column + 1),
      Home: () => this.go(far ? 0 : row, 0),
      End: () => this.go(far ? total - 1 : row, last),
      PageUp: () => this.go(Math.max(0, row - page), column),
      PageDown: () => this.go(row + page, column),
    };
    if (moves[event.key]) {
      event.preventDefault();
      moves[event.key]();
      if (event.shiftKey && row >= 0) this.extend(row);
      else delete this.anchor;
    } else if (row === HEADER) this.onHeaderKey(event);
    else this.onCellKey(event);
  }

  onHeaderKey(event) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    this.sortBy(this.active.column);
  }

  onCellKey(event) {
    const { row, column } = this.active;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === " " && (column === NUMBERS || event.shiftKey)) {
      event.preventDefault();
      this.select(row, row, true);
    } else if (event.key === "Enter" && event.altKey) this.on.take();
    else if (event.key === "Enter" || event.key === "F2") {
      event.preventDefault();
      this.on.edit();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.on.clear();
    } else if (event.key === "Escape") {
      this.selected.clear();
      this.changed();
    } else if (event.key.length === 1 && plain) {
      event.preventDefault();
      this.on.edit(event.key);
    }
  }

  sortBy(column) {
    const { sort } = this;
    if (column < 0) return;
    if (sort.column !== column) this.sort = { column, descending: false };
    else if (!sort.descending) this.sort = { column, descending: true };
    else this.sort = { column: null, descending: false };
    this.renderHead();
    this.on.sort(this.sort);
  }

  // --- selecting rows --------------------------------------------------------------------------------------

  extend(from) {
    this.anchor ??= from;
    this.select(this.anchor, this.active.row, false);
  }

  /** Select the rows between two places; or, when toggling, add or take one. */
  async select(first, last, toggle) {
    if (!this.editable || last < 0) return;
    const rows = await this.rows.between(Math.max(0, first), last);
    if (!toggle) this.selected.clear();
    for (const { id, number } of rows) {
      if (toggle && this.selected.has(id)) this.selected.delete(id);
      else this.selected.set(id, number);
    }
    this.changed();
  }

  changed() {
    this.render();
    this.on.select();
  }
}

function makeCell(role, column) {
  const number = column === NUMBERS ? " desk-number" : "";
  return element("div", {
    class: `desk-cell${number}`,
    role,
    "aria-colindex": String(column + 2),
    "data-column": String(column),
    tabindex: "-1",
  });
}
