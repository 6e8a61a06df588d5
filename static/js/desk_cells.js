// What stands in a row of the grid: texts, marks and badges.

import { element } from "./app.js";

const ERROR_CELL = /^(#[^\s]+[!?A-Z/]|Err:5\d\d)$/;
const ODD_SPACES = /^\s|\s$|[^\S\n\r]{2}|[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]/;
const OF_ADDRESS = ["missing_address", "invalid_address", "duplicate_address", "likely_typo"];
const BAD = ["missing_address", "invalid_address", "error_cell"];

const NARROWEST = 88;
const WIDEST = 320;
const PADDING = 28;

/** Pixels for each column, by its name and by what the first rows hold. */
export function columnWidths(columns, sample, font, address) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = font;
  return columns.map((name, column) => {
    const lengths = sample.map((values) => pen.measureText((values[column] ?? "").slice(0, 80)).width).sort((a, b) => a - b);
    const usual = lengths[Math.floor(lengths.length * 0.9)] ?? 0;
    const least = column === address ? 240 : NARROWEST;
    const wanted = Math.max(usual, pen.measureText(name).width * 1.1 + 16) + PADDING;
    return Math.round(Math.min(WIDEST, Math.max(least, wanted + (column === address ? 60 : 0))));
  });
}

/** Which of a row's problems is this cell's, or "". */
export function problemOf(row, column, address, value) {
  if (column === address) {
    const found = row.problems.find((code) => OF_ADDRESS.includes(code));
    if (found) return found;
  }
  if (row.problems.includes("error_cell") && ERROR_CELL.test(value)) return "error_cell";
  if (row.problems.includes("spaces") && ODD_SPACES.test(value)) return "spaces";
  return "";
}

/** Bring the element of a row up to date. Without a row it is still on its way. */
export function fill(line, row, grid) {
  const isSelected = Boolean(row && grid.selected.has(row.id));
  line.classList.toggle("is-loading", !row);
  line.classList.toggle("is-left-out", Boolean(row?.left_out || row?.suppressed));
  line.classList.toggle("is-grouped", Boolean(row && (row.grouped_into || row.group_size > 1)));
  line.classList.toggle("has-problem", Boolean(row?.problems.length));
  if (grid.editable) line.setAttribute("aria-selected", String(isSelected));
  fillNumber(line.firstChild, row, isSelected, grid);
  for (const cell of [...line.children].slice(1)) fillCell(cell, row, Number(cell.dataset.column), grid);
}

function fillNumber(cell, row, isSelected, { editable, texts }) {
  const key = row ? `${row.number}${row.added}${isSelected}` : "";
  if (cell.dataset.key === key) return;
  cell.dataset.key = key;
  cell.replaceChildren();
  if (!row) return;
  if (editable) cell.append(element("span", { class: "desk-tick", "aria-hidden": "true" }));
  cell.append(String(row.number));
  cell.title = row.added ? texts.textAdded : "";
  if (row.added) cell.append(element("span", { class: "desk-plus", "aria-hidden": "true" }), hidden(texts.textAdded));
}

function fillCell(cell, row, column, grid) {
  const waiting = row && grid.saving.of(row.id, column);
  const value = waiting ? waiting.value : (row?.values[column] ?? "");
  const problem = row && !waiting ? problemOf(row, column, grid.address, value) : "";
  const badges = row && column === Math.max(0, grid.address) ? badgesOf(row, grid.texts) : [];
  const take = problem === "likely_typo" && grid.editable ? row.suggestion : "";
  const edited = Boolean(row?.edited.includes(column));
  const key = JSON.stringify([row?.id, value, problem, badges, take, edited, waiting?.error]);
  if (cell.dataset.key === key || cell.querySelector("textarea")) return;
  cell.dataset.key = key;
  cell.className = "desk-cell";
  cell.classList.toggle("is-bad", BAD.includes(problem) || Boolean(waiting?.error));
  cell.classList.toggle("is-odd", Boolean(problem) && !BAD.includes(problem));
  cell.classList.toggle("is-edited", edited);
  cell.classList.toggle("is-waiting", Boolean(waiting));
  const label = waiting?.error || (problem && grid.label(problem));
  cell.title = [value, label].filter(Boolean).join("\n");
  const text = element("span", { class: "desk-text" });
  text.textContent = value.replace(/\s*\n\s*/g, " ⏎ ");
  cell.replaceChildren(text);
  if (label) cell.append(!value ? shown(label) : hidden(`, ${label}`));
  if (edited) cell.append(hidden(`, ${grid.texts.textEdited}`));
  if (take) cell.append(suggestion(take, grid.texts));
  for (const [kind, words] of badges) cell.append(badge(kind, words));
}

function badgesOf(row, texts) {
  const badges = [];
  if (row.left_out) badges.push(["", texts.textLeftOut]);
  else if (row.suppressed) badges.push(["", texts.textSuppressed]);
  if (row.grouped_into) badges.push(["is-group", texts.textGroupedInto.replace("{n}", row.grouped_into)]);
  else if (row.group_size > 1) badges.push(["is-group", texts.textGroupOf.replace("{n}", row.group_size)]);
  return badges;
}

function badge(kind, words) {
  const made = element("span", { class: `desk-badge ${kind}` });
  made.textContent = words;
  return made;
}

/** What differs is the domain: the button shows that, and says the whole. */
function suggestion(address, texts) {
  const words = texts.textTake.replace("{what}", address);
  const button = element("button", { type: "button", class: "desk-take", tabindex: "-1", "data-take": "", "aria-label": words, title: words });
  button.textContent = texts.textTake.replace("{what}", address.slice(address.lastIndexOf("@")));
  return button;
}

function hidden(words) {
  const made = element("span", { class: "visually-hidden" });
  made.textContent = words;
  return made;
}

function shown(words) {
  const made = element("span", { class: "desk-hint" });
  made.textContent = words;
  return made;
}
