// What the buttons and choices of the editor do.

import { element } from "./app.js";
import { BLOCKS } from "./editor_html.js";
import { cellAt } from "./editor_tables.js";

/** By name: what a button or a choice of the toolbar, of the bar below it or of the panel does; choices hand over their value. */
export function commandsOf(editor) {
  const { squire, dialogs } = editor;
  const toggle = (tag, on, off) => () => (squire.hasFormat(tag) ? squire[off]() : squire[on]());
  const list = (tag, make) => () => {
    const cell = cellOf(squire);
    if (cell) listInCell(editor, cell, tag);
    else toggle(tag, make, "removeList")();
  };
  const span = (kind, style) => (value) =>
    squire.changeFormat(value ? { tag: "SPAN", attributes: { class: kind, style: `${style}: ${value}` } } : null, { tag: "SPAN", attributes: { class: kind } });
  return {
    bold: toggle("B", "bold", "removeBold"),
    italic: toggle("I", "italic", "removeItalic"),
    underline: toggle("U", "underline", "removeUnderline"),
    bullets: list("UL", "makeUnorderedList"),
    numbers: list("OL", "makeOrderedList"),
    indent: () => indent(squire, true),
    outdent: () => indent(squire, false),
    left: () => squire.setTextAlignment("left"),
    center: () => squire.setTextAlignment("center"),
    right: () => squire.setTextAlignment("right"),
    font: span("font", "font-family"),
    size: (value) => squire.setFontSize(value || null),
    color: (value) => squire.setTextColor(value || null),
    block: (value) => setBlock(squire, value),
    clear: () => clearFormatting(editor),
    undo: () => squire.undo(),
    redo: () => squire.redo(),
    divider: () => insertDivider(editor),
    table: () => dialogs.table(),
    button: () => dialogs.button(),
    picture: () => document.getElementById("picture-file").click(),
    link: () => dialogs.link(),
    field: () => dialogs.field(),
    condition: () => dialogs.condition(),
    source: () => editor.toggleSource(),
    overwrite: () => editor.autosave.overwrite(),
    "save-template": () => editor.templates.save(),
    "use-template": () => editor.templates.choose(),
    ...editor.context.commands(),
  };
}

const cellOf = (squire) => {
  const { commonAncestorContainer: common } = squire.getSelection();
  return cellAt(common.nodeType === Node.ELEMENT_NODE ? common : common.parentElement);
};

export function indent(squire, deeper) {
  if (squire.hasFormat("UL") || squire.hasFormat("OL")) return deeper ? squire.increaseListLevel() : squire.decreaseListLevel();
  if (cellOf(squire)) return squire.focus(); // Squire would cut the table in two around a quotation
  return deeper ? squire.increaseQuoteLevel() : squire.decreaseQuoteLevel();
}

// The lines of the cell become a list, or its list becomes lines: Squire would take them out of the table.
function listInCell(editor, cell, tag) {
  const { squire } = editor;
  squire.saveUndoState();
  const old = cell.querySelector("ul, ol");
  if (old?.tagName === tag) {
    old.replaceWith(...[...old.children].flatMap((item, at) => (at ? [document.createElement("br"), ...item.childNodes] : [...item.childNodes])));
  } else {
    const list = element(tag);
    let item = null;
    for (const node of [...(old ?? cell).childNodes]) {
      const isLine = node.nodeName === "BR" || node.nodeName === "P" || node.nodeName === "DIV" || node.nodeName === "LI";
      if (!item || isLine) list.append((item = element("li")));
      if (node.nodeName === "BR") item.append(node);
      else item.append(...(isLine ? [...node.childNodes] : [node]));
    }
    if (!list.children.length) list.append(element("li"));
    (old ?? cell).replaceChildren(...(old ? [] : [list]));
    old?.replaceWith(list);
  }
  editor.cursorInto(cell);
  editor.changed();
}

// Block by block, each where it stands: within a cell or a condition, too.
function setBlock(squire, tag) {
  const blocks = [];
  squire.forEachBlock((block) => void blocks.push(block));
  squire.saveUndoState();
  keepSelection(squire, () => {
    for (const block of blocks) {
      const made = element(tag, { style: BLOCKS[tag] });
      if (block.style.textAlign) made.style.textAlign = block.style.textAlign;
      if (block.matches("td, th, p, div, h1, h2, h3")) made.append(...block.childNodes);
      if (block.matches("td, th")) block.append(made);
      else if (block.matches("p, div, h1, h2, h3")) block.replaceWith(made);
    }
  });
  squire.focus();
}

/** Runs what moves nodes about, and puts the selection back to the nodes where it was, as far as they are still there. */
export function keepSelection(squire, act) {
  const range = squire.getSelection();
  const ends = [[range.startContainer, range.startOffset], [range.endContainer, range.endOffset]];
  act();
  if (!ends.every(([node]) => squire.getRoot().contains(node))) return;
  const [start, end] = ends.map(([node, offset]) => [node, Math.min(offset, node.length ?? node.childNodes.length)]);
  range.setStart(...start);
  range.setEnd(...end);
  squire.setSelection(range);
}

// Squire would take a chip for formatting; as text it survives and is a chip again afterwards.
function clearFormatting(editor) {
  const { squire, area } = editor;
  const range = squire.getSelection();
  const { startContainer: from, endContainer: to } = range;
  const chips = [...area.querySelectorAll(".merge-field, .merge-tag")];
  const within = chips.filter((chip) => range.intersectsNode(chip) && !chip.contains(from) && !chip.contains(to));
  keepSelection(squire, () => within.forEach((chip) => chip.replaceWith(chip.dataset.code)));
  squire.removeAllFormatting();
  editor.chips.show(area);
}

function insertDivider(editor) {
  editor.squire.saveUndoState();
  editor.dialogs.insertBlock(element("hr", { style: "margin: 16px 0; border: 0; border-top: 1px solid #cccccc" }));
  editor.spareLine();
  editor.changed();
}
