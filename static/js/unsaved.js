// A form marked data-needs-saved="selector" is not sent while one of the forms so selected has changes that nobody saved:
// they would not count. The note inside it (data-unsaved) says so, and the first change is shown.

const form = document.querySelector("[data-needs-saved]");
const note = form?.querySelector("[data-unsaved]");

function isChanged(control) {
  if (control.type === "hidden" || control.disabled || !control.name) return false;
  if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
  if (control instanceof HTMLSelectElement) {
    const options = [...control.options];
    const usual = options.some((one) => one.defaultSelected) ? (one) => one.defaultSelected : (_one, at) => at === 0;
    return options.some((one, at) => one.selected !== usual(one, at));
  }
  return control.value !== control.defaultValue;
}

function firstChange() {
  const others = [...document.querySelectorAll(form.dataset.needsSaved)];
  return others.flatMap((one) => [...one.elements]).find(isChanged);
}

// Before anything asks whether to send (app.js): hence on the window.
window.addEventListener(
  "submit",
  (event) => {
    if (!form || event.target !== form) return;
    const changed = firstChange();
    note.hidden = !changed;
    if (!changed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    for (let fold = changed.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    changed.focus();
  },
  { capture: true },
);

document.addEventListener("change", () => {
  if (note && !note.hidden && !firstChange()) note.hidden = true;
});
