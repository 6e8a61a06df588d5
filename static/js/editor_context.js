// The bar below the toolbar: what can be done with the field, condition, table, picture or button that the cursor touches.

import { announce } from "./app.js";
import { chipNear } from "./editor_fields.js";
import { branchOf, frameOf } from "./editor_frames.js";
import { fieldCode, isRowLoop, tagKind } from "./editor_language.js";
import { TABLE_COMMANDS, buttonAt, cellAt } from "./editor_tables.js";

const CONDITION = /^\{%-?\s*(?:if|elsif|unless)\b/;

export class ContextBar {
  constructor(editor) {
    this.editor = editor;
    this.bar = document.getElementById("editor-context");
    this.picture = null; // the one that was clicked
    this.bar.addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault()); // keep the selection
  }

  /** What the cursor touches: { chip, branch, cell, button, picture }, each an element or null. */
  touched() {
    const { editor } = this;
    const range = editor.squire.getSelection();
    const { startContainer } = range;
    const element = startContainer.nodeType === Node.ELEMENT_NODE ? startContainer : startContainer.parentElement;
    const inside = element && editor.area.contains(element);
    if (this.picture && !editor.area.contains(this.picture)) this.picture = null;
    if (this.picture) return { picture: this.picture, chip: null, branch: branchOf(this.picture), cell: cellAt(this.picture), button: null };
    const near = startContainer.nodeType === Node.ELEMENT_NODE ? [element.childNodes[range.startOffset], element.childNodes[range.startOffset - 1]] : [];
    return {
      picture: near.find((node) => node?.nodeName === "IMG") ?? null,
      chip: inside ? chipNear(range) : null,
      branch: inside ? branchOf(element) : null,
      cell: inside ? cellAt(element) : null,
      button: inside ? buttonAt(element) : null,
    };
  }

  show() {
    const { chip, branch, cell, button, picture } = this.touched();
    const { language } = this.editor;
    const field = chip?.matches(".merge-field") ? language.parseField(chip.dataset.code) : null;
    const isUnknown = Boolean(field && !language.isKnown(field.name));
    const meant = isUnknown ? language.suggestion(field.name) : "";
    const condition = chip && tagKind(chip.dataset.code) ? chip : branch;
    const code = condition ? condition.dataset.open ?? condition.dataset.code : "";
    const frame = branch && frameOf(branch);
    const shown = { field: Boolean(field), unknown: isUnknown, condition: Boolean(condition) && !field, table: Boolean(cell), button: Boolean(button), picture: Boolean(picture) };
    for (const group of this.bar.querySelectorAll("[data-context]")) group.hidden = !shown[group.dataset.context];
    this.bar.querySelector("[data-hint]").hidden = Object.values(shown).some(Boolean);
    this.say("field", field ? language.fieldLabel(field) : "");
    this.say("unknown", meant ? language.words.meant.replace("{field}", () => meant) : language.words.unknown);
    this.part("[data-command=use-meant]").hidden = !meant;
    this.say("condition", code ? language.tagLabel(code) : "");
    this.part("[data-command=change-condition]").hidden = !CONDITION.test(code);
    this.part("[data-command=add-otherwise]").hidden = condition !== branch || frame?.dataset.what === "for" || Boolean(frame?.querySelector(':scope > [data-open*="else %"]'));
    if (cell) this.showTable(cell);
  }

  showTable(cell) {
    const row = cell.parentElement;
    const repeats = isRowLoop(row.dataset.before ?? "");
    const hasHeader = cell.closest("table").rows[0]?.cells[0]?.tagName === "TH";
    this.part("[data-command=repeat-row]").setAttribute("aria-pressed", String(repeats));
    this.part("[data-command=header-row]").setAttribute("aria-pressed", String(hasHeader));
  }

  part(selector) {
    return this.bar.querySelector(selector);
  }

  say(name, words) {
    const place = this.part(`[data-say=${name}]`);
    if (place.textContent !== words) place.textContent = words;
  }

  // --- commands --------------------------------------------------------------------------------------------

  /** By name; each acts on what was touched when it is called. */
  commands() {
    const { editor } = this;
    const { dialogs, frames, squire } = editor;
    const change = (act) => () => {
      const touched = this.touched();
      squire.saveUndoState();
      const cursor = act(touched);
      this.picture = null;
      if (cursor) editor.cursorInto(cursor);
      editor.changed();
      squire.focus();
    };
    const tables = Object.fromEntries(
      Object.entries(TABLE_COMMANDS).map(([name, act]) => [
        name,
        change(({ cell }) => {
          const table = cell.closest("table");
          const cursor = act(cell);
          frames.captionRows(table);
          return cursor;
        }),
      ]),
    );
    return {
      ...tables,
      "change-field": () => dialogs.field(this.touched().chip),
      "remove-field": change(({ chip }) => void chip.remove()),
      "use-meant": () => this.useMeant(),
      "change-condition": () => {
        const { chip, branch } = this.touched();
        return dialogs.changeCondition(chip ?? branch);
      },
      "add-otherwise": change(({ branch }) => {
        frames.addOtherwise(frameOf(branch));
        return frameOf(branch).lastElementChild;
      }),
      "unwrap-condition": change(({ chip, branch }) => {
        if (chip) return void partners(chip, editor.area).forEach((one) => one.remove());
        const [first] = branch.childNodes;
        frames.unwrap(frameOf(branch));
        return first;
      }),
      "remove-condition": change(({ chip, branch }) => (chip ? void removeBetween(partners(chip, editor.area)) : this.removeFrame(frameOf(branch)))),
      "repeat-row": () => this.repeatRow(change),
      "change-picture": () => dialogs.changePicture(this.touched().picture),
      "remove-picture": change(({ picture }) => void picture.remove()),
      "change-button": () => dialogs.button(this.touched().button),
      "remove-button": change(({ button }) => this.replaceByLine(button)),
    };
  }

  useMeant() {
    const { editor } = this;
    const { chip } = this.touched();
    const { name, format, fallback } = editor.language.parseField(chip.dataset.code);
    editor.selectChip(chip);
    editor.insert(fieldCode(editor.language.suggestion(name), fallback, format));
  }

  repeatRow(change) {
    change(({ cell }) => {
      const repeats = this.editor.frames.toggleRow(cell.parentElement);
      announce(repeats ? this.editor.language.words.rowRepeats : this.editor.language.words.rowOnce);
      return cell;
    })();
  }

  removeFrame(frame) {
    return this.replaceByLine(frame);
  }

  replaceByLine(block) {
    const line = this.editor.squire.createDefaultBlock();
    block.replaceWith(line);
    return line;
  }
}

/** The chips of one condition within a sentence: its beginning, what parts it, and its end. */
function partners(chip, area) {
  const open = [];
  for (const one of area.querySelectorAll(".merge-tag")) {
    const kind = tagKind(one.dataset.code);
    if (kind?.does === "opens") open.push([one]);
    else if (kind && open.length) open.at(-1).push(one);
    if (kind?.does !== "ends" || !open.length) continue;
    const whole = open.pop();
    if (whole.includes(chip)) return whole;
  }
  return [chip];
}

function removeBetween(chips) {
  const range = document.createRange();
  range.setStartBefore(chips[0]);
  range.setEndAfter(chips.at(-1));
  range.deleteContents();
}
