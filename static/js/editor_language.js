// The merge language as text: what a field or a condition says, and how it is written. Knows no page and no editor.

export const TOKEN = /\{\{[^{}]*\}\}|\{%[^{}]*%\}/g;
export const LOOP = "{% for row in rows %}";

const KEYWORDS = /^(?:and|or|not|contains|true|false|nil|null|empty|blank|in|limit|offset|reversed|cols|if|else|continue|-?\d+(?:\.\d+)?)$/i;
const OF_THE_LANGUAGE = /^(?:unsubscribe_link|rows\.size|forloop\.\w+)$/;
const QUOTES = /"[^"]*"|'[^']*'|“[^”]*”|„[^“”]*[“”]|‘[^’]*’/;
const MADE_HERE = /\{%-?\s*(?:assign|capture|for)\s+(\w+)/g;

// Header cells are matched as the server does: any case, any run of spaces.
const plain = (name) => name.normalize("NFKC").replace(/\s+/g, " ").trim().toLowerCase();

/** The inside of a tag: {% if a %} → "if a". */
export const inside = (code) => code.replace(/^\{[{%]-?\s*|\s*-?[%}]\}$/g, "").replace(/\u00a0/g, " ");

/** What a tag does: "opens", "parts" (else) or "ends" something, and what: if, unless, for. Null for anything else. */
export function tagKind(code) {
  const word = /^\{%-?\s*(\w+)/.exec(code)?.[1];
  if (word === "if" || word === "unless" || word === "for") return { does: "opens", what: word };
  if (word === "else" || word === "elsif") return { does: "parts", what: word };
  if (word === "endif" || word === "endunless" || word === "endfor") return { does: "ends", what: word.slice(3) };
  return null;
}

export const isRowLoop = (code) => /^\{%-?\s*for\s+\w+\s+in\s+rows\b/.test(code);

/** A text of the merge language: in whichever quotes it does not hold itself, for they cannot be escaped there. */
function quoted(words) {
  const safe = words.replace(/[{}]/g, "");
  if (!safe.includes('"')) return `"${safe}"`;
  return safe.includes("'") ? `"${safe.replace(/"/g, "”")}"` : `'${safe}'`;
}

const spelt = (name) => (KEYWORDS.test(name) ? `["${name}"]` : name);
const unspelt = (name) => /^\[\s*["'“„](.*)["'”“]\s*\]$/.exec(name)?.[1] ?? name;

function splitOutsideQuotes(text, mark) {
  const parts = [""];
  for (const piece of text.split(new RegExp(`(${QUOTES.source}|\\${mark})`))) {
    if (piece === mark) parts.push("");
    else parts[parts.length - 1] += piece;
  }
  return parts.map((part) => part.trim());
}

export function fieldCode(name, fallback = "", format = "") {
  return `{{ ${[spelt(name), format, fallback && `default: ${quoted(fallback)}`].filter(Boolean).join(" | ")} }}`;
}

/** `operator` is ==, !=, contains, >, <, >=, <=, filled or empty. */
export function conditionCode(name, operator, value, word = "if") {
  if (operator === "filled") return `{% ${word} ${spelt(name)} != "" %}`;
  if (operator === "empty") return `{% ${word} ${spelt(name)} == "" %}`;
  return `{% ${word} ${spelt(name)} ${operator} ${quoted(value)} %}`;
}

/** {% if City == "Paris" %} → { name, operator, value }; null when it is more than one comparison. */
export function parseCondition(code) {
  const [, test] = /^(?:if|elsif) ([\s\S]+)$/.exec(inside(code)) ?? [];
  if (!test) return null;
  const [, name, operator, value] = /^(.+?)\s*(==|!=|>=|<=|>|<|\bcontains\b)\s*(.+)$/.exec(test) ?? [, test, "", ""];
  if (/["'“”]|\s(?:and|or)\s/.test(unspelt(name)) || (operator && !new RegExp(`^(?:${QUOTES.source}|-?[\\d.,]+)$`).test(value))) return null;
  const text = value.replace(/^["'“„‘]|["'”“’]$/g, "");
  if (!operator) return { name: unspelt(name.trim()), operator: "filled", value: "" };
  if (!text) return operator === "!=" || operator === "==" ? { name: unspelt(name), operator: operator === "==" ? "empty" : "filled", value: "" } : null;
  return { name: unspelt(name.trim()), operator, value: text };
}

export class Language {
  /** fields: the header cells; words: translated texts by name; formats: [{label, code}], the ways a field can be shown. */
  constructor(fields, words, formats) {
    this.fields = fields;
    this.words = words;
    this.formats = formats;
    this.known = new Set(fields.map(plain));
    this.made = new Set();
  }

  /** Names that the text makes for itself ({% assign x = … %}) are no unknown columns. */
  learn(text) {
    for (const match of text.matchAll(MADE_HERE)) this.made.add(match[1]);
  }

  /** {{ First name | upper | default: "friend" }} → { name, format: "upper", fallback: "friend" }, or null. */
  parseField(code) {
    if (!/^\{\{[\s\S]*\}\}$/.test(code)) return null;
    const inner = inside(code);
    const spelling = this.fields.find((field) => field.includes("|") && inner.startsWith(field)); // the mark of filters within a name
    const [name, ...filters] = splitOutsideQuotes(inner.slice(spelling?.length ?? 0), "|");
    const isDefault = (filter) => /^default\s*:/.test(filter);
    const fallback = filters.find(isDefault)?.replace(/^default\s*:\s*["'“„‘]?|["'”“’]$/g, "") ?? "";
    return { name: unspelt(spelling ?? name), format: filters.filter((filter) => filter && !isDefault(filter)).join(" | "), fallback };
  }

  isKnown(name) {
    if (OF_THE_LANGUAGE.test(name) || this.made.has(name.split(".")[0]) || /^row\s*\[/.test(name)) return true;
    return this.known.has(plain(name)) || this.known.has(plain(name.replace(/^row\s*\.\s*/, "")));
  }

  /** The column that was most likely meant, or "". */
  suggestion(name) {
    const wanted = plain(name);
    let best = "";
    let least = Math.max(1, Math.floor(wanted.length * 0.4)) + 0.5;
    for (const field of this.fields) {
      const steps = distance(wanted, plain(field));
      if (steps < least) [best, least] = [field, steps];
    }
    return best;
  }

  fieldLabel({ name, format, fallback }) {
    const shown = this.formats.find(({ code }) => code === format)?.label ?? format;
    return [name || "?", shown && ` · ${shown}`, fallback && ` / ${fallback}`].join("");
  }

  /** What a tag says in plain words; what has none is shown as it stands. */
  tagLabel(code) {
    const { words } = this;
    const kind = tagKind(code);
    const tag = inside(code);
    if (tag === "else") return words.otherwise;
    if (kind?.does === "ends") return kind.what === "for" ? words.endRows : words.end;
    if (isRowLoop(code)) return words.rows;
    const said = parseCondition(code);
    if (!said) return tag;
    const pattern = words[`if ${said.operator}`];
    const phrase = pattern.replace("{field}", () => said.name).replace("{value}", () => said.value);
    return kind.what === "elsif" ? `${words.otherwise}: ${phrase}` : phrase;
  }
}

function distance(one, other) {
  let row = [...other, ""].map((_, at) => at);
  for (let at = 0; at < one.length; at += 1) {
    const next = [at + 1];
    for (let to = 0; to < other.length; to += 1) {
      next.push(Math.min(row[to] + (one[at] === other[to] ? 0 : 1), row[to + 1] + 1, next[to] + 1));
    }
    row = next;
  }
  return row.at(-1);
}
