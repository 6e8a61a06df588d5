// The toolbar's state, and moving in it with the arrow keys.

const PRESSED = { bold: "B", italic: "I", underline: "U", bullets: "UL", numbers: "OL", link: "A" };

export class Toolbar {
  constructor(bar, squire) {
    this.bar = bar;
    this.squire = squire;
    this.stops().forEach((stop, index) => (stop.tabIndex = index ? -1 : 0));
    bar.addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault()); // keep the selection
    bar.addEventListener("keydown", (event) => this.move(event));
    squire.addEventListener("undoStateChange", ({ detail }) => {
      this.part("undo").setAttribute("aria-disabled", String(!detail.canUndo));
      this.part("redo").setAttribute("aria-disabled", String(!detail.canRedo));
    });
  }

  part(command) {
    return this.bar.querySelector(`[data-command=${command}]`);
  }

  show() {
    const { squire } = this;
    for (const [command, tag] of Object.entries(PRESSED)) this.part(command).setAttribute("aria-pressed", String(squire.hasFormat(tag)));
    this.part("block").value = ["H1", "H2"].find((tag) => squire.hasFormat(tag)) ?? "P";
    const { fontSize = "", color = "", fontFamily = "" } = squire.getFontInfo();
    const isHeading = this.part("block").value !== "P";
    choose(this.part("size"), isHeading ? "" : fontSize);
    choose(this.part("color"), hex(color));
    const first = (family) => family.split(",")[0].replace(/["']/g, "").trim();
    choose(this.part("font"), [...this.part("font").options].find((one) => one.value && first(one.value) === first(fontFamily))?.value ?? "");
  }

  stops() {
    return [...this.bar.querySelectorAll("button, select")];
  }

  focus() {
    this.stops().find((stop) => stop.tabIndex === 0).focus();
  }

  move(event) {
    const stops = this.stops();
    const at = stops.indexOf(event.target);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: stops.length - 1 }[event.key];
    if (event.key === "Escape") return this.squire.focus();
    if (next === undefined || !stops[next]) return;
    event.preventDefault();
    stops[at].tabIndex = -1;
    stops[next].tabIndex = 0;
    stops[next].focus();
  }
}

function choose(select, value) {
  select.value = value;
  if (select.selectedIndex < 0) select.value = "";
}

function hex(color) {
  const parts = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(color);
  return parts ? `#${parts.slice(1).map((part) => Number(part).toString(16).padStart(2, "0")).join("")}` : color;
}
