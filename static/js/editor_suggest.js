// Typing {{ offers the fields: choose with the arrow keys and Enter, or by a click; Escape closes the list.

import { element } from "./app.js";
import { fieldCode } from "./editor_language.js";

const MOST = 8;

export class Suggestions {
  constructor(editor) {
    this.editor = editor;
    this.list = element("ul", { class: "field-suggestions", role: "listbox", id: "field-suggestions", "aria-label": editor.language.words.fields });
    this.list.hidden = true;
    document.body.append(this.list);
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.choose(event.target.closest("li")));
    editor.area.addEventListener("blur", () => this.close());
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** After each change: opens, narrows or closes the list. */
  look() {
    const { editor } = this;
    this.over = editor.chips.begunBefore(editor.squire.getSelection());
    if (!this.over) return this.close();
    const begun = this.over.toString().replace(/^\{\{\s*/, "").replace(/\u00a0/g, " ").toLowerCase();
    const fitting = editor.language.fields.filter((name) => name.toLowerCase().includes(begun)).slice(0, MOST);
    if (!fitting.length) return this.close();
    if (this.isOpen && String(fitting) === this.shown) return; // what was chosen in it stays
    this.shown = String(fitting);
    this.list.replaceChildren(
      ...fitting.map((name, at) => {
        const item = element("li", { role: "option", id: `field-suggestion-${at}`, "aria-selected": String(at === 0) });
        item.textContent = name;
        return item;
      }),
    );
    const { left, bottom } = this.over.getBoundingClientRect();
    this.list.hidden = false;
    this.list.style.left = `${Math.max(8, Math.min(left, innerWidth - this.list.offsetWidth - 8)) + scrollX}px`;
    this.list.style.top = `${bottom + scrollY + 4}px`;
    this.tell("field-suggestion-0");
  }

  // Squire watches the attributes too: only what differs is set.
  tell(active) {
    for (const [name, value] of Object.entries({ "aria-controls": active && this.list.id, "aria-activedescendant": active })) {
      if (!active) this.editor.area.removeAttribute(name);
      else if (this.editor.area.getAttribute(name) !== value) this.editor.area.setAttribute(name, value);
    }
  }

  close() {
    this.list.hidden = true;
    this.tell(null);
  }

  /** Whether the key was for the list. */
  takesKey(event) {
    if (!this.isOpen) return false;
    const items = [...this.list.children];
    const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = items[(at + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length];
      items.forEach((item) => item.setAttribute("aria-selected", String(item === next)));
      this.tell(next.id);
    } else if (event.key === "Enter" || event.key === "Tab") this.choose(items[at]);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  choose(item) {
    if (!item) return;
    const { over } = this;
    this.close();
    this.editor.putChip(over, fieldCode(item.textContent));
  }
}
