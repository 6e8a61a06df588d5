// Conditions and loops that stand on lines of their own are shown as framed blocks, table rows in a loop as marked rows.
// A frame is one element with a branch for each case, so whatever is deleted or moved, every {% if %} keeps its {% endif %}.

import { element } from "./app.js";
import { LOOP, inside, isRowLoop, tagKind } from "./editor_language.js";

const BLOCK = /^(?:P|DIV|H[1-6]|UL|OL|TABLE|BLOCKQUOTE|HR|PRE|CENTER)$/;
const ENDS = { if: "{% endif %}", unless: "{% endunless %}", for: "{% endfor %}" };
const RUN = /((?:\{%[^{}]*%\}\s*)+)/.source;
const BEFORE_ROW = new RegExp(`${RUN}(?=<tr\\b)`, "gi");
const BEHIND_ROW = new RegExp(`(</tr>\\s*)${RUN}(?=</t|<tr\\b|$)`, "gi");

const isBlank = (node) => node.nodeType === Node.COMMENT_NODE || (node.nodeType === Node.TEXT_NODE && !node.data.replace(/[\s\u200b\u00a0]/g, ""));

export class Frames {
  /** chips: makes chips; emptyLine: makes an empty paragraph. */
  constructor(chips, emptyLine) {
    this.language = chips.language;
    this.chips = chips;
    this.emptyLine = emptyLine;
    this.made = 0; // numbers frames and branches, so that pieces of one are known
  }

  // --- into the editor -------------------------------------------------------------------------------------

  /** `html` with the tags between table rows in rows of their own: a browser would move them out of the table. */
  keepInTable(html) {
    const row = (tags) => `<tr data-tags="${tags.trim().replace(/&/g, "&amp;").replace(/"/g, "&quot;")}"></tr>`;
    return html.replace(BEHIND_ROW, (_, end, tags) => end + row(tags)).replace(BEFORE_ROW, (tags) => row(tags));
  }

  /** Puts frames around what stands between the tags in `root`, where chips are shown already. */
  show(root) {
    this.showRows(root);
    for (const parent of [root, ...root.querySelectorAll("div, td, th, blockquote, center")]) this.showIn(parent);
    return root;
  }

  showIn(parent) {
    const begun = [];
    for (const node of [...parent.childNodes]) {
      if (isBlank(node)) continue;
      const code = tagLine(node);
      const kind = code && tagKind(code);
      if (!kind) {
        const isBlock = node.nodeType === Node.ELEMENT_NODE && BLOCK.test(node.tagName);
        if (!isBlock && begun.length) begun.at(-1).holdsText = true;
        continue;
      }
      if (kind.does === "opens") begun.push({ what: kind.what, lines: [node] });
      else if (!begun.length) continue;
      else begun.at(-1).lines.push(node);
      if (kind.does !== "ends") continue;
      const whole = begun.pop();
      if (whole.what !== kind.what) return;
      if (!whole.holdsText && isOnLines(whole.lines)) this.build(whole.what, whole.lines);
      else if (begun.length) begun.at(-1).holdsText = true;
    }
  }

  build(what, lines) {
    const frame = this.frame(what);
    lines[0].before(frame);
    for (const [at, line] of lines.slice(0, -1).entries()) {
      const branch = this.branch(tagLine(line));
      while (line.nextSibling !== lines[at + 1]) branch.append(line.nextSibling);
      if ([...branch.childNodes].every(isBlank)) branch.replaceChildren(this.emptyLine());
      this.add(frame, branch);
    }
    lines.forEach((line) => line.remove());
  }

  showRows(root) {
    for (const row of root.querySelectorAll("tr[data-tags]")) {
      const codes = row.dataset.tags.match(/\{%[^{}]*%\}/g) ?? [];
      for (const code of codes) {
        const ends = tagKind(code)?.does === "ends";
        const beside = ends ? rowBeside(row, "previousElementSibling") : rowBeside(row, "nextElementSibling");
        if (beside) beside.dataset[ends ? "after" : "before"] = (beside.dataset[ends ? "after" : "before"] ?? "") + code;
      }
      row.remove();
    }
    for (const row of root.querySelectorAll("tr")) {
      const [open, close] = [row.querySelector(".merge-tag"), [...row.querySelectorAll(".merge-tag")].at(-1)];
      if (!open || !isRowLoop(open.dataset.code) || tagKind(close.dataset.code)?.does !== "ends") continue;
      if (!row.firstElementChild.contains(open) || !row.lastElementChild.contains(close)) continue;
      Object.assign(row.dataset, { before: open.dataset.code, after: close.dataset.code });
      open.remove();
      close.remove();
    }
    this.captionRows(root);
  }

  captionRows(root) {
    for (const cell of root.querySelectorAll("[data-caption]")) delete cell.dataset.caption;
    for (const row of root.querySelectorAll("tr[data-before]")) {
      const first = row.dataset.before.match(/\{%[^{}]*%\}/)?.[0] ?? "";
      row.className = "merge-row";
      if (row.cells[0]) row.cells[0].dataset.caption = this.language.tagLabel(first);
    }
  }

  // --- making and changing ---------------------------------------------------------------------------------

  // Squire joins neighbours of the same class when it rebuilds blocks: each has its own, so that only pieces of one are joined.
  frame(what) {
    const part = `part-${(this.made += 1)}`;
    return element("div", { class: `merge-frame ${part}`, "data-what": what, "data-part": part });
  }

  branch(code) {
    const part = `part-${(this.made += 1)}`;
    return element("div", { class: `merge-branch ${part}`, "data-open": code, "data-heading": this.language.tagLabel(code), "data-part": part });
  }

  add(frame, branch) {
    frame.dataset.open ??= branch.dataset.open; // the frame knows its condition should its first branch be deleted
    frame.append(branch);
  }

  /** Squire cuts a frame in pieces when it makes a list or a quotation in it. */
  areCut(root) {
    return [...root.querySelectorAll(".merge-frame + .merge-frame")].some(isRestOfOneBefore);
  }

  rejoin(root) {
    for (const frame of [...root.querySelectorAll(".merge-frame + .merge-frame")].filter(isRestOfOneBefore)) {
      const before = frame.previousElementSibling;
      for (const branch of [...frame.children]) {
        if (before.lastElementChild.dataset.part === branch.dataset.part) before.lastElementChild.append(...branch.childNodes);
        else before.append(branch);
      }
      frame.remove();
    }
  }

  /** A frame with this condition around these blocks; an array of blocks for “otherwise”, or null for none. */
  make(code, blocks, otherwise = null) {
    const frame = this.frame("if");
    const branch = this.branch(code);
    branch.append(...(blocks.length ? blocks : [this.emptyLine()]));
    this.add(frame, branch);
    if (otherwise) this.addOtherwise(frame, otherwise);
    return frame;
  }

  addOtherwise(frame, blocks = [this.emptyLine()]) {
    const branch = this.branch("{% else %}");
    branch.append(...blocks);
    this.add(frame, branch);
  }

  change(branch, code) {
    if (!branch.previousElementSibling) branch.parentElement.dataset.open = code;
    branch.dataset.open = code;
    branch.dataset.heading = this.language.tagLabel(code);
  }

  unwrap(frame) {
    frame.replaceWith(...[...frame.children].flatMap((branch) => [...branch.childNodes]));
  }

  /** Repeats the row for every row of the person, or stops it. Returns whether it is repeated now. */
  toggleRow(row) {
    const isRepeated = isRowLoop(row.dataset.before ?? "");
    if (isRepeated) {
      delete row.dataset.before;
      delete row.dataset.after;
      row.removeAttribute("class");
    } else Object.assign(row.dataset, { before: LOOP, after: ENDS.for });
    this.captionRows(row.closest("table"));
    return !isRepeated;
  }

  // --- out of the editor -----------------------------------------------------------------------------------

  /** Frames and marked rows become text again. Changes `root`. */
  write(root) {
    for (const frame of [...root.querySelectorAll(".merge-frame")].reverse()) {
      const branches = [...frame.children].filter((child) => child.dataset.open);
      const texts = branches.flatMap((branch) => [branch.dataset.open, ...branch.childNodes]);
      const begins = !branches.length || tagKind(branches[0].dataset.open)?.does === "opens";
      if (!begins) texts.unshift(frame.dataset.open);
      frame.replaceWith(...texts, branches.length ? ENDS[frame.dataset.what] : "");
    }
    for (const row of root.querySelectorAll("tr[data-before], tr[data-after]")) {
      row.before(row.dataset.before ?? "");
      row.after(row.dataset.after ?? "");
    }
    return root;
  }
}

/** The code of a tag that stands alone: a chip between blocks, or a paragraph with nothing else in it. */
function tagLine(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return null;
  if (node.matches(".merge-tag")) return node.dataset.code;
  if (!node.matches("p, div") || node.matches(".merge-frame, .merge-branch")) return null;
  const told = [...node.childNodes].filter((child) => !isBlank(child) && child.nodeName !== "BR");
  return told.length === 1 && told[0].nodeType === Node.ELEMENT_NODE && told[0].matches(".merge-tag") ? told[0].dataset.code : null;
}

/** Whether text runs into none of the tags: {% if %} and {% endif %} within a sentence stay there. */
function isOnLines(lines) {
  const beside = (node, step) => {
    let other = node[step];
    while (other && isBlank(other)) other = other[step];
    return !other || (other.nodeType === Node.ELEMENT_NODE && (BLOCK.test(other.tagName) || tagLine(other)));
  };
  return lines.every((line) => beside(line, "previousSibling") && beside(line, "nextSibling")) && lines[0] !== lines.at(-1) && hasBlocks(lines);
}

// {% if %}{% endif %} alone, or around text in a cell, is no block.
function hasBlocks(lines) {
  if (lines.some((line) => BLOCK.test(line.tagName))) return true;
  for (let node = lines[0]; node && node !== lines.at(-1); node = node.nextSibling) {
    if (node.nodeType === Node.ELEMENT_NODE && BLOCK.test(node.tagName)) return true;
  }
  return false;
}

const isRestOfOneBefore = (frame) => frame.previousElementSibling.dataset.part === frame.dataset.part;

function rowBeside(row, step) {
  let other = row[step];
  while (other?.dataset.tags) other = other[step];
  return other;
}

export const frameOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(".merge-frame") ?? null;
export const branchOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(".merge-branch") ?? null;
export const conditionText = (branch) => inside(branch.dataset.open).replace(/^(?:if|elsif|unless)\s+/, "");
