// @ts-check
/** Texts and addresses from outside, made harmless: nothing executes, nothing looks like what it is not. */

import { h } from "./dom.js";

/** Characters that turn the direction of a text, or hide: they can disguise an address or a sentence. */
const DISGUISES = /[\u0000-\u0008\u000b-\u001f\u007f\u200b\u2028-\u202e\u2060-\u2069\ufeff]|\u{e0001}|[\u{e0020}-\u{e007f}]/gu;

const LINK = /\bhttps?:\/\/[^\s<>"'«»]+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+/giu;
const TRAILING = /[.,;:!?)\]]+$/;
const SAFE_SCHEMES = new Set(["https:", "http:", "mailto:", "tel:"]);

/**
 * @param {string} text
 * @returns {string}
 */
export function cleaned(text) {
  return text.replace(DISGUISES, "");
}

/**
 * @param {string} address
 * @param {string} [base] what a path belongs to; without it only whole addresses are safe
 * @returns {URL | null} null if following it could run code or reach a file
 */
export function safeURL(address, base) {
  try {
    const url = new URL(cleaned(address), base);
    return SAFE_SCHEMES.has(url.protocol) && !url.username && !url.password ? url : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} text
 * @param {string} newTab what a screen reader adds to links that open another tab
 * @returns {(string | HTMLElement)[]} the text with its addresses as links
 */
export function linked(text, newTab) {
  const whole = cleaned(text);
  /** @type {(string | HTMLElement)[]} */
  const parts = [];
  let from = 0;
  for (const match of whole.matchAll(LINK)) {
    const shown = match[0].replace(TRAILING, "");
    const url = safeURL(shown.includes("://") ? shown : `mailto:${shown}`);
    if (url) {
      parts.push(whole.slice(from, match.index), link(url, honest(shown, url), newTab));
      from = match.index + shown.length;
    }
  }
  parts.push(whole.slice(from));
  return parts;
}

/**
 * @param {URL} url
 * @param {string} label
 * @param {string} newTab
 * @returns {HTMLAnchorElement}
 */
export function link(url, label, newTab) {
  if (url.protocol === "mailto:" || url.protocol === "tel:") {
    return h("a", { href: url.href }, label);
  }
  return h(
    "a",
    { href: url.href, target: "_blank", rel: "noopener noreferrer" },
    label,
    h("span", { class: "hidden" }, ` (${newTab})`),
  );
}

/**
 * @param {string} shown
 * @param {URL} url
 * @returns {string} what is shown, unless its letters only look like those of another host
 */
function honest(shown, url) {
  return url.host && !shown.toLowerCase().includes(url.host) ? url.href : shown;
}
