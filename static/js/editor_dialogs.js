// The editor's dialogs: what is asked before a field, condition, link, picture, table or button is put in or changed.

import { announce, showMessage } from "./app.js";
import { chipAt, chipNear } from "./editor_fields.js";
import { branchOf, conditionText } from "./editor_frames.js";
import { fieldCode, conditionCode, parseCondition } from "./editor_language.js";
import { NoPicture, pictureElement, resize, takePicture } from "./editor_pictures.js";
import { buttonAt, buttonHtml, tableHtml } from "./editor_tables.js";

const BLOCKS = "p, div, li, h1, h2, h3, td, th, blockquote";
const HOLDS_NO_TEXT = new Set(["UL", "OL", "TABLE", "TBODY", "THEAD", "TFOOT", "TR"]);
const MOST_CHARACTERS = 7_500_000; // of a message; the server takes 8 million

const blockOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement).closest(BLOCKS);

export class Dialogs {
  constructor(editor) {
    this.editor = editor;
    this.words = editor.language.words;
    this.setUp();
  }

  setUp() {
    const operator = document.getElementById("condition-operator");
    operator.addEventListener("change", () => this.showConditionParts());
    document.getElementById("condition-field").addEventListener("change", () => this.showConditionParts());
    for (const choice of document.querySelectorAll("select[data-into]")) {
      choice.addEventListener("change", () => {
        const into = document.getElementById(choice.dataset.into);
        into.setRangeText(fieldCode(choice.value), into.selectionStart, into.selectionEnd, "end");
        choice.value = "";
        into.focus();
      });
    }
  }

  /** Opens a dialog with these values; resolves to its values and the answer once it is closed, focus back in the message. */
  ask(id, values) {
    const { editor } = this;
    const dialog = document.getElementById(id);
    const form = dialog.querySelector("form");
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === "boolean" && form.elements[name].type === "checkbox") form.elements[name].checked = value;
      else form.elements[name].value = value;
    }
    const range = editor.squire.getSelection().cloneRange();
    editor.target = editor.area;
    dialog.returnValue = "cancel";
    dialog.showModal();
    return new Promise((resolve) => {
      const onClose = () => {
        editor.squire.focus();
        editor.squire.setSelection(range);
        resolve({ ...Object.fromEntries(new FormData(form)), answer: dialog.returnValue });
      };
      dialog.addEventListener("close", onClose, { once: true });
    });
  }

  // --- fields ----------------------------------------------------------------------------------------------

  async field(chip = null) {
    const { editor } = this;
    const field = chip && editor.language.parseField(chip.dataset.code);
    const values = field ? { field: field.name, fallback: field.fallback, format: field.format } : { fallback: "", format: "" };
    if (field) this.offerAsWritten(document.getElementById("field-name"), field.name);
    if (field) this.offerAsWritten(document.getElementById("field-format"), field.format);
    const given = await this.ask("field-dialog", values);
    if (given.answer !== "insert") return;
    if (chip) editor.selectChip(chip);
    editor.insert(fieldCode(given.field, given.fallback.trim(), given.format));
  }

  // A name or a format that is in no list stays as it is until another one is chosen.
  offerAsWritten(select, value) {
    select.querySelector("[data-as-written]")?.remove();
    if ([...select.options].some((option) => option.value === value)) return;
    const option = new Option(value, value);
    option.dataset.asWritten = "";
    select.append(option);
  }

  // --- conditions ------------------------------------------------------------------------------------------

  showConditionParts() {
    const { elements } = document.querySelector("#condition-dialog form");
    const isRaw = elements.field.value === "";
    for (const part of document.querySelectorAll("#condition-dialog [data-part]")) {
      const is = { simple: !isRaw, value: !isRaw && !["filled", "empty"].includes(elements.operator.value), raw: isRaw };
      part.hidden = !is[part.dataset.part];
    }
  }

  async condition() {
    const { editor } = this;
    const range = editor.squire.getSelection();
    const isWhole = !range.collapsed;
    const own = this.isOwnLine(range);
    this.showFor(isWhole ? "selection" : "new");
    this.showConditionParts();
    const given = await this.ask("condition-dialog", { value: "", raw: "", show: "", otherwise: "", where: own ? "own" : "line" });
    if (given.answer !== "insert") return;
    const code = this.codeOf(given);
    const at = editor.squire.getSelection();
    editor.squire.saveUndoState(at);
    if (given.where === "own") this.insertFrame(at, code, given);
    else this.insertChips(at, code, given);
    editor.changed();
  }

  /** Changes the condition of a frame's branch or of a chip within a sentence. */
  async changeCondition(place) {
    const { editor } = this;
    const code = place.dataset.open ?? place.dataset.code;
    const said = parseCondition(code);
    this.showFor("change");
    const form = document.querySelector("#condition-dialog form");
    if (said) this.offerAsWritten(form.elements.field, said.name);
    form.elements.field.value = said ? said.name : "";
    form.elements.operator.value = said?.operator ?? "==";
    this.showConditionParts();
    const raw = place.dataset.open ? conditionText(place) : code.replace(/^\{%-?\s*\w+\s*|\s*-?%\}$/g, "");
    const given = await this.ask("condition-dialog", { value: said?.value ?? "", raw });
    if (given.answer !== "insert") return;
    const word = /^\{%-?\s*(\w+)/.exec(code)[1];
    const changed = this.codeOf(given, word);
    editor.squire.saveUndoState();
    if (place.dataset.open) editor.frames.change(place, changed);
    else place.replaceWith(editor.chips.make(changed));
    editor.changed();
  }

  codeOf({ field, operator, value, raw }, word = "if") {
    return field === "" ? `{% ${word} ${raw.trim()} %}` : conditionCode(field, operator, value.trim(), word);
  }

  /** Which parts the dialog shows: for something "new", for a "selection", or to "change" a condition. */
  showFor(kind) {
    for (const part of document.querySelectorAll("#condition-dialog [data-for]")) part.hidden = !part.dataset.for.split(" ").includes(kind);
  }

  isOwnLine(range) {
    const [start, end] = [blockOf(range.startContainer), blockOf(range.endContainer)];
    if (start !== end || start === this.editor.area) return true;
    const text = start.textContent.replace(/[\s\u200b]/g, "");
    return start.matches("p, div, h1, h2, h3") && range.toString().replace(/[\s\u200b]/g, "") === text;
  }

  insertFrame(range, code, { show, otherwise }) {
    const { editor } = this;
    const others = otherwise.trim() ? this.paragraphs(otherwise) : null;
    let around = range.commonAncestorContainer;
    const holds = (node) => node === editor.area || node.matches(".merge-branch, td, th, blockquote");
    while (around.nodeType !== Node.ELEMENT_NODE || (!holds(around) && !this.canHold(around)) || HOLDS_NO_TEXT.has(around.tagName)) around = around.parentElement;
    const children = [...around.childNodes].filter((child) => range.intersectsNode(child));
    const frame = editor.frames.make(code, [], others);
    const [first] = frame.children;
    if (!range.collapsed) {
      children[0].before(frame);
      first.replaceChildren(...this.blocks(children));
    } else {
      const here = children.at(-1);
      const isFree = here && !here.textContent.replace(/[\s\u200b]/g, "") && !here.querySelector?.("img, table, hr");
      if (here) here.after(frame);
      else around.append(frame);
      if (isFree) here.remove();
      first.replaceChildren(...this.paragraphs(show));
    }
    editor.spareLine();
    editor.cursorInto(first);
  }

  canHold(node) {
    return node.matches("div") && [...node.children].some((child) => child.matches(BLOCKS));
  }

  // What stood loosely in a cell gets a paragraph.
  blocks(nodes) {
    if (nodes.every((node) => node.nodeType === Node.ELEMENT_NODE && !["inline", "inline-block"].includes(getComputedStyle(node).display))) return nodes;
    return [this.editor.squire.createDefaultBlock(nodes)];
  }

  paragraphs(text) {
    const lines = text.trim() ? text.split("\n") : [""];
    return lines.map((line) => {
      const block = this.editor.squire.createDefaultBlock();
      if (line.trim()) block.replaceChildren(this.inline(line));
      return block;
    });
  }

  inline(text) {
    const holder = document.createElement("p");
    holder.textContent = text.replace(/\n/g, " ");
    this.editor.chips.show(holder);
    const made = document.createDocumentFragment();
    made.append(...holder.childNodes);
    return made;
  }

  insertChips(range, code, { show, otherwise }) {
    const { editor } = this;
    const content = range.collapsed ? this.inline(show) : range.extractContents();
    const close = editor.chips.make("{% endif %}");
    content.prepend(editor.chips.make(code));
    if (otherwise.trim()) content.append(editor.chips.make("{% else %}"), this.inline(otherwise));
    content.append(close);
    range.insertNode(content);
    editor.cursorBehind(close);
  }

  // --- links and buttons -----------------------------------------------------------------------------------

  async link() {
    const { editor } = this;
    const range = editor.squire.getSelection();
    const anchor = range.startContainer.parentElement?.closest("a");
    const holder = document.querySelector("#link-text").closest(".field");
    holder.hidden = !range.collapsed && !anchor;
    const before = anchor ? editor.textOf(anchor) : "";
    const given = await this.ask("link-dialog", { address: anchor?.getAttribute("href") ?? "", text: before });
    const address = given.address.trim();
    if (given.answer === "remove") return this.removeLink(anchor);
    if (given.answer !== "insert" || !address) return;
    const href = fullAddress(address);
    if (!anchor && !range.collapsed) return editor.squire.makeLink(href);
    editor.squire.saveUndoState();
    const link = anchor ?? document.createElement("a");
    link.setAttribute("href", href);
    if (!anchor || given.text !== before) link.replaceChildren(this.inline(given.text.trim() || address));
    if (!anchor) editor.squire.insertElement(link, editor.squire.getSelection());
    editor.cursorBehind(link);
    editor.changed();
  }

  removeLink(anchor) {
    if (!anchor) return this.editor.squire.removeLink();
    this.editor.squire.saveUndoState();
    anchor.replaceWith(...anchor.childNodes);
    this.editor.changed();
  }

  async button(table = null) {
    const { editor } = this;
    const link = table?.querySelector("a");
    const values = link ? { text: editor.textOf(link), address: link.getAttribute("href"), color: link.closest("td").getAttribute("bgcolor") } : { text: "", address: "" };
    const given = await this.ask("button-dialog", values);
    if (given.answer !== "insert" || !given.text.trim()) return;
    const made = document.createElement("div");
    made.innerHTML = buttonHtml({ text: given.text.trim(), address: fullAddress(given.address.trim()), color: given.color });
    editor.chips.show(made);
    const block = made.firstElementChild;
    editor.squire.saveUndoState();
    if (table) table.replaceWith(block);
    else this.insertBlock(block);
    editor.cursorInto(block.querySelector("a"));
    editor.changed();
  }

  async table() {
    const given = await this.ask("table-dialog", {});
    if (given.answer !== "insert") return;
    const count = (text, most) => Math.min(Math.max(Number.parseInt(text, 10) || 1, 1), most);
    const made = document.createElement("div");
    made.innerHTML = tableHtml(count(given.rows, 50), count(given.columns, 20), "header" in given);
    const table = made.firstElementChild;
    this.editor.squire.saveUndoState();
    this.insertBlock(table);
    this.editor.cursorInto(table.rows[0].cells[0]);
    this.editor.changed();
  }

  /** A table, button or line goes behind the paragraph with the cursor, or takes its place when it is empty. */
  insertBlock(block) {
    const { editor } = this;
    const range = editor.squire.getSelection();
    let here = blockOf(range.startContainer);
    while (here.matches("li, h1, h2, h3") && here !== editor.area) here = here.parentElement.closest("ul, ol, div, td, th, blockquote") ?? here.parentElement;
    const listed = blockOf(range.startContainer).closest("ul, ol");
    if (listed && editor.area.contains(listed)) here = listed;
    if (here === editor.area) here.append(block);
    else if (here.matches("td, th, .merge-branch, blockquote")) here.append(block);
    else {
      here.after(block);
      if (!here.textContent.replace(/[\s\u200b]/g, "") && !here.querySelector("img") && here.matches("p, div")) here.remove();
    }
    editor.spareLine();
  }

  // --- pictures --------------------------------------------------------------------------------------------

  /** Files → pictures in the message, each after its alternative text was asked for. */
  async pictures(files) {
    for (const file of files) {
      try {
        await this.picture(await takePicture(file));
      } catch (problem) {
        if (!(problem instanceof NoPicture)) throw problem;
        showMessage("error", this.words.noPicture.replace("{name}", () => file.name));
      }
    }
  }

  async picture({ address, width }) {
    const { editor } = this;
    if (editor.html().length + address.length > MOST_CHARACTERS) return showMessage("error", this.words.tooManyPictures);
    const given = await this.askPicture({ address, width, alt: "" });
    if (given.answer !== "insert") return;
    const image = pictureElement({ address, width: given.width, alt: given.alt.trim() });
    editor.squire.saveUndoState();
    editor.squire.insertElement(image, editor.squire.getSelection());
    editor.changed();
    announce(this.words.pictureInserted);
  }

  async changePicture(image) {
    const width = Math.round(image.getBoundingClientRect().width);
    const given = await this.askPicture({ address: image.getAttribute("src"), width, alt: image.alt });
    if (given.answer !== "insert") return;
    this.editor.squire.saveUndoState();
    resize(image, given.width);
    image.alt = given.alt.trim();
    this.editor.changed();
  }

  async askPicture({ address, width, alt }) {
    const shown = document.getElementById("picture-shown");
    shown.src = address;
    const given = await this.ask("picture-dialog", { width, alt });
    shown.removeAttribute("src");
    return { ...given, width: Math.min(Math.max(Number.parseInt(given.width, 10) || width, 16), 1200) };
  }

  // --- whatever the cursor touches -------------------------------------------------------------------------

  /** F2 or a double click: opens the dialog of the field, button or condition there. */
  change(node = null) {
    const range = this.editor.squire.getSelection();
    const chip = node ? chipAt(node) : chipNear(range);
    const place = node ?? range.startContainer;
    if (chip?.matches(".merge-field")) return this.field(chip);
    if (chip && /^\{%-?\s*(?:if|elsif|unless)\b/.test(chip.dataset.code)) return this.changeCondition(chip);
    if (chip) return undefined;
    const element = place.nodeType === Node.ELEMENT_NODE ? place : place.parentElement;
    if (buttonAt(element)) return this.button(buttonAt(element));
    const branch = branchOf(place);
    const isCondition = branch && /^\{%-?\s*(?:if|elsif|unless)\b/.test(branch.dataset.open);
    return isCondition ? this.changeCondition(branch) : undefined;
  }
}

function fullAddress(address) {
  if (/^(?:[a-z][a-z0-9+.-]*:|#|\{\{)/i.test(address)) return address;
  return /^[^\s/]+@[^\s/]+$/.test(address) ? `mailto:${address}` : `https://${address}`;
}
