// HTML into the editor and out again: nothing hostile comes in, nothing but mail-friendly HTML goes out.

import DOMPurify from "../vendor/dompurify-3.4.18/purify.es.mjs";

const RULES = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["style", "form", "input", "button", "select", "textarea", "option", "audio", "video", "source", "picture", "dialog"],
  FORBID_ATTR: ["class", "id", "name", "contenteditable", "tabindex", "draggable"],
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

// What survives of the styles of something pasted. Word alone brings dozens that no mail program reads.
const KEPT_STYLES = new Set([
  "color", "background-color", "font-weight", "font-style", "font-size", "text-decoration", "text-align", "vertical-align",
  "border", "border-collapse", "padding", "width", "height",
]);

// Signs of mail that the editor cannot hold: what Outlook and Word write, whole documents, comments with a meaning.
const BEYOND = /<!--|<!doctype|<(?:html|head|body|style|xml|o:|v:|w:|center|map)\b|\sclass=|\sid=|\bmso-/i;

export const isBeyondEditor = (html) => BEYOND.test(html);

export const clean = (html) => DOMPurify.sanitize(html, RULES);

export function cleanPasted(html) {
  const fragment = clean(html.replace(/<!--\[if[\s\S]*?<!\[endif\]-->/g, ""));
  for (const image of fragment.querySelectorAll("img")) {
    if (!/^(?:https?:|data:image\/|cid:|\{\{)/i.test(image.getAttribute("src") ?? "")) image.remove(); // a file on somebody's disk
  }
  for (const element of fragment.querySelectorAll("[style]")) {
    const kept = [...element.style].filter((property) => KEPT_STYLES.has(property) || /^(border|padding|text-decoration|background-color)/.test(property));
    const style = kept.map((property) => `${property}: ${element.style.getPropertyValue(property)}`).join("; ");
    if (style) element.setAttribute("style", style);
    else element.removeAttribute("style");
  }
  return fragment;
}

const MARGIN = "margin: 0 0 12px";
export const BLOCKS = {
  P: MARGIN,
  H1: "margin: 0 0 12px; font-size: 24px; line-height: 1.25",
  H2: "margin: 0 0 12px; font-size: 18px; line-height: 1.25",
};

const LIST = { UL: MARGIN, OL: MARGIN, BLOCKQUOTE: `${MARGIN} 12px; padding-left: 12px; border-left: 3px solid #cccccc` };

/** The editor's contents (a detached copy, chips already text) → HTML for a mail: inline styles, no classes. */
export function mailHtml(root) {
  root.querySelectorAll(".squire-image-resize-container").forEach((helper) => helper.remove());
  for (const element of [...root.querySelectorAll("*")].reverse()) {
    for (const name of ["class", "contenteditable", "draggable", "spellcheck"]) element.removeAttribute(name);
    if (element.getAttribute("style") === "") element.removeAttribute("style");
    if (LIST[element.tagName] && !element.hasAttribute("style")) element.setAttribute("style", LIST[element.tagName]);
    if (element.matches("b, i, u, s, a, span") && isEmpty(element)) element.remove();
    if (element.matches("p, div, li, h1, h2, td")) tidyBlock(element);
  }
  return root.innerHTML.replace(/\u200b/g, "");
}

const isEmpty = (element) => !element.textContent.replace(/\u200b/g, "") && !element.querySelector("img, br");

// A line break that only held the cursor goes; a line that is nothing but {% … %} loses its paragraph, which would leave a gap.
function tidyBlock(block) {
  const last = block.lastElementChild;
  if (last?.tagName === "BR" && !last.nextSibling && !isEmpty(block) && last.previousSibling && last.previousSibling.nodeName !== "BR") last.remove();
  if (block.matches("p, div") && !block.firstElementChild && /^[\s\u200b]*\{%[^{}]*%\}[\s\u200b]*$/.test(block.textContent)) {
    block.replaceWith(block.textContent.trim());
  }
}
