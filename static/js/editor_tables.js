// Tables and buttons: HTML that mail programs lay out alike, and what can be done to a row or a column.

const CELL = "border: 1px solid #cccccc; padding: 6px 10px; vertical-align: top";
const HEAD = `${CELL}; text-align: left; background-color: #f2f2f2`;

const cell = (tag) => `<${tag}${tag === "th" ? ' scope="col"' : ""} style="${tag === "th" ? HEAD : CELL}"><br></${tag}>`;
const row = (tag, columns) => `<tr>${cell(tag).repeat(columns)}</tr>`;

export function tableHtml(rows, columns, hasHeader) {
  const body = row("td", columns).repeat(hasHeader ? Math.max(rows - 1, 1) : rows);
  return `<table style="border-collapse: collapse; width: 100%"><tbody>${hasHeader ? row("th", columns) : ""}${body}</tbody></table>`;
}

// The cell is coloured and Outlook on Windows pads it; everywhere else the link is padded, and so a click hits all of it.
export function buttonHtml({ text, address, color }) {
  const box = document.createElement("div");
  box.innerHTML =
    '<table role="presentation" border="0" cellpadding="0" cellspacing="0" style="border-collapse: separate; margin: 0 0 12px"><tbody><tr>' +
    '<td align="center"><a></a></td></tr></tbody></table>';
  const [holder, link] = [box.querySelector("td"), box.querySelector("a")];
  holder.setAttribute("bgcolor", color);
  holder.setAttribute("style", `border-radius: 6px; background-color: ${color}; mso-padding-alt: 12px 24px`);
  link.setAttribute("style", "display: inline-block; padding: 12px 24px; color: #ffffff; font-weight: bold; text-decoration: none; mso-padding-alt: 0");
  link.setAttribute("href", address);
  link.textContent = text;
  return box.innerHTML;
}

/** The button that the node is in: its table, or null. */
export function buttonAt(node) {
  const table = node?.closest("table[role=presentation]");
  return table?.querySelectorAll("td").length === 1 && table.querySelector("td[bgcolor] > a") ? table : null;
}

export const cellAt = (node) => {
  const found = node?.closest("td, th");
  return found && !buttonAt(found) ? found : buttonAt(found)?.parentElement?.closest("td, th") ?? null;
};

function emptied(old) {
  const made = old.cloneNode(false);
  made.removeAttribute("data-caption");
  made.replaceChildren(document.createElement("br"));
  return made;
}

function addRow(at, below) {
  const old = at.parentElement;
  const made = document.createElement("tr");
  for (const one of old.cells) {
    const copy = emptied(one);
    if (one.tagName === "TH" && one.scope !== "row") {
      const plain = document.createElement("td");
      plain.setAttribute("style", CELL);
      plain.append(document.createElement("br"));
      made.append(plain);
    } else made.append(copy);
  }
  if (below) old.after(made);
  else old.before(made);
  return made.cells[at.cellIndex];
}

function addColumn(at, behind) {
  const place = at.cellIndex;
  for (const one of at.closest("table").rows) {
    const beside = one.cells[Math.min(place, one.cells.length - 1)];
    if (behind) beside.after(emptied(beside));
    else beside.before(emptied(beside));
  }
  return at.parentElement.cells[behind ? place + 1 : place];
}

function removeRow(at) {
  const table = at.closest("table");
  const beside = at.parentElement.nextElementSibling ?? at.parentElement.previousElementSibling;
  at.parentElement.remove();
  if (!table.rows.length) return removed(table);
  return (beside ?? table.rows[0]).cells[0];
}

function removeColumn(at) {
  const table = at.closest("table");
  const place = at.cellIndex;
  const rows = [...table.rows];
  const beside = at.nextElementSibling ?? at.previousElementSibling;
  for (const one of rows) one.cells[place]?.remove();
  if (!beside) return removed(table);
  return beside;
}

function removed(table) {
  const line = document.createElement("p");
  line.append(document.createElement("br"));
  table.replaceWith(line);
  return line;
}

/** The first row becomes a header row, or an ordinary one again. */
function toggleHeader(at) {
  const [first] = at.closest("table").rows;
  const tag = first.cells[0]?.tagName === "TH" ? "td" : "th";
  for (const old of [...first.cells]) {
    const made = document.createElement(tag);
    for (const { name, value } of old.attributes) if (name !== "scope") made.setAttribute(name, value);
    if (tag === "th") made.setAttribute("scope", "col");
    made.style.backgroundColor = tag === "th" ? "#f2f2f2" : "";
    made.style.textAlign = tag === "th" ? "left" : "";
    made.append(...old.childNodes);
    old.replaceWith(made);
  }
  return first.cells[0];
}

/** By command: what changes the table around this cell and gives back where the cursor goes. */
export const TABLE_COMMANDS = {
  "row-above": (at) => addRow(at, false),
  "row-below": (at) => addRow(at, true),
  "row-remove": removeRow,
  "column-before": (at) => addColumn(at, false),
  "column-behind": (at) => addColumn(at, true),
  "column-remove": removeColumn,
  "header-row": toggleHeader,
  "table-remove": (at) => removed(at.closest("table")),
};
