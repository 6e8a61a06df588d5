// Typing into a cell of the grid: a text box over the cell, as large as its text.

import { element } from "./app.js";

export class CellEditor {
  /** onEnd: gets the text, or null when it is the same, and where to go: "down", "up", "right", "left", "here", or "" when the focus went elsewhere. */
  constructor(cell, { value, label, typed, onEnd }) {
    this.cell = cell;
    this.value = value;
    this.onEnd = onEnd;
    this.box = element("textarea", { class: "desk-editor", rows: "1", "aria-label": label, autocomplete: "off", spellcheck: "false" });
    this.box.value = typed ?? value;
    cell.classList.add("is-editing");
    cell.append(this.box);
    this.fit();
    this.box.focus({ preventScroll: true });
    this.box.setSelectionRange(this.box.value.length, this.box.value.length);
    this.box.addEventListener("input", () => this.fit());
    this.box.addEventListener("keydown", (event) => this.onKey(event));
    this.box.addEventListener("blur", () => this.end(this.box.value, ""));
    for (const name of ["click", "dblclick"]) this.box.addEventListener(name, (event) => event.stopPropagation());
  }

  /** Wide enough to read, high enough for its lines, and within what is in sight. */
  fit() {
    const { box, cell } = this;
    const grid = cell.closest("[role=grid]");
    const left = cell.offsetLeft - grid.scrollLeft;
    box.style.width = `${Math.min(Math.max(cell.offsetWidth, 256), Math.max(160, grid.clientWidth - left))}px`;
    box.style.height = "auto";
    box.style.height = `${Math.max(cell.offsetHeight, Math.min(box.scrollHeight + 2, 240))}px`;
  }

  onKey(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Escape") this.finish(event, null, "here");
    else if (event.key === "Tab") this.finish(event, this.box.value, event.shiftKey ? "left" : "right");
    else if (event.key === "Enter" && (event.altKey || event.ctrlKey || event.metaKey)) this.newLine(event);
    else if (event.key === "Enter") this.finish(event, this.box.value, event.shiftKey ? "up" : "down");
  }

  newLine(event) {
    event.preventDefault();
    this.box.setRangeText("\n", this.box.selectionStart, this.box.selectionEnd, "end");
    this.fit();
  }

  get isChanged() {
    return !this.isOver && this.box.value !== this.value;
  }

  finish(event, value, where) {
    event.preventDefault();
    this.end(value, where);
  }

  end(value, where) {
    if (this.isOver) return; // taking the box away blurs it
    this.isOver = true;
    this.box.remove();
    this.cell.classList.remove("is-editing");
    this.onEnd(value === this.value ? null : value, where);
  }
}
