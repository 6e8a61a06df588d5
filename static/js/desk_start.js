// The beginning of the Data step: what is pasted on the page becomes data, and the browser keeps the chosen file for a while.

import { setUpFiles } from "./desk_file.js";

/** Cells pasted anywhere on the page go into the box for them; a pasted file is uploaded. */
function onPaste(event) {
  const paste = document.querySelector("[data-paste]");
  if (!paste || event.defaultPrevented || event.target.closest("input, textarea, [role=grid]")) return;
  const text = event.clipboardData.getData("text/plain");
  const { files } = event.clipboardData;
  if (!text && files.length) return upload(event, files);
  if (!text.trim()) return;
  event.preventDefault();
  const box = paste.querySelector("textarea");
  for (const fold of [paste.parentElement.closest("details"), paste]) if (fold) fold.open = true;
  box.value = text;
  box.focus();
  box.scrollIntoView({ block: "center" });
}

function upload(event, files) {
  const input = document.querySelector("#file");
  if (!input) return;
  event.preventDefault();
  input.files = files;
  input.dispatchEvent(new Event("change"));
}

document.addEventListener("paste", onPaste);
setUpFiles();
