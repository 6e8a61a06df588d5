// Small behaviours of every page. Nothing here is needed to read or to send a form; it makes things quicker.
//
//   data-confirm="…"        ask first (form or submit button); data-confirm-title, data-confirm-action name the dialog and its button
//   data-copy="#id"         copy that element's text
//   data-dismiss            remove the callout around it
//   data-close="answer"     close the dialog around it with that answer
//   data-menu               a <details> that closes on Escape and on a click elsewhere
//   data-drop-zone          a form around a file input: drop a file, or choose one; it uploads with a progress bar
//   data-frame-width        buttons (value desktop or phone) that narrow the .mail-frame named by aria-controls
//   data-live               a polled region with data-status: a change of status is announced and fires "status-changed" on body
//   data-submit-on-change   a form that sends itself when a control in it changes
//   time[datetime]          shown in the reader's own zone; data-style = date-time, date or time
//   data-countdown="30"     seconds that count down by themselves, by this machine's own clock: its time of day may be wrong
//   data-timezone           a <select> of zones, set to the reader's zone unless it was chosen before

const text = (name) => document.body.dataset[`text${name}`] ?? "";

// --- Messages --------------------------------------------------------------------------------------------

export function showMessage(kind, words) {
  const region = document.getElementById("messages");
  if (!region || [...region.children].some((shown) => shown.dataset.words === words)) return;
  const callout = element("div", { class: `callout ${kind}`, "data-words": words });
  const close = element("button", { type: "button", class: "button ghost small icon-only dismiss", "data-dismiss": "", "aria-label": text("Dismiss") });
  close.append(icon("cross"));
  const body = element("div", { class: "callout-body" });
  body.textContent = words;
  callout.append(icon(kind === "warn" ? "warn" : kind), body, close);
  region.append(callout);
}

export function announce(words) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = words;
}

export function element(name, attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export function icon(name) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(namespace, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

// --- Asking first ----------------------------------------------------------------------------------------

let agreed = null; // the form and button whose question was just answered with yes

function onSubmit(event) {
  const form = event.target;
  const button = event.submitter;
  const question = button?.dataset.confirm ?? form.dataset.confirm;
  if (!question) return;
  if (agreed === form) {
    agreed = null;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  const source = button?.dataset.confirm ? button : form;
  ask(question, source.dataset).then((yes) => {
    if (!yes) return;
    agreed = form;
    form.requestSubmit(button);
    agreed = null;
  });
}

function ask(question, { confirmTitle, confirmAction }) {
  const dialog = document.getElementById("confirm");
  const title = dialog.querySelector("#confirm-title");
  const yes = dialog.querySelector("[data-confirm-yes]");
  title.dataset.usual ??= title.textContent;
  yes.dataset.usual ??= yes.textContent;
  title.textContent = confirmTitle ?? title.dataset.usual;
  yes.textContent = confirmAction ?? yes.dataset.usual;
  dialog.querySelector("#confirm-text").textContent = question;
  dialog.returnValue = "no"; // Escape answers no
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// --- Clicks ----------------------------------------------------------------------------------------------

async function onClick(event) {
  const target = event.target.closest("[data-copy], [data-dismiss], [data-frame-width], [data-close]");
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (!target) return;
  if (target.matches("[data-dismiss]")) {
    target.closest(".callout").remove();
    document.getElementById("main").focus({ preventScroll: true });
  } else if (target.matches("[data-close]")) {
    target.closest("dialog").close(target.dataset.close);
  } else if (target.matches("[data-copy]")) {
    await navigator.clipboard.writeText(document.querySelector(target.dataset.copy).textContent.trim());
    const words = target.querySelector("span");
    const before = words.textContent;
    words.textContent = text("Copied");
    announce(text("Copied"));
    setTimeout(() => (words.textContent = before), 2000);
  } else {
    const frame = document.getElementById(target.getAttribute("aria-controls"));
    frame.classList.toggle("is-phone", target.value === "phone");
    for (const button of target.parentElement.querySelectorAll("[data-frame-width]")) {
      button.setAttribute("aria-pressed", String(button === target));
    }
  }
}

function onKeydown(event) {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
}

// --- Uploads ---------------------------------------------------------------------------------------------

function setUpDropZone(form) {
  const zone = form.querySelector(".drop-zone") ?? form;
  const input = form.querySelector("input[type=file]");
  let depth = 0; // dragenter and dragleave also fire for the children
  zone.addEventListener("dragenter", () => zone.classList.toggle("is-over", ++depth > 0));
  zone.addEventListener("dragleave", () => zone.classList.toggle("is-over", --depth > 0));
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    zone.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    upload(form);
  });
  input.addEventListener("change", () => input.files.length && upload(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) upload(form);
    else input.click();
  });
}

/** A file chosen while the page was still loading; one that the browser put back on a reload or on "Back" waits for its button. */
function uploadWhatWasChosen() {
  const [arrival] = performance.getEntriesByType("navigation");
  if (arrival?.type !== "navigate") return;
  for (const form of document.querySelectorAll("form[data-drop-zone]:not([data-file-again])"))
    if (form.querySelector("input[type=file]").files.length) upload(form);
}

// Asks as htmx does, so that a view answers 204 with HX-Redirect, or 422 with the reason in [data-upload-error].
// Who wants to do something with the file before the page is left hears "upload-begins" and adds a promise to its waits.
function upload(form) {
  const bar = form.querySelector("progress");
  const said = form.querySelector("[data-upload-state]");
  const request = new XMLHttpRequest();
  const detail = { file: form.querySelector("input[type=file]").files[0], waits: [] };
  form.dispatchEvent(new CustomEvent("upload-begins", { bubbles: true, detail }));
  if (bar) bar.hidden = false;
  if (said) said.textContent = form.dataset.textUploading ?? "";
  request.upload.addEventListener("progress", (event) => {
    if (!bar || !event.lengthComputable) return;
    if (event.loaded < event.total) {
      bar.max = event.total;
      bar.value = event.loaded;
    } else bar.removeAttribute("value"); // all is there; the server is looking at it
  });
  request.addEventListener("load", async () => {
    await Promise.allSettled(detail.waits);
    const elsewhere = request.getResponseHeader("HX-Redirect");
    if (elsewhere) return location.assign(elsewhere);
    if (request.status < 400 && request.responseURL) return location.assign(request.responseURL);
    showAnswer(request, form);
  });
  request.addEventListener("error", () => endUpload(form, text("Offline")));
  request.open("POST", form.action);
  request.setRequestHeader("HX-Request", "true");
  request.send(new FormData(form));
}

function showAnswer(request, form) {
  const answer = new DOMParser().parseFromString(request.responseText, "text/html");
  const reason = answer.querySelector("[data-upload-error]")?.textContent.trim();
  endUpload(form, reason || text("Failed"));
}

function endUpload(form, words) {
  const bar = form.querySelector("progress");
  if (bar) bar.hidden = true;
  const said = form.querySelector("[data-upload-state]");
  if (said) said.textContent = "";
  form.querySelector("input[type=file]").value = "";
  showMessage("error", words);
  document.getElementById("messages").scrollIntoView({ block: "nearest" });
}

// --- Live regions ----------------------------------------------------------------------------------------

const lastStatus = new Map(); // id of a live region → its status before the swap
const liveIn = (part) => [part, ...part.querySelectorAll("[data-live]")].filter((one) => one.matches("[data-live]"));

function onBeforeRequest(event) {
  const region = event.detail.elt;
  if (region.matches("[data-live]") && document.hidden) event.preventDefault(); // nobody is looking
}

function onBeforeSwap(event) {
  const { target } = event.detail;
  for (const region of liveIn(target)) lastStatus.set(region.id, { status: region.dataset.status, alone: region === target });
}

function onAfterSettle(event) {
  setUp(document);
  for (const [id, { status, alone }] of lastStatus) {
    const region = document.getElementById(id);
    lastStatus.delete(id);
    if (!region || region.dataset.status === status) continue;
    announce(region.dataset.statusWords ?? "");
    if (alone) window.htmx.trigger(document.body, "status-changed"); // what stands around it is out of date now
  }
}

function onTrouble(event) {
  const region = event.detail.elt;
  if (region.matches?.("[data-live]")) region.classList.add("is-stale"); // the next poll that works replaces it
  else showMessage("error", text(event.type === "htmx:sendError" ? "Offline" : "Failed"));
}

// --- Time ------------------------------------------------------------------------------------------------

const STYLES = {
  "date-time": { dateStyle: "medium", timeStyle: "short" },
  date: { dateStyle: "medium" },
  time: { timeStyle: "short" },
};

/** The page's language as the reader's browser writes it: 22 Nov in en-GB, Nov 22 in en-US. */
function readersLanguage() {
  const page = document.documentElement.lang;
  return navigator.languages.find((one) => one.split("-")[0] === page) ?? (page || undefined);
}

function showLocalTime(time) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) return;
  const language = readersLanguage();
  time.title = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" }).format(at);
  time.textContent = new Intl.DateTimeFormat(language, STYLES[time.dataset.style] ?? STYLES["date-time"]).format(at);
  time.dataset.local = "";
}

function setTimezone(select) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const option = [...select.options].find((one) => one.value === zone);
  if (option) option.selected = option.defaultSelected = true; // the page's choice, not a change of the reader's
}

// --- Counting down ---------------------------------------------------------------------------------------

function startCountdown(timer) {
  const end = performance.now() + Number(timer.dataset.countdown) * 1000;
  const show = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    timer.textContent = left < 60 ? `${left} s` : `${Math.floor(left / 60)} min ${left % 60} s`;
    if (left && timer.isConnected) setTimeout(show, 250);
  };
  show();
}

// --- Start -----------------------------------------------------------------------------------------------

function setUp(root) {
  root.querySelectorAll("time[datetime]:not([data-local])").forEach(showLocalTime);
  root.querySelectorAll("form[data-drop-zone]:not([data-ready])").forEach((form) => {
    form.dataset.ready = "";
    setUpDropZone(form);
  });
  root.querySelectorAll("[data-countdown]:not([data-ready])").forEach((timer) => {
    timer.dataset.ready = "";
    startCountdown(timer);
  });
  root.querySelectorAll("select[data-timezone]:not([data-chosen])").forEach((select) => {
    select.dataset.chosen = "";
    setTimezone(select);
  });
}

document.addEventListener("submit", onSubmit, { capture: true });
document.addEventListener("click", onClick);
document.addEventListener("keydown", onKeydown);
document.addEventListener("change", (event) => event.target.closest("form[data-submit-on-change]")?.requestSubmit());
document.addEventListener("htmx:beforeRequest", onBeforeRequest);
document.addEventListener("htmx:beforeSwap", onBeforeSwap);
document.addEventListener("htmx:afterSettle", onAfterSettle);
document.addEventListener("htmx:sendError", onTrouble);
document.addEventListener("htmx:responseError", onTrouble);
// Not before every module of the page has run: what hears "upload-begins" must not come after a file that was chosen at once.
document.addEventListener("DOMContentLoaded", () => {
  setUp(document);
  uploadWhatWasChosen();
});
