// HTML into the editor and out again: nothing hostile comes in, nothing but mail-friendly HTML goes out.

import DOMPurify from "../vendor/dompurify-3.4.18/purify.es.mjs";

const RULES = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["style", "form", "input", "button", "select", "textarea", "option", "audio", "video", "source", "picture", "dialog"],
  FORBID_ATTR: ["class", "id", "name", "contenteditable", "tabindex", "draggable"],
  ALLOW_DATA_ATTR: false,
  ADD_ATTR: ["data-tags", "data-no-track"],
  RETURN_DOM_FRAGMENT: true,
};

// Signs of mail that the editor cannot hold: what Outlook and Word write, whole documents, comments with a meaning.
const BEYOND = /<!--|<!doctype|<(?:html|head|body|style|xml|o:|v:|w:|center|map)\b|\sclass=|\sid=|\bmso-(?!padding-alt\b)/i;

export const isBeyondEditor = (html) => BEYOND.test(html);

export const clean = (html) => DOMPurify.sanitize(html, RULES);

export const MARGIN = "margin: 0 0 12px";
export const BLOCKS = {
  P: MARGIN,
  H1: "margin: 0 0 12px; font-size: 24px; line-height: 1.25",
  H2: "margin: 0 0 12px; font-size: 18px; line-height: 1.25",
};

const LIST = { UL: MARGIN, OL: MARGIN, BLOCKQUOTE: `${MARGIN} 12px; padding-left: 12px; border-left: 3px solid #cccccc` };
const OURS = ["class", "contenteditable", "draggable", "spellcheck", "tabindex", "data-before", "data-after", "data-caption"];

/** The editor's contents (a detached copy, chips and frames already text) → HTML for a mail: inline styles, no classes. */
export function mailHtml(root) {
  root.querySelectorAll(".squire-image-resize-container").forEach((helper) => helper.remove());
  for (const element of [...root.querySelectorAll("*")].reverse()) {
    for (const name of OURS) element.removeAttribute(name);
    if (element.getAttribute("style") === "") element.removeAttribute("style");
    if (LIST[element.tagName] && !element.hasAttribute("style")) {
      element.setAttribute("style", element.matches("li ul, li ol") ? "margin: 0" : LIST[element.tagName]);
    }
    if (element.tagName === "IMG") sizeImage(element);
    if (element.matches("b, i, u, s, a, span") && isEmpty(element)) element.remove();
    if (element.matches("p, div, li, h1, h2, td, th")) tidyBlock(element);
  }
  return root.innerHTML.replace(/\u200b/g, "");
}

const isEmpty = (element) => !element.textContent.replace(/\u200b/g, "") && !element.querySelector("img, br");

// Outlook on Windows reads the attribute, not the style.
function sizeImage(image) {
  const width = /^([\d.]+)px$/.exec(image.style.width)?.[1];
  if (width) image.setAttribute("width", Math.round(width));
}

// A line break that only held the cursor goes; a line that is nothing but {% … %} loses its paragraph, which would leave a gap.
function tidyBlock(block) {
  const last = block.lastElementChild;
  if (last?.tagName === "BR" && !last.nextSibling && !isEmpty(block) && last.previousSibling && last.previousSibling.nodeName !== "BR") last.remove();
  if (block.matches("p, div") && !block.firstElementChild && /^[\s\u200b]*\{%[^{}]*%\}[\s\u200b]*$/.test(block.textContent)) {
    block.replaceWith(block.textContent.trim());
  }
}

// In a document that is not shown, so that no image is fetched and no script runs.
export function inert(html) {
  const root = document.implementation.createHTMLDocument("").body;
  root.innerHTML = html;
  return root;
}
