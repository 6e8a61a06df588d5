// Merge language in the editor: {{ Field }} and {% if … %} are shown as chips that move and go as one, and are written back as the same text.

const TOKEN = /\{\{[^{}]*\}\}|\{%[^{}]*%\}/g;
const CHIP = ".merge-field, .merge-tag";

// Header cells are matched as the server does: any case, any run of spaces.
const plain = (name) => name.replace(/[\s\u00a0]+/g, " ").trim().toLowerCase();

/** {{ First name | default: "friend" }} → { name, fallback }, or null for anything that is not a field. */
export function parseField(code) {
  const inner = /^\{\{([\s\S]*)\}\}$/.exec(code)?.[1];
  if (inner === undefined) return null;
  const [name, ...filters] = inner.split("|");
  const fallback = /^\s*default\s*:\s*(["'“„])(.*)["'”“]\s*$/.exec(filters.join("|"))?.[2] ?? "";
  return { name: name.replace(/\u00a0/g, " ").trim(), fallback };
}

/** A text of the merge language: in whichever quotes it does not hold itself, for they cannot be escaped there. */
function quoted(words) {
  const safe = words.replace(/[{}]/g, "");
  if (!safe.includes('"')) return `"${safe}"`;
  return safe.includes("'") ? `"${safe.replace(/"/g, "”")}"` : `'${safe}'`;
}

export function fieldCode(name, fallback = "") {
  return fallback ? `{{ ${name} | default: ${quoted(fallback)} }}` : `{{ ${name} }}`;
}

export function conditionCode(name, operator, value) {
  if (operator === "filled") return `{% if ${name} != "" %}`;
  if (operator === "empty") return `{% if ${name} == "" %}`;
  return `{% if ${name} ${operator} ${quoted(value)} %}`;
}

export class Chips {
  /** fields: the header cells; words: the form's dataset with the translated texts. */
  constructor(fields, words) {
    this.known = new Set(fields.map(plain));
    this.words = words;
  }

  make(code) {
    const chip = document.createElement("span");
    chip.contentEditable = "false";
    chip.draggable = true;
    chip.dataset.code = code;
    const field = parseField(code);
    if (field) {
      chip.className = "merge-field";
      chip.dataset.field = field.name;
      chip.textContent = field.fallback ? `${field.name} / ${field.fallback}` : field.name || "?";
      if (!this.known.has(plain(field.name))) {
        chip.classList.add("is-unknown");
        chip.title = this.words.textUnknown;
      }
    } else {
      chip.className = "merge-tag";
      chip.textContent = this.tagLabel(code.replace(/^\{%-?\s*|\s*-?%\}$/g, ""));
    }
    return chip;
  }

  /** What a condition made by the dialog says in plain words; anything else is shown as it stands. */
  tagLabel(tag) {
    const { words } = this;
    if (tag === "endif") return words.textEnd;
    if (tag === "else") return words.textElse;
    const [, name, operator, , value] = /^if (.+?) (==|!=|contains) (["'])(.*)\3$/.exec(tag) ?? [];
    if (!name) return tag;
    if (!value) return `${words.textIf} ${name} ${operator === "==" ? words.textEmpty : words.textFilled}`;
    return `${words.textIf} ${name} ${{ "==": words.textIs, "!=": words.textIsNot, contains: words.textContains }[operator]} “${value}”`;
  }

  /** Turns every token in the text of `root` (an element or fragment) into a chip. */
  show(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.data.search(TOKEN) >= 0 && !node.parentElement?.closest(CHIP)) found.push(node);
    }
    for (const node of found) {
      const pieces = document.createDocumentFragment();
      let end = 0;
      for (const match of node.data.matchAll(TOKEN)) {
        pieces.append(node.data.slice(end, match.index), this.make(match[0].replace(/\u00a0/g, " ")));
        end = match.index + match[0].length;
      }
      pieces.append(node.data.slice(end));
      node.replaceWith(pieces);
    }
    return root;
  }

  /** The reverse: chips become text again. Changes `root`. */
  write(root) {
    for (const chip of root.querySelectorAll("[data-code]")) chip.replaceWith(chip.dataset.code);
    root.normalize();
    return root;
  }

  /** The token the cursor stands behind, typed by hand just now: a range over it, or null. */
  typedBefore(range) {
    const node = range.startContainer;
    if (!range.collapsed || node.nodeType !== Node.TEXT_NODE) return null;
    const before = node.data.slice(0, range.startOffset);
    const match = /(?:\{\{[^{}]*\}\}|\{%[^{}]*%\})$/.exec(before);
    if (!match) return null;
    const over = document.createRange();
    over.setStart(node, match.index);
    over.setEnd(node, range.startOffset);
    return over;
  }
}

const isChip = (node) => node?.nodeType === Node.ELEMENT_NODE && node.matches(CHIP);
export const chipAt = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(CHIP) ?? null;

const written = (part) => part.replace(/\u200b/g, "") !== "";

/** The chip that is selected, or that the cursor touches. */
export function chipNear(range) {
  const inside = chipAt(range.commonAncestorContainer);
  if (inside) return inside;
  const { startContainer: node, startOffset: offset } = range;
  if (node.nodeType === Node.ELEMENT_NODE) return [node.childNodes[offset], node.childNodes[offset - 1]].find(isChip) ?? null;
  if (!written(node.data.slice(0, offset)) && isChip(node.previousSibling)) return node.previousSibling;
  return !written(node.data.slice(offset)) && isChip(node.nextSibling) ? node.nextSibling : null;
}

/** The chip right before the start of the range, with nothing but empty characters between, or null. */
export function chipBefore({ startContainer: node, startOffset: offset }) {
  const isText = node.nodeType === Node.TEXT_NODE;
  if (isText && written(node.data.slice(0, offset))) return null;
  let before = isText ? node.previousSibling : node.childNodes[offset - 1];
  while (before?.nodeType === Node.TEXT_NODE && !written(before.data)) before = before.previousSibling;
  return isChip(before) ? before : null;
}

const BLOCKS = "p, div, li, h1, h2, h3, td, th, blockquote";
const HOLDS_NO_TEXT = new Set(["UL", "OL", "TABLE", "TBODY", "TR"]);

/** Puts `open` before and `close` behind the range, both at the same depth: whatever is left out, the HTML stays whole.
    Within one paragraph the selection itself is wrapped; over several, the paragraphs are, each chip on a line of its own (made by `line`). */
export function wrap(range, open, close, area, line) {
  const block = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement).closest(BLOCKS);
  if (block(range.startContainer) === block(range.endContainer) && block(range.startContainer) !== area) {
    const content = range.extractContents();
    content.prepend(open);
    content.append(close);
    range.insertNode(content);
    return;
  }
  let around = range.commonAncestorContainer;
  while (around !== area && (around.nodeType !== Node.ELEMENT_NODE || HOLDS_NO_TEXT.has(around.tagName))) around = around.parentElement;
  const children = [...around.childNodes].filter((child) => range.intersectsNode(child));
  children[0].before(line(open));
  children.at(-1).after(line(close));
}
