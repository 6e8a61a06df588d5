// The message editor. Squire does the typing; here are the fields, the source view and the glue between the parts.
// Without JavaScript the textarea with the HTML source remains, and the form works all the same.

import Squire from "../vendor/squire-2.4.8/squire.mjs";
import { announce, element, icon, showMessage } from "./app.js";
import { Autosave } from "./editor_autosave.js";
import { commandsOf, indent, keepSelection } from "./editor_commands.js";
import { ContextBar } from "./editor_context.js";
import { Dialogs } from "./editor_dialogs.js";
import { Chips, chipAt, chipBeside, chipNear, hoist } from "./editor_fields.js";
import { Frames, branchOf, frameOf } from "./editor_frames.js";
import { BLOCKS, clean, inert, isBeyondEditor, mailHtml } from "./editor_html.js";
import { Language, fieldCode } from "./editor_language.js";
import { cleanPasted } from "./editor_paste.js";
import { picturesIn } from "./editor_pictures.js";
import { Suggestions } from "./editor_suggest.js";
import { cellAt } from "./editor_tables.js";
import { SavedTemplates } from "./editor_templates.js";
import { Toolbar } from "./editor_toolbar.js";

const told = (id) => JSON.parse(document.getElementById(id).textContent);

class MessageEditor {
  constructor(form) {
    this.form = form;
    this.area = document.getElementById("editor-area");
    this.source = form.elements.html;
    this.subject = form.elements.subject;
    this.sourceButton = form.querySelector("[data-command=source]");
    this.target = this.area; // where a clicked field goes: the message, the subject or the source
    this.language = new Language(told("sheet-fields"), told("editor-words"), told("field-formats"));
    this.chips = new Chips(this.language);
    this.frames = new Frames(this.chips, () => this.squire.createDefaultBlock());
    this.loading = false;
    this.squire = new Squire(this.area, {
      blockTag: "P",
      blockAttributes: { style: BLOCKS.P },
      sanitizeToDOMFragment: (html) => this.taken(html),
      willCutCopy: (html) => this.given(html),
      undo: { documentSizeThreshold: 1_000_000, undoLimit: 30 }, // pictures stand in every state
      didError: (problem) => setTimeout(() => { throw problem; }), // told like any other mistake
    });
    this.toolbar = new Toolbar(form.querySelector("[role=toolbar]"), this.squire);
    this.dialogs = new Dialogs(this);
    this.context = new ContextBar(this);
    this.suggestions = new Suggestions(this);
    this.autosave = new Autosave(form, () => this.writeSource(), showProblems);
    this.templates = new SavedTemplates(this);
    this.commands = commandsOf(this);
    this.open();
    this.listen();
  }

  // --- the two views ---------------------------------------------------------------------------------------

  /** Shows what the source holds: in the editor, or as it is when the editor cannot hold it. */
  open() {
    this.isSource = isBeyondEditor(this.source.value);
    document.getElementById("lossy").hidden = !this.isSource;
    if (!this.isSource) this.readSource();
    this.showView();
  }

  showView() {
    for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;
    this.area.hidden = this.toolbar.bar.hidden = this.context.bar.hidden = this.isSource;
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
    this.spareLine();
    this.asWritten = this.html(); // what the editor makes of it: only a real change is written back
  }

  writeSource() {
    if (this.isSource) return;
    const html = this.html();
    if (html !== this.asWritten) this.source.value = this.asWritten = html;
  }

  html() {
    const root = inert(this.squire.getHTML());
    for (const spare of root.querySelectorAll(":scope > [data-spare]")) {
      if (spare.textContent.trim() || spare.querySelector("img")) spare.removeAttribute("data-spare");
      else spare.remove();
    }
    return mailHtml(this.chips.write(this.frames.write(root)));
  }

  /** HTML on its way into the editor: stored text as it is, what is pasted cleaned of its program's habits. */
  taken(html) {
    const kept = this.frames.keepInTable(html);
    const { fragment, lost } = this.loading ? { fragment: clean(kept), lost: 0 } : cleanPasted(kept);
    if (lost) showMessage("warn", this.language.words.lostPictures.replace("{count}", lost));
    return this.frames.show(this.chips.show(document.importNode(fragment, true)));
  }

  /** HTML on its way to the clipboard. A few words out of a cell or a condition do not take it along. */
  given(html) {
    let root = inert(html);
    const { commonAncestorContainer: common } = this.squire.getSelection();
    const around = common.nodeType === Node.ELEMENT_NODE ? common : common.parentElement;
    const holder = branchOf(around) ?? cellAt(around);
    for (let up = holder; up && up !== this.area; up = up.parentElement) root = root.firstElementChild ?? root;
    return this.chips.write(this.frames.write(root)).innerHTML;
  }

  textOf(node) {
    return this.chips.write(inert(node.innerHTML)).textContent.replace(/\u200b/g, "");
  }

  // --- events ----------------------------------------------------------------------------------------------

  listen() {
    const { squire, area, form } = this;
    squire.addEventListener("input", () => {
      if (this.frames.areCut(area)) keepSelection(squire, () => this.frames.rejoin(area));
      this.chipTyped();
      this.suggestions.look();
      if (this.autosave.dirty || this.html() !== this.asWritten) this.autosave.touch();
    });
    for (const change of ["pathChange", "select"]) squire.addEventListener(change, () => this.showState());
    squire.addEventListener("cursor", () => {
      this.leaveChip();
      this.showState();
    });
    squire.addEventListener("pasteImage", ({ detail }) => this.dialogs.pictures(picturesIn(detail.clipboardData)));
    const keys = { k: () => this.dialogs.link(), "]": () => indent(squire, true), "[": () => indent(squire, false) };
    for (const [key, act] of Object.entries(keys)) {
      for (const control of ["Ctrl", "Meta"]) squire.setKeyHandler(`${control}-${key}`, (_, event) => this.fromKey(event, act));
    }
    squire.setKeyHandler("F2", (_, event) => this.fromKey(event, () => this.dialogs.change()));
    squire.setKeyHandler("Alt-F10", (_, event) => this.fromKey(event, () => this.toolbar.focus()));
    squire.setKeyHandler("Tab", null); // Tab leaves the editor; lists are indented by Ctrl+]
    squire.setKeyHandler("Shift-Tab", null);
    // Above the area, for Squire listens on it and came first.
    for (const [kind, act] of [["keydown", "beforeKey"], ["drop", "dropFiles"]]) {
      area.parentElement.addEventListener(kind, (event) => area.contains(event.target) && this[act](event), { capture: true });
    }
    area.addEventListener("dblclick", (event) => this.dialogs.change(event.target));
    area.addEventListener("dragstart", (event) => this.selectChip(chipAt(event.target)), { capture: true });
    area.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
    area.addEventListener("click", (event) => this.clicked(event.target));
    for (const place of [area, this.subject, this.source]) place.addEventListener("focus", () => (this.target = place));
    form.addEventListener("input", (event) => event.target !== area && this.autosave.touch());
    form.addEventListener("submit", () => this.writeSource());
    document.addEventListener("click", (event) => this.onClick(event));
    this.toolbar.bar.addEventListener("change", (event) => this.run(event.target.dataset.command, event.target.value));
    const chooser = document.getElementById("picture-file");
    chooser.addEventListener("change", () => {
      this.dialogs.pictures([...chooser.files]);
      chooser.value = "";
    });
    document.addEventListener("dragstart", (event) => {
      const name = event.target.dataset?.insertField;
      if (name) event.dataTransfer.setData("text/plain", fieldCode(name));
    });
    addEventListener("keydown", (event) => event.key === "Escape" && this.context.picture && this.leavePicture(), { capture: true });
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

  clicked(node) {
    this.context.picture = node.nodeName === "IMG" ? node : null;
    this.selectChip(chipAt(node));
    this.showState();
  }

  // Squire holds on to a clicked picture, and to all keys with it, until something else is clicked.
  leavePicture() {
    this.context.picture = null;
    document.body.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    this.squire.focus();
    this.showState();
  }

  dropFiles(event) {
    const pictures = picturesIn(event.dataTransfer);
    if (!event.dataTransfer.files.length || event.dataTransfer.types.includes("text/html")) return;
    event.preventDefault();
    event.stopPropagation();
    const range = document.caretRangeFromPoint?.(event.clientX, event.clientY);
    this.squire.focus();
    if (range && this.area.contains(range.startContainer)) this.squire.setSelection(range);
    if (pictures.length) this.dialogs.pictures(pictures);
    else showMessage("info", this.language.words.noPictureDropped);
  }

  // --- commands --------------------------------------------------------------------------------------------

  run(command, value = "") {
    const end = this.area.lastElementChild;
    this.commands[command]?.(value);
    const added = this.area.lastElementChild; // Squire leaves an empty line behind what it has rebuilt
    if (added !== end && added?.matches("div:not([style], [class])") && !added.textContent) added.dataset.spare = "";
    hoist(this.area);
    this.showState();
  }

  /** After a change that was not typed: it is saved, and the bars show what is there now. */
  changed() {
    hoist(this.area);
    if (this.html() !== this.asWritten) this.autosave.touch();
    this.showState();
  }

  // Behind a frame, table or line at the very end there is a line to go on in. It is not written out while it is empty.
  spareLine() {
    const last = this.area.lastElementChild;
    if (!last?.matches(".merge-frame, table, hr")) return;
    const line = this.squire.createDefaultBlock();
    line.dataset.spare = "";
    last.after(line);
  }

  showState() {
    if (this.isSource) return;
    this.toolbar.show();
    this.context.show();
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
    announce(this.language.words.inserted);
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
    this.showState();
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

  cursorInto(node) {
    const range = document.createRange();
    range.selectNodeContents(node.querySelector?.("p, div:not(.merge-branch), h1, h2, li") ?? node);
    range.collapse(false);
    this.squire.focus();
    this.squire.setSelection(range);
  }

  // Nothing can be typed into a chip, where Squire may have left the cursor after a deletion.
  // Backspace behind a chip (Delete before it) takes the chip, not the empty character that holds the cursor.
  beforeKey(event) {
    if (this.suggestions.takesKey(event)) return;
    this.leaveChip();
    if (event.key !== "Backspace" && event.key !== "Delete") return;
    const range = this.squire.getSelection();
    const chip = range.collapsed ? chipBeside(range, event.key === "Delete") : null;
    if (!chip && !(range.collapsed && this.isAtFrame(range, event.key === "Delete"))) return;
    event.preventDefault();
    event.stopPropagation();
    this.squire.saveUndoState(range);
    if (chip) chip.remove();
    else this.leaveFrame(range);
    this.changed();
  }

  /** Whether the cursor stands at the edge of a condition, where a deletion would run into or out of it. */
  isAtFrame(range, forwards) {
    const node = range.startContainer;
    const block = (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement).closest("p, div, h1, h2, li");
    if (!block || block === this.area || block.matches(".merge-frame")) return false;
    const rest = range.cloneRange();
    if (forwards) rest.setEnd(block, block.childNodes.length);
    else rest.setStart(block, 0);
    const content = rest.cloneContents();
    if (content.textContent.replace(/\u200b/g, "") || content.querySelector("img, .merge-field, .merge-tag")) return false;
    let outer = block;
    const step = forwards ? "nextElementSibling" : "previousElementSibling";
    while (!outer[step] && outer.parentElement !== this.area && !outer.matches(".merge-branch")) outer = outer.parentElement;
    return outer.matches(".merge-branch") || Boolean(outer[step]?.matches(".merge-frame"));
  }

  // An empty branch goes with the key that would only leave it; anything else stays where it is.
  leaveFrame(range) {
    const branch = branchOf(range.startContainer);
    if (!branch || branch.textContent.replace(/[\s\u200b]/g, "") || branch.querySelector("img, table, hr")) return;
    const frame = frameOf(branch);
    if (branch !== frame.firstElementChild) {
      const before = branch.previousElementSibling;
      branch.remove();
      this.cursorInto(before);
    } else if (!frame.textContent.replace(/[\s\u200b]/g, "")) this.cursorInto(this.context.replaceByLine(frame));
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
