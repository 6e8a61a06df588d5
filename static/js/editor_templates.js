// Saved templates: a message is kept for the workspace under a name, and put in place of what is written, with a way back.

import { announce, element, showMessage } from "./app.js";

export class SavedTemplates {
  constructor(editor) {
    this.editor = editor;
    this.words = editor.language.words;
    this.chooser = document.getElementById("templates-dialog");
    this.chooser.addEventListener("click", (event) => {
      const button = event.target.closest("[data-use-template]");
      if (button) this.use(button.dataset.useTemplate, button.dataset.name);
    });
  }

  async save() {
    const { form } = this.editor;
    const given = await this.editor.dialogs.ask("save-template-dialog", { name: form.elements.subject.value.slice(0, 100) });
    if (given.answer !== "insert" || !given.name.trim()) return;
    this.editor.writeSource();
    const body = new FormData();
    body.set("name", given.name.trim());
    for (const name of ["subject", "html"]) body.set(name, form.elements[name].value);
    const answer = await this.fetch(form.dataset.saveTemplate, { method: "POST", body });
    if (!answer) return;
    const said = await answer.json();
    showMessage(answer.ok ? "success" : "error", said.said ?? said.error);
  }

  async choose() {
    const answer = await this.fetch(this.editor.form.dataset.templates);
    if (!answer?.ok) return;
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.chooser.querySelector("[data-templates]").replaceChildren(...document.importNode(parsed.body, true).childNodes);
    document.dispatchEvent(new CustomEvent("htmx:afterSettle")); // dates in the reader's own words, see app.js
    this.chooser.showModal();
  }

  async use(address, name) {
    const { form } = this.editor;
    const answer = await this.fetch(address);
    if (!answer?.ok) return;
    const { subject, html } = await answer.json();
    this.chooser.close();
    this.editor.writeSource();
    const before = { subject: form.elements.subject.value, html: form.elements.html.value };
    if (isWritten(before) && (await this.editor.dialogs.ask("replace-dialog", {})).answer !== "insert") return;
    this.replace({ subject, html });
    this.offerUndo(name, before);
  }

  replace({ subject, html }) {
    const { editor } = this;
    editor.form.elements.subject.value = subject;
    editor.source.value = html;
    editor.open();
    editor.autosave.touch();
    editor.showState();
  }

  // Undo brings back the subject too, which the editor's own undo knows nothing of.
  offerUndo(name, before) {
    document.querySelectorAll("[data-template-undo]").forEach((button) => button.closest(".callout").remove());
    const words = this.words.templateUsed.replace("{name}", () => name);
    showMessage("success", words);
    const callout = document.querySelector("#messages").lastElementChild;
    const undo = element("button", { type: "button", class: "button small", "data-template-undo": "" });
    undo.textContent = this.words.undo;
    undo.addEventListener("click", () => {
      this.replace(before);
      callout.remove();
      announce(this.words.templateUndone);
    });
    callout.querySelector(".callout-body").append(" ", undo);
  }

  async fetch(address, options = {}) {
    const token = this.editor.form.elements.csrfmiddlewaretoken.value;
    try {
      return await fetch(address, { ...options, headers: { Accept: "application/json", "X-CSRFToken": token }, redirect: "error" });
    } catch {
      showMessage("error", document.body.dataset.textOffline);
      return null;
    }
  }
}

const isWritten = ({ subject, html }) => Boolean(subject.trim() || html.replace(/<(?!img)[^>]*>|&nbsp;|\s/g, ""));
