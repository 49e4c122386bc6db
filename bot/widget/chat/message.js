// @ts-check
/** One message of the conversation as an element. */

import { button, h, newElementId } from "./dom.js";
import { pickerElement } from "./picker.js";
import { cleaned, link, linked, safeURL } from "./safe.js";
import { fill } from "./texts.js";

const SOURCE = "Fonte:";

/**
 * @param {Entry} entry
 * @param {Setting} setting
 * @returns {HTMLElement}
 */
export function messageElement(entry, setting) {
  const { texts } = setting;
  const [body, source] = splitSource(withoutDoubles(entry));
  const textId = newElementId();
  return h(
    "div",
    { class: `message ${entry.author}` },
    h("p", { class: "who" }, authorName(entry, texts)),
    body && h("p", { class: "text", dir: "auto", lang: spoken(entry), id: textId }, ...linked(body, texts.newTab)),
    ...entry.cards.map((card) => cardElement(card, setting)),
    source && h("p", { class: "source", dir: "auto", lang: "it" }, ...linked(source, texts.newTab)),
    fileLink(entry, setting),
    entry.isCopy && button(texts.exportData, "choice", () => setting.onExport()),
    entry.isFactual && entry.seq > 0 && reportButton(entry, setting, textId),
    entry.author === "citizen" && progressElement(entry, setting),
    choicesElement(entry.buttons, setting),
    entry.days.length > 0 && pickerElement(entry.days, texts, setting.onChoose),
  );
}

/**
 * Bring the state of a citizen's message up to date without touching what has been read aloud.
 * @param {HTMLElement} element made by `messageElement`
 * @param {Entry} entry
 * @param {Setting} setting
 */
export function updateProgress(element, entry, setting) {
  element.querySelector(".progress")?.replaceWith(progressElement(entry, setting));
}

/**
 * @param {Entry} entry
 * @param {Texts} texts
 * @returns {string}
 */
export function authorName(entry, texts) {
  if (entry.author === "staff") {
    return entry.name ? fill(texts.staff, { name: cleaned(entry.name) }) : texts.staffUnnamed;
  }
  return entry.author === "citizen" ? texts.you : texts[entry.author];
}

/**
 * @param {string} answer
 * @returns {[string, string]} the answer without its source, and the source
 */
function splitSource(answer) {
  const lines = answer.trimEnd().split("\n");
  const last = lines[lines.length - 1] ?? "";
  return lines.length > 1 && last.startsWith(SOURCE) ? [lines.slice(0, -1).join("\n").trimEnd(), last] : [answer, ""];
}

/**
 * Channels that only have text say in a line what is here a card, or a button to download a file.
 * @param {Entry} entry
 * @returns {string}
 */
function withoutDoubles({ cards, file, text }) {
  const doubles = new Set(cards.map((card) => card.standsFor));
  const isOwn = (/** @type {string} */ line) => !doubles.has(line) && !(file && line.endsWith(file.url));
  return doubles.size > 0 || file ? text.split("\n").filter(isOwn).join("\n") : text;
}

/**
 * @param {Entry} entry
 * @returns {string | undefined} the office writes Italian; what the citizen writes is not known
 */
function spoken(entry) {
  return entry.author === "citizen" ? undefined : "it";
}

/**
 * @param {Entry} entry
 * @param {Setting} setting
 * @returns {HTMLElement}
 */
function progressElement(entry, { texts, isOnline, onRetry }) {
  const state = entry.progress === "sending" ? (isOnline() ? texts.sending : texts.held) : texts[entry.progress];
  const hasFailed = entry.progress === "failed";
  return h(
    "p",
    { class: hasFailed ? "progress failed" : "progress" },
    hasFailed && entry.problem ? `${state}. ${entry.problem} ` : `${state} `,
    hasFailed && button(texts.retry, "plain", () => onRetry(entry)),
  );
}

/**
 * @param {Choice[]} choices
 * @param {Setting} setting
 * @returns {HTMLElement | null}
 */
function choicesElement(choices, { onChoose }) {
  const buttons = choices.map(({ title, payload }) => button(cleaned(title), "choice", () => onChoose(payload)));
  for (const choice of buttons) {
    choice.lang = "it";
    choice.dir = "auto";
  }
  return choices.length > 0 ? h("div", { class: "choices" }, ...buttons) : null;
}

/**
 * @param {Card} card
 * @param {Setting} setting
 * @returns {HTMLElement}
 */
function cardElement(card, setting) {
  const url = card.link && safeURL(card.link.url);
  const host = url && url.host ? ` (${url.host})` : "";
  return h(
    "div",
    { class: "card", lang: "it" },
    card.title && h("p", { class: "card-title", dir: "auto" }, cleaned(card.title)),
    card.text && h("p", { class: "text", dir: "auto" }, ...linked(card.text, setting.texts.newTab)),
    url && card.link && h("p", {}, link(url, cleaned(card.link.title) + host, setting.texts.newTab)),
    choicesElement(card.buttons, setting),
  );
}

/**
 * @param {Entry} entry
 * @param {Setting} setting
 * @returns {HTMLElement | null}
 */
function fileLink({ file }, { texts, server }) {
  const url = file && safeURL(file.url, server.href);
  if (!file || !url || (url.origin !== server.origin && url.protocol !== "https:")) {
    return null;
  }
  const name = cleaned(file.name);
  return h("p", {}, h("a", { class: "file", href: url.href, download: name }, fill(texts.download, { name })));
}

/**
 * @param {Entry} entry
 * @param {Setting} setting
 * @param {string} textId
 * @returns {HTMLButtonElement}
 */
function reportButton(entry, { texts, onReport }, textId) {
  const element = button(texts.wrong, "plain wrong", () => onReport(entry));
  element.setAttribute("aria-describedby", textId);
  return element;
}
