// The preview of the check step: keys to go from row to row, and what stays as it is when another row comes.
//
//   j or → the next row, k or ← the one before, while the focus is in the preview's navigation
//   [data-shown-row]  elsewhere on the page: told the number of the row that is shown

const KEYS = { j: "preview-next", ArrowRight: "preview-next", k: "preview-previous", ArrowLeft: "preview-previous" };

function onKeydown(event) {
  const button = KEYS[event.key];
  if (!button || event.ctrlKey || event.altKey || event.metaKey || !event.target.closest?.("#preview-nav")) return;
  if (event.target.matches("input")) return;
  event.preventDefault();
  const step = document.getElementById(button);
  if (step.getAttribute("aria-disabled") !== "true") step.click();
}

// The width is changed without asking the server; the next row is to come in the same.
function onClick(event) {
  const width = event.target.closest("#preview [data-frame-width]")?.value;
  if (!width) return;
  for (const input of document.querySelectorAll("#preview input[name=width]")) input.value = width;
}

let unfolded = false;

function onBeforeSwap(event) {
  if (event.detail.target.id === "preview") unfolded = document.getElementById("mail-plain")?.open ?? unfolded;
}

function onAfterSwap() {
  const preview = document.getElementById("preview");
  if (!preview) return;
  const plain = document.getElementById("mail-plain");
  if (plain && unfolded) plain.open = true;
  for (const told of document.querySelectorAll("[data-shown-row]")) {
    if (told.matches("input")) told.value = preview.dataset.row;
    else told.textContent = preview.dataset.row;
  }
}

// To type row numbers is to choose them.
function onInput(event) {
  if (event.target.name === "rows") event.target.form.elements.which.value = "typed";
}

document.addEventListener("keydown", onKeydown);
document.addEventListener("click", onClick);
document.addEventListener("input", onInput);
document.addEventListener("htmx:beforeSwap", onBeforeSwap);
document.addEventListener("htmx:afterSwap", onAfterSwap);
