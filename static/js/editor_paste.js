// What comes from Word, Outlook, Excel or a web page, made fit for a mail: structure, bold, lists, tables, colours and links stay.

import { BLOCKS, clean } from "./editor_html.js";

// What survives of the styles. Word alone brings dozens that no mail program reads.
const KEPT = new Set([
  "color", "background-color", "font-weight", "font-style", "font-size", "text-align", "text-decoration-line", "vertical-align", "width", "height",
]);
const OF_BOXES = /^(?:width|height|vertical-align)$/; // of use to tables and pictures alone
const DARK = /^(?:windowtext|black|rgb\(0, 0, 0\)|inherit|initial|currentcolor)$/;
const COMES_ALONG = /^(?:https?:|data:image\/|\{\{)/i;
const ORDERED = /^\(?(\d+|[a-z]{1,4})[.)]/i;

/** HTML of the clipboard → { fragment, lost }: lost counts the pictures that stayed behind on somebody's disk or in their mail. */
export function cleanPasted(html) {
  const rules = [...html.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/gi)].map((style) => style[1].replace(/<!--|-->/g, "")).join("\n");
  const page = new DOMParser().parseFromString(copiedPart(html), "text/html"); // inert: loads and runs nothing
  inlineRules(page, rules);
  page.querySelectorAll("[style*='mso-element:comment'], .MsoCommentReference, title, script").forEach((one) => one.remove());
  makeLists(page.body);
  const lost = dropPictures(page.body);
  for (const title of page.querySelectorAll("p.MsoTitle")) rename(title, "h1");
  const fragment = clean(page.body.innerHTML);
  const normal = commonestSize(fragment);
  for (const element of fragment.querySelectorAll("*")) keepStyles(element, normal);
  tidy(fragment);
  return { fragment, lost };
}

// The part that was copied, without what only Word reads. <![if …]> is understood by everybody and only loses its marks.
function copiedPart(html) {
  return html
    .replace(/<style[\s\S]*?<\/style>/gi, "")
    .replace(/^[\s\S]*?<!--StartFragment-->/i, openTags)
    .replace(/<!--EndFragment-->[\s\S]*$/i, "")
    .replace(/<!--\[if[\s\S]*?<!\[endif\]-->/g, "")
    .replace(/<!\[(?:if[^\]]*|endif)\]>/g, "")
    .replace(/<\/?o:p>/gi, "");
}

// A selection within a table or a list starts inside of it.
function openTags(before) {
  return (before.match(/<(?:table|tbody|tr|ul|ol)\b[^>]*>(?![\s\S]*<\/(?:table|ul|ol)>)/gi) ?? []).join("");
}

/** Rules by class or element go into the elements themselves: Excel and Outlook keep colours and borders there. */
function inlineRules(page, text) {
  if (!text.trim()) return;
  const sheet = new CSSStyleSheet();
  try {
    sheet.replaceSync(text);
  } catch {
    return; // no styles then
  }
  for (const { selectorText, style } of sheet.cssRules) {
    if (!selectorText || /:|^\*$|^(?:html|body|a|td|tr|table|col|br)$/.test(selectorText)) continue;
    for (const element of matching(page, selectorText)) {
      const own = element.getAttribute("style") ?? "";
      element.setAttribute("style", `${style.cssText} ${own}`); // what is said later wins
    }
  }
}

function matching(page, selector) {
  try {
    return page.querySelectorAll(selector);
  } catch {
    return [];
  }
}

// --- lists -------------------------------------------------------------------------------------------------

/** Word writes a list as paragraphs with mso-list:l0 level1 lfo1 and the bullet as text; real lists are made of them. */
function makeLists(root) {
  const open = []; // the lists around the item at hand, outermost first
  let last = null;
  for (const item of [...root.querySelectorAll("p, h1, h2, h3")]) {
    const level = Number(/mso-list:\s*l\d+\s+level(\d)/i.exec(item.getAttribute("style") ?? "")?.[1] ?? 0);
    if (!level) continue;
    if (!last || followed(last) !== item) open.length = 0;
    const marker = takeMarker(item);
    const tag = ORDERED.test(marker) ? "ol" : "ul";
    open.length = Math.min(open.length, level);
    if (open[level - 1] && open[level - 1].localName !== tag) open.length = level - 1;
    while (open.length < level) {
      const list = root.ownerDocument.createElement(tag);
      number(list, marker);
      const around = open.at(-1)?.lastElementChild;
      if (around) around.append(list);
      else item.before(list);
      open.push(list);
    }
    const entry = root.ownerDocument.createElement("li");
    entry.append(...item.childNodes);
    open.at(-1).append(entry);
    item.remove();
    last = open[0];
  }
}

function followed(list) {
  let next = list.nextSibling;
  while (next?.nodeType === Node.TEXT_NODE && !next.data.trim()) next = next.nextSibling;
  return next;
}

function takeMarker(item) {
  const sign = [...item.querySelectorAll("[style]")].find((one) => /mso-list:\s*Ignore/i.test(one.getAttribute("style")));
  const marker = sign?.textContent.trim() ?? "";
  sign?.remove();
  return marker;
}

function number(list, marker) {
  const sign = list.localName === "ol" ? ORDERED.exec(marker)?.[1] : null;
  if (!sign) return;
  if (/^\d+$/.test(sign)) {
    if (sign !== "1") list.setAttribute("start", sign);
  } else if (/^[ivxl]+$/i.test(sign)) list.setAttribute("type", sign === sign.toLowerCase() ? "i" : "I");
  else list.setAttribute("type", sign === sign.toLowerCase() ? "a" : "A");
}

// --- pictures ----------------------------------------------------------------------------------------------

function dropPictures(root) {
  const lost = [...root.querySelectorAll("img")].filter((image) => !COMES_ALONG.test(image.getAttribute("src") ?? ""));
  for (const image of lost) {
    const link = image.closest("a");
    image.remove();
    if (link && !link.textContent.trim()) link.remove();
  }
  return lost.length;
}

// --- styles ------------------------------------------------------------------------------------------------

/** The size most of the text has: that is what its writer saw as normal, so it says nothing. */
function commonestSize(fragment) {
  const letters = new Map();
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    let around = walker.currentNode.parentElement;
    while (around && !around.style.fontSize) around = around.parentElement;
    const size = around?.style.fontSize;
    if (size) letters.set(size, (letters.get(size) ?? 0) + walker.currentNode.data.trim().length);
  }
  return [...letters].sort((one, other) => other[1] - one[1])[0]?.[0] ?? "";
}

function keepStyles(element, normalSize) {
  const { style } = element;
  const isBox = element.matches("table, td, th, tr, img, col");
  const noGap = element.matches("p, li") && /^0(?:px|pt|cm|in)?$/.test(style.marginBottom);
  const kept = isBox ? boxStyles(element) : [];
  for (const name of style) {
    const value = style.getPropertyValue(name);
    if (!KEPT.has(name) || (OF_BOXES.test(name) && !isBox)) continue;
    if (name === "font-size" && (value === normalSize || element.matches("h1, h2, h3"))) continue;
    if (name === "font-weight" && !/bold|[6-9]00/.test(value) && !element.matches("b, strong, th")) continue;
    if (name === "font-style" && value === "normal") continue;
    if (name === "text-decoration-line" && (value === "none" || !element.matches("span"))) continue;
    if (name === "text-align" && /^(?:start|left|justify)$/.test(value)) continue;
    if (/^(?:background-)?color$/.test(name) && (DARK.test(value) || value === "transparent")) continue;
    kept.push(`${name.replace("text-decoration-line", "text-decoration")}: ${hexed(value)}`);
  }
  if (element.matches("p")) kept.unshift(noGap ? "margin: 0" : BLOCKS.P);
  if (element.matches("h1, h2")) kept.unshift(BLOCKS[element.tagName]);
  if (kept.length) element.setAttribute("style", kept.join("; "));
  else element.removeAttribute("style");
  for (const name of ["lang", "link", "vlink", "nowrap"]) element.removeAttribute(name);
}

/** Border and padding of a table or cell, in as few words as they need. */
function boxStyles(element) {
  const { style } = element;
  const kept = style.borderCollapse ? [`border-collapse: ${style.borderCollapse}`] : [];
  const side = (name) => (/^(?:none|hidden|)$/.test(style[`border${name}Style`]) ? "" : hexed(style[`border${name}`]));
  const [top, right, bottom, left] = ["Top", "Right", "Bottom", "Left"].map(side);
  if (top && top === right && top === bottom && top === left) kept.push(`border: ${top}`);
  else for (const [name, value] of Object.entries({ top, right, bottom, left })) if (value) kept.push(`border-${name}: ${value}`);
  if (style.padding) kept.push(`padding: ${style.padding}`);
  if (element.matches("table") && element.querySelector("td[style*=border], th[style*=border]")) element.removeAttribute("border");
  return kept;
}

const hexed = (value) =>
  value
    .replace(/windowtext/g, "#000000")
    .replace(/rgb\((\d+), (\d+), (\d+)\)/g, (_, ...parts) => `#${parts.slice(0, 3).map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`);

function tidy(fragment) {
  for (const element of [...fragment.querySelectorAll("span, font, a, b, strong, div")].reverse()) {
    const isPlain = !element.attributes.length && !element.matches("b, strong");
    const isWrapper = element.matches("b, strong") && element.querySelector("p, div, ul, ol, table"); // Google Docs
    const isAnchor = element.matches("a") && !element.hasAttribute("href");
    if ((isPlain && !element.matches("div")) || isWrapper || isAnchor) element.replaceWith(...element.childNodes);
  }
  for (const empty of fragment.querySelectorAll("p")) {
    if (!empty.textContent.replace(/[\s\u00a0]/g, "") && !empty.querySelector("img, br")) empty.replaceChildren(document.createElement("br"));
  }
  for (const list of fragment.querySelectorAll("ul + ul, ol + ol")) {
    if (list.previousElementSibling && !list.hasAttribute("start")) joinLists(list);
  }
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) walker.currentNode.data = walker.currentNode.data.replace(/[\r\n\t ]+/g, " ");
  fragment.normalize();
}

// Word on the web wraps every item in a list of its own.
function joinLists(list) {
  const before = list.previousElementSibling;
  before.append(...list.children);
  list.remove();
}

function rename(element, tag) {
  const made = element.ownerDocument.createElement(tag);
  made.append(...element.childNodes);
  element.replaceWith(made);
}
