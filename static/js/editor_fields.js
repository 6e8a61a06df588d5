// {{ Field }} and {% if … %} in the editor: shown as chips that move and go as one, and written back as the same text.

import { TOKEN } from "./editor_language.js";

const CHIP = ".merge-field, .merge-tag";

export class Chips {
  constructor(language) {
    this.language = language;
  }

  make(code) {
    const { language } = this;
    const chip = document.createElement("span");
    chip.contentEditable = "false";
    chip.draggable = true;
    chip.dataset.code = code;
    const field = language.parseField(code);
    if (!field) {
      chip.className = "merge-tag";
      chip.textContent = language.tagLabel(code);
      return chip;
    }
    chip.className = "merge-field";
    chip.textContent = language.fieldLabel(field);
    if (!language.isKnown(field.name)) {
      const meant = language.suggestion(field.name);
      chip.classList.add("is-unknown");
      chip.title = language.words.unknown;
      if (meant) chip.dataset.meant = language.words.meant.replace("{field}", () => meant);
    }
    return chip;
  }

  /** Turns every token in the text of `root` (an element or fragment) into a chip. */
  show(root) {
    this.language.learn(root.textContent);
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
    hoist(root);
    for (const chip of root.querySelectorAll(CHIP)) chip.replaceWith(chip.dataset.code);
    root.normalize();
    return root;
  }

  /** The token the cursor stands behind, typed by hand just now: a range over it, or null. */
  typedBefore(range) {
    return behind(range, /(?:\{\{[^{}]*\}\}|\{%[^{}]*%\})$/);
  }

  /** The beginning of a field the cursor stands behind: a range from its braces on, or null. */
  begunBefore(range) {
    return behind(range, /\{\{[^{}]*$/);
  }
}

function behind(range, pattern) {
  const node = range.startContainer;
  if (!range.collapsed || node.nodeType !== Node.TEXT_NODE) return null;
  const match = pattern.exec(node.data.slice(0, range.startOffset));
  if (!match) return null;
  const over = document.createRange();
  over.setStart(node, match.index);
  over.setEnd(node, range.startOffset);
  return over;
}

/** Bold, colour and the like, put into a chip by the editor, go around it: they are about what it stands for. */
export function hoist(root) {
  for (const chip of root.querySelectorAll(CHIP)) {
    const formats = [];
    for (let inner = chip.firstElementChild; inner; inner = inner.firstElementChild) formats.push(inner);
    if (!formats.length) continue;
    const words = chip.textContent;
    chip.replaceChildren();
    let outer = chip;
    for (const format of formats.reverse()) {
      const around = format.cloneNode(false);
      outer.before(around);
      around.append(outer);
      outer = around;
    }
    chip.textContent = words;
  }
}

const isChip = (node) => node?.nodeType === Node.ELEMENT_NODE && node.matches(CHIP);
export const chipAt = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(CHIP) ?? null;

const written = (part) => part.replace(/\u200b/g, "") !== "";

/** The chip that is selected, or that the cursor touches. */
export function chipNear(range) {
  const within = chipAt(range.commonAncestorContainer);
  if (within) return within;
  const { startContainer: node, startOffset: offset } = range;
  if (node.nodeType === Node.ELEMENT_NODE) return [node.childNodes[offset], node.childNodes[offset - 1]].find(isChip) ?? null;
  if (!written(node.data.slice(0, offset)) && isChip(node.previousSibling)) return node.previousSibling;
  return !written(node.data.slice(offset)) && isChip(node.nextSibling) ? node.nextSibling : null;
}

/** The chip right before (or, forwards, right behind) the cursor, with nothing but empty characters between, or null. */
export function chipBeside({ startContainer: node, startOffset: offset }, forwards = false) {
  const step = forwards ? "nextSibling" : "previousSibling";
  const isText = node.nodeType === Node.TEXT_NODE;
  if (isText && written(forwards ? node.data.slice(offset) : node.data.slice(0, offset))) return null;
  let beside = isText ? node[step] : node.childNodes[forwards ? offset : offset - 1];
  while (beside?.nodeType === Node.TEXT_NODE && !written(beside.data)) beside = beside[step];
  return isChip(beside) ? beside : null;
}
