// @ts-check
/** What covers the conversation for a moment: notice, options, rating, report, confirmation, end. */

import { button, h, newElementId } from "./dom.js";
import { safeURL, link, linked } from "./safe.js";
import { fill, LANGUAGES } from "./texts.js";

export const SIZES = [100, 125, 150, 200];

/**
 * @param {string} title
 * @param {...Child} content
 * @returns {HTMLElement}
 */
function sheet(title, ...content) {
  // The heading takes the focus, so that a screen reader says where one is.
  return h("div", { class: "sheet" }, h("h3", { tabindex: "-1" }, title), ...content);
}

/**
 * @param {Texts} texts
 * @param {Notice} notice
 * @param {string} remark
 * @param {() => void} onAccept
 * @param {() => void} onRefuse
 * @returns {HTMLElement}
 */
export function noticeSheet(texts, notice, remark, onAccept, onRefuse) {
  const url = safeURL(notice.url);
  const paragraphs = notice.text.split("\n").filter((line) => line.trim());
  return sheet(
    texts.noticeTitle,
    remark && h("p", { class: "remark" }, remark),
    h("ul", { lang: "it" }, ...paragraphs.map((line) => h("li", {}, ...linked(line, texts.newTab)))),
    url && h("p", {}, link(url, texts.noticeLink, texts.newTab)),
    h("div", { class: "actions" }, button(texts.accept, "main", onAccept), button(texts.refuse, "plain", onRefuse)),
  );
}

/**
 * @param {Texts} texts
 * @param {string} message
 * @param {() => void} onStart
 * @returns {HTMLElement}
 */
export function endSheet(texts, message, onStart) {
  return sheet(
    texts.endedTitle,
    message && h("p", { lang: "it" }, message),
    h("p", {}, texts.leftBehind),
    h("div", { class: "actions" }, button(texts.startNew, "main", onStart)),
  );
}

/**
 * The server cannot be reached: what the site says instead (the content of the tag) is shown.
 * @param {Texts} texts
 * @param {() => void} onRetry
 * @returns {HTMLElement}
 */
export function unreachableSheet(texts, onRetry) {
  return sheet(texts.unreachable, h("slot"), h("div", { class: "actions" }, button(texts.retry, "main", onRetry)));
}

/**
 * @param {Texts} texts
 * @param {(comment: string) => void} onSend
 * @param {() => void} onCancel
 * @returns {HTMLElement}
 */
export function reportSheet(texts, onSend, onCancel) {
  const comment = h("textarea", { id: newElementId(), rows: "3", maxlength: "1000", dir: "auto" });
  const form = h(
    "form",
    {},
    h("label", { for: comment.id }, texts.wrongHelp),
    comment,
    h("div", { class: "actions" }, h("button", { type: "submit", class: "main" }, texts.wrongSend), button(texts.cancel, "plain", onCancel)),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onSend(comment.value.trim());
  });
  return sheet(texts.wrongTitle, form);
}

/**
 * @param {Texts} texts
 * @param {(score: number, comment: string) => void} onSend
 * @param {() => void} onCancel
 * @returns {HTMLElement}
 */
export function ratingSheet(texts, onSend, onCancel) {
  const name = newElementId();
  const scores = [1, 2, 3, 4, 5].map((score) => h("input", { type: "radio", name, value: score }));
  const comment = h("textarea", { id: newElementId(), rows: "3", maxlength: "1000", dir: "auto" });
  const problem = h("p", { class: "problem", role: "alert" });
  const form = h(
    "form",
    {},
    h(
      "fieldset",
      { class: "scores" },
      h("legend", {}, texts.rateHelp),
      ...scores.map((radio) => h("label", { class: "day" }, radio, h("span", {}, radio.value))),
    ),
    problem,
    h("label", { for: comment.id }, texts.rateComment),
    comment,
    h("div", { class: "actions" }, h("button", { type: "submit", class: "main" }, texts.send), button(texts.cancel, "plain", onCancel)),
  );
  form.addEventListener("change", () => problem.replaceChildren());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = scores.find((radio) => radio.checked);
    if (chosen) {
      onSend(Number(chosen.value), comment.value.trim());
    } else {
      problem.textContent = texts.rateMissing;
      scores[0]?.focus();
    }
  });
  return sheet(texts.rateTitle, form);
}

/**
 * @param {Texts} texts
 * @param {() => void} onConfirm
 * @param {() => void} onCancel
 * @returns {HTMLElement}
 */
export function eraseSheet(texts, onConfirm, onCancel) {
  const actions = h("div", { class: "actions" }, button(texts.eraseConfirm, "main", onConfirm), button(texts.cancel, "plain", onCancel));
  return sheet(texts.eraseTitle, h("p", {}, texts.eraseHelp), actions);
}

/**
 * @param {Texts} texts
 * @param {Preferences} preferences
 * @param {Notice | null} notice
 * @param {boolean} hasConversation
 * @param {OptionActions} on
 * @returns {HTMLElement}
 */
export function optionsSheet(texts, preferences, notice, hasConversation, on) {
  const privacy = notice && safeURL(notice.url);
  const contrast = h("input", { type: "checkbox", checked: preferences.contrast });
  contrast.addEventListener("change", () => on.onPreferences({ contrast: contrast.checked }));
  const group = /** @type {(title: string, ...children: Child[]) => HTMLElement} */ (
    (title, ...children) => h("section", {}, h("h4", {}, title), ...children)
  );
  return sheet(
    texts.options,
    button(texts.back, "plain", on.onBack),
    hasConversation &&
      group(
        texts.conversation,
        button(texts.person, "item", on.onPerson),
        button(texts.saveTranscript, "item", on.onSave),
        button(texts.rate, "item", on.onRate),
        button(texts.restart, "item", on.onRestart),
      ),
    group(
      texts.appearance,
      choice(texts.textSize, String(preferences.size), SIZES.map((size) => [String(size), fill(texts.percent, { size })]), (size) =>
        on.onPreferences({ size: Number(size) })),
      choice(texts.theme, preferences.theme, [["auto", texts.themeAuto], ["light", texts.themeLight], ["dark", texts.themeDark]], (theme) =>
        on.onPreferences({ theme })),
      choice(texts.language, preferences.language, Object.entries(LANGUAGES), (language) => on.onPreferences({ language })),
      h("label", { class: "check" }, contrast, texts.contrast),
    ),
    hasConversation &&
      group(
        texts.yourData,
        button(texts.exportData, "item", on.onExport),
        button(texts.eraseData, "item", on.onErase),
        button(texts.leave, "item", on.onLeave),
        privacy && h("p", {}, link(privacy, texts.noticeLink, texts.newTab)),
      ),
  );
}

/**
 * @param {string} label
 * @param {string} current
 * @param {[string, string][]} options value and name
 * @param {(value: string) => void} onChange
 * @returns {HTMLElement}
 */
function choice(label, current, options, onChange) {
  const select = h("select", { id: newElementId() }, ...options.map(([value, name]) => h("option", { value, selected: value === current }, name)));
  select.addEventListener("change", () => onChange(select.value));
  return h("p", { class: "setting" }, h("label", { for: select.id }, label), select);
}
