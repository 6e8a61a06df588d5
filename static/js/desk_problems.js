// The list of problems beside the grid: its forms act without leaving the page, its links set the filter of the grid.

import { element } from "./app.js";
import { get } from "./desk_server.js";

const PAUSE = 300; // milliseconds after a change before the list is fetched anew
const MOST = 500; // suggestions shown in the dialog

export class Problems {
  constructor(desk) {
    this.desk = desk;
    this.timer = 0;
    this.dialog = document.getElementById("suggestions");
    document.addEventListener("submit", (event) => this.onSubmit(event));
    document.addEventListener("click", (event) => this.onClick(event));
  }

  get panel() {
    return document.getElementById("problems");
  }

  onSubmit(event) {
    const form = event.target.closest("form[data-desk-form]");
    if (!form || event.defaultPrevented) return;
    event.preventDefault();
    const button = event.submitter;
    this.desk.act(button?.getAttribute("formaction") ?? form.action, Object.fromEntries(new FormData(form, button)));
  }

  onClick(event) {
    const link = event.target.closest("a[data-show-rows]");
    const mend = event.target.closest("[data-mend-first]");
    const typos = event.target.closest("[data-show-suggestions]");
    if (link) {
      event.preventDefault();
      this.desk.show({ show: link.dataset.showRows, search: "" });
      this.desk.section.scrollIntoView({ block: "start" });
    } else if (mend) {
      event.preventDefault();
      this.desk.mendFirst(mend.dataset.mendFirst);
    } else if (typos && this.dialog) {
      event.preventDefault();
      this.showSuggestions();
    }
  }

  /** What would be put in place of what, before it is done. */
  async showSuggestions() {
    const { desk, dialog } = this;
    const view = { show: "likely_typo", search: "", sort: "row", descending: 0, offset: 0, limit: MOST };
    const { rows, total } = await get(desk.urls.rows, view).catch(() => ({ rows: [], total: 0 }));
    if (!rows.length) return;
    const lines = rows.map((row) => this.line(row));
    dialog.querySelector("tbody").replaceChildren(...lines);
    const more = dialog.querySelector("[data-more]");
    more.hidden = total <= rows.length;
    more.textContent = desk.texts.textMore.replace("{n}", total - rows.length);
    dialog.returnValue = "cancel";
    dialog.showModal();
    dialog.addEventListener(
      "close",
      () => dialog.returnValue === "take" && desk.act(desk.urls.mend, { problem: "likely_typo" }),
      { once: true },
    );
  }

  line(row) {
    const line = element("tr");
    for (const [name, words] of [["number", row.number], ["", row.values[this.desk.address]], ["", row.suggestion]]) {
      const cell = element("td", { class: name });
      cell.textContent = words;
      line.append(cell);
    }
    return line;
  }

  /** Fetch the list again, the focus staying where it was as far as it can. */
  refresh() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), PAUSE);
  }

  async load() {
    const answer = await fetch(this.desk.urls.problems, { headers: { "HX-Request": "true" }, redirect: "manual" }).catch(() => null);
    if (!answer?.ok || !this.panel) return;
    const anew = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("problems");
    if (!anew) return;
    const held = this.panel.contains(document.activeElement);
    const name = document.activeElement?.id;
    this.panel.replaceWith(document.adoptNode(anew));
    if (held) (document.getElementById(name) ?? this.panel.querySelector("h2")).focus();
  }
}
