// The message editor. Squire does the typing; here are the toolbar, the fields, the source view and the glue.
// Without JavaScript the textarea with the HTML source remains, and the form works all the same.

import Squire from "../vendor/squire-2.4.8/squire.mjs";
import { announce, element, icon, showMessage } from "./app.js";
import { Autosave } from "./editor_autosave.js";
import { Chips, chipAt, chipBefore, chipNear, conditionCode, fieldCode, parseField, wrap } from "./editor_fields.js";
import { BLOCKS, clean, cleanPasted, isBeyondEditor, mailHtml } from "./editor_html.js";

class MessageEditor {
  constructor(form) {
    this.form = form;
    this.area = document.getElementById("editor-area");
    this.source = form.elements.html;
    this.toolbar = form.querySelector("[role=toolbar]");
    this.sourceButton = form.querySelector("[data-command=source]");
    this.subject = form.elements.subject;
    this.target = this.area; // where a clicked field goes: the message, the subject or the source
    const fields = JSON.parse(document.getElementById("sheet-fields").textContent);
    this.chips = new Chips(fields, form.dataset);
    this.loading = false;
    this.squire = new Squire(this.area, {
      blockTag: "P",
      blockAttributes: { style: BLOCKS.P },
      sanitizeToDOMFragment: (html) => this.chips.show(document.importNode(this.loading ? clean(html) : cleanPasted(html), true)),
      willCutCopy: (html) => this.chips.write(inert(html)).innerHTML,
    });
    this.autosave = new Autosave(form, () => this.writeSource(), showProblems);
    this.isSource = isBeyondEditor(this.source.value);
    document.getElementById("lossy").hidden = !this.isSource;
    if (!this.isSource) this.readSource();
    this.showView();
    this.listen();
  }

  // --- the two views ---------------------------------------------------------------------------------------

  showView() {
    this.area.hidden = this.toolbar.hidden = this.isSource;
    this.source.hidden = !this.isSource;
    this.sourceButton.hidden = false;
    this.sourceButton.setAttribute("aria-pressed", String(this.isSource));
    for (const part of document.querySelectorAll("[data-needs-editor]")) part.hidden = this.isSource;
  }

  toggleSource() {
    if (this.isSource) this.readSource();
    else this.writeSource();
    this.isSource = !this.isSource;
    this.showView();
    this.target = this.isSource ? this.source : this.area;
    this.target.focus();
  }

  readSource() {
    this.loading = true;
    this.squire.setHTML(this.source.value);
    this.loading = false;
    this.asWritten = this.html(); // what the editor makes of it: only a real change is written back
  }

  writeSource() {
    if (this.isSource) return;
    const html = this.html();
    if (html !== this.asWritten) this.source.value = this.asWritten = html;
  }

  html() {
    return mailHtml(this.chips.write(inert(this.squire.getHTML())));
  }

  // --- events ----------------------------------------------------------------------------------------------

  listen() {
    const { squire, area, form } = this;
    squire.addEventListener("input", () => {
      this.chipTyped();
      if (this.html() !== this.asWritten) this.autosave.touch();
    });
    squire.addEventListener("pathChange", () => this.showState());
    squire.addEventListener("select", () => this.showState());
    squire.addEventListener("cursor", () => {
      this.leaveChip();
      this.showState();
    });
    squire.addEventListener("undoStateChange", ({ detail }) => {
      this.button("undo").setAttribute("aria-disabled", String(!detail.canUndo));
      this.button("redo").setAttribute("aria-disabled", String(!detail.canRedo));
    });
    squire.addEventListener("pasteImage", () => showMessage("info", form.dataset.textPicture));
    squire.setKeyHandler("Ctrl-k", (_, event) => this.fromKey(event, () => this.askLink()));
    squire.setKeyHandler("Meta-k", (_, event) => this.fromKey(event, () => this.askLink()));
    squire.setKeyHandler("F2", (_, event) => this.fromKey(event, () => this.editChip(chipNear(squire.getSelection()))));
    squire.setKeyHandler("Alt-F10", (_, event) => this.fromKey(event, () => this.toolbarStops()[0].focus()));
    squire.setKeyHandler("Tab", null); // Tab leaves the editor; lists are indented by Ctrl+]
    squire.setKeyHandler("Shift-Tab", null);
    area.addEventListener("keydown", (event) => this.beforeKey(event), { capture: true });
    area.addEventListener("dblclick", (event) => this.editChip(chipAt(event.target)));
    area.addEventListener("dragstart", (event) => this.selectChip(chipAt(event.target)), { capture: true });
    area.addEventListener("click", (event) => this.selectChip(chipAt(event.target)));
    for (const place of [area, this.subject, this.source]) place.addEventListener("focus", () => (this.target = place));
    form.addEventListener("input", (event) => event.target !== area && this.autosave.touch());
    form.addEventListener("submit", () => this.writeSource());
    document.addEventListener("click", (event) => this.onClick(event));
    this.toolbar.addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault()); // keep the selection
    this.toolbar.addEventListener("change", (event) => this.run(event.target.dataset.command, event.target.value));
    this.toolbar.addEventListener("keydown", (event) => this.moveInToolbar(event));
    document.addEventListener("dragstart", (event) => {
      const name = event.target.dataset?.insertField;
      if (name) event.dataTransfer.setData("text/plain", fieldCode(name));
    });
    const operator = document.getElementById("condition-operator");
    operator.addEventListener("change", () => {
      document.getElementById("condition-value").closest(".field").hidden = ["filled", "empty"].includes(operator.value);
    });
    this.toolbarStops().forEach((stop, index) => (stop.tabIndex = index ? -1 : 0));
  }

  fromKey(event, act) {
    event.preventDefault();
    act();
  }

  onClick(event) {
    const field = event.target.closest("[data-insert-field]");
    if (field) return this.insert(fieldCode(field.dataset.insertField));
    const button = event.target.closest("button[data-command]");
    if (button && button.getAttribute("aria-disabled") !== "true") this.run(button.dataset.command);
  }

  // --- commands --------------------------------------------------------------------------------------------

  run(command, value = "") {
    const { squire } = this;
    const has = (tag) => squire.hasFormat(tag);
    const commands = {
      bold: () => (has("B") ? squire.removeBold() : squire.bold()),
      italic: () => (has("I") ? squire.removeItalic() : squire.italic()),
      underline: () => (has("U") ? squire.removeUnderline() : squire.underline()),
      strikethrough: () => (has("S") ? squire.removeStrikethrough() : squire.strikethrough()),
      bullets: () => (has("UL") ? squire.removeList() : squire.makeUnorderedList()),
      numbers: () => (has("OL") ? squire.removeList() : squire.makeOrderedList()),
      quote: () => (has("BLOCKQUOTE") ? squire.decreaseQuoteLevel() : squire.increaseQuoteLevel()),
      left: () => squire.setTextAlignment("left"),
      center: () => squire.setTextAlignment("center"),
      right: () => squire.setTextAlignment("right"),
      size: () => squire.setFontSize(value || null),
      color: () => squire.setTextColor(value || null),
      block: () => this.setBlock(value),
      clear: () => squire.removeAllFormatting(),
      undo: () => squire.undo(),
      redo: () => squire.redo(),
      table: () => this.insertTable(),
      link: () => this.askLink(),
      field: () => this.askField(),
      condition: () => this.askCondition(),
      source: () => this.toggleSource(),
      overwrite: () => this.autosave.overwrite(),
    };
    commands[command]?.();
    this.showState();
  }

  setBlock(tag) {
    this.squire.modifyBlocks((fragment) => {
      for (const block of fragment.querySelectorAll("p, div, h1, h2, h3")) {
        if (block.querySelector("p, div, ul, ol, table, blockquote")) continue;
        const made = element(tag, { style: BLOCKS[tag] });
        if (block.style.textAlign) made.style.textAlign = block.style.textAlign;
        made.append(...block.childNodes);
        block.replaceWith(made);
      }
      return fragment;
    });
    this.squire.focus();
  }

  insertTable() {
    const cell = '<td style="border: 1px solid #cccccc; padding: 6px 10px; vertical-align: top"><br></td>';
    const row = `<tr>${cell.repeat(2)}</tr>`;
    this.squire.insertHTML(`<table style="border-collapse: collapse; width: 100%"><tbody>${row.repeat(2)}</tbody></table>`);
    this.squire.focus();
  }

  // --- fields ----------------------------------------------------------------------------------------------

  insert(code) {
    const { target } = this;
    if (target === this.area) {
      this.putChip(this.squire.getSelection(), code);
    } else {
      target.setRangeText(code, target.selectionStart, target.selectionEnd, "end");
      target.focus();
      target.dispatchEvent(new Event("input", { bubbles: true }));
    }
    announce(this.form.dataset.textInserted);
  }

  chipTyped() {
    const over = this.chips.typedBefore(this.squire.getSelection());
    if (!over) return;
    this.putChip(over, over.toString().replace(/\u00a0/g, " "));
  }

  /** Replaces what the range holds by a chip and leaves the cursor behind it. */
  putChip(range, code) {
    const chip = this.chips.make(code);
    this.squire.saveUndoState(range);
    range.deleteContents();
    this.squire.insertElement(chip, range);
    const before = chip.previousSibling;
    // A space at the end of a line is a hard one in a browser; it need not be one any more.
    if (before?.nodeType === Node.TEXT_NODE) before.data = before.data.replace(/([^\s\u00a0])\u00a0$/, "$1 ");
    this.cursorBehind(chip);
  }

  // A browser types nothing behind an uneditable element at the end of a line: an empty character gives the cursor a place. It is not written out.
  cursorBehind(chip) {
    let next = chip.nextSibling;
    if (next?.nodeType !== Node.TEXT_NODE) {
      next = document.createTextNode("\u200b");
      chip.after(next);
    }
    const range = document.createRange();
    range.setStart(next, next.data.startsWith("\u200b") ? 1 : 0);
    this.squire.focus();
    this.squire.setSelection(range);
  }

  // Nothing can be typed into a chip, where Squire may have left the cursor after a deletion.
  // Backspace behind a chip takes the chip, not the empty character that holds the cursor.
  beforeKey(event) {
    this.leaveChip();
    const range = this.squire.getSelection();
    const chip = event.key === "Backspace" && range.collapsed && chipBefore(range);
    if (!chip) return;
    event.preventDefault();
    event.stopPropagation();
    this.squire.saveUndoState(range);
    chip.remove();
    this.autosave.touch();
  }

  leaveChip() {
    const range = this.squire.getSelection();
    const chip = range.collapsed && chipAt(range.startContainer);
    if (chip) this.cursorBehind(chip);
  }

  selectChip(chip) {
    if (!chip) return;
    const range = document.createRange();
    range.selectNode(chip);
    this.squire.setSelection(range);
  }

  async editChip(chip) {
    const field = chip && parseField(chip.dataset.code);
    if (field) await this.askField(chip, field);
  }

  async askField(chip = null, { name, fallback } = {}) {
    const given = await this.ask("field-dialog", name === undefined ? { fallback: "" } : { field: name, fallback });
    if (given?.answer !== "insert") return;
    if (chip) this.selectChip(chip);
    this.insert(fieldCode(given.field, given.fallback.trim()));
  }

  async askCondition() {
    const given = await this.ask("condition-dialog", { value: "" });
    if (given?.answer !== "insert") return;
    const range = this.squire.getSelection();
    this.squire.saveUndoState(range);
    const open = this.chips.make(conditionCode(given.field, given.operator, given.value.trim()));
    const close = this.chips.make("{% endif %}");
    wrap(range, open, close, this.area, (chip) => this.squire.createDefaultBlock([chip]));
    this.cursorBehind(range.collapsed ? open : close);
  }

  async askLink() {
    const anchor = this.squire.getSelection().startContainer.parentElement?.closest("a");
    const given = await this.ask("link-dialog", { address: anchor?.getAttribute("href") ?? "" });
    if (given?.answer === "remove") this.squire.removeLink();
    const address = given?.address.trim();
    if (given?.answer !== "insert" || !address) return;
    this.squire.makeLink(fullAddress(address));
  }

  /** Opens a dialog with these values; resolves to its values and the answer once it is closed, focus back in the message. */
  ask(id, values) {
    const dialog = document.getElementById(id);
    const form = dialog.querySelector("form");
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
    const range = this.squire.getSelection().cloneRange();
    this.target = this.area;
    dialog.returnValue = "cancel";
    dialog.showModal();
    return new Promise((resolve) => {
      const onClose = () => {
        this.squire.focus();
        this.squire.setSelection(range);
        resolve({ ...Object.fromEntries(new FormData(form)), answer: dialog.returnValue });
      };
      dialog.addEventListener("close", onClose, { once: true });
    });
  }

  // --- the toolbar's state ---------------------------------------------------------------------------------

  button(command) {
    return this.toolbar.querySelector(`[data-command=${command}]`);
  }

  showState() {
    if (this.isSource) return;
    const tags = { bold: "B", italic: "I", underline: "U", strikethrough: "S", bullets: "UL", numbers: "OL", quote: "BLOCKQUOTE", link: "A" };
    for (const [command, tag] of Object.entries(tags)) {
      this.button(command).setAttribute("aria-pressed", String(this.squire.hasFormat(tag)));
    }
    this.button("block").value = ["H1", "H2"].find((tag) => this.squire.hasFormat(tag)) ?? "P";
    const { fontSize = "", color = "" } = this.squire.getFontInfo();
    choose(this.button("size"), this.squire.hasFormat("H1") || this.squire.hasFormat("H2") ? "" : fontSize);
    choose(this.button("color"), hex(color));
  }

  toolbarStops() {
    return [...this.toolbar.querySelectorAll("button, select")];
  }

  moveInToolbar(event) {
    const stops = this.toolbarStops();
    const at = stops.indexOf(event.target);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: stops.length - 1 }[event.key];
    if (event.key === "Escape") return this.squire.focus();
    if (next === undefined || !stops[next]) return;
    event.preventDefault();
    stops[at].tabIndex = -1;
    stops[next].tabIndex = 0;
    stops[next].focus();
  }
}

// In a document that is not shown, so that no image is fetched.
function inert(html) {
  const root = document.implementation.createHTMLDocument("").body;
  root.innerHTML = html;
  return root;
}

function choose(select, value) {
  select.value = value;
  if (select.selectedIndex < 0) select.value = "";
}

function hex(color) {
  const parts = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(color);
  return parts ? `#${parts.slice(1).map((part) => Number(part).toString(16).padStart(2, "0")).join("")}` : color;
}

function fullAddress(address) {
  if (/^(?:[a-z][a-z0-9+.-]*:|#|\{\{)/i.test(address)) return address;
  return /^[^\s/]+@[^\s/]+$/.test(address) ? `mailto:${address}` : `https://${address}`;
}

function showProblems(problems) {
  const list = document.getElementById("message-problems");
  list.hidden = !problems.length;
  list.replaceChildren(
    ...problems.map(({ place, message }) => {
      const item = element("li", { class: "blocker" });
      const where = element("span", { class: "muted" });
      where.textContent = place ?? "";
      const words = element("div");
      words.append(where, ` ${message}`);
      item.append(icon("error"), words);
      return item;
    }),
  );
}

const form = document.querySelector("form[data-editor]");
if (form) form.messageEditor = new MessageEditor(form);
