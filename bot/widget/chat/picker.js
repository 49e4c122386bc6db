// @ts-check
/** Choosing an appointment: the days are radio buttons (arrow keys), the hours of the chosen day plain buttons. */

import { button, h, newElementId } from "./dom.js";
import { cleaned } from "./safe.js";
import { fill } from "./texts.js";

/**
 * @param {Day[]} days at least one
 * @param {Texts} texts
 * @param {(question: string) => void} onChoose
 * @returns {HTMLElement}
 */
export function pickerElement(days, texts, onChoose) {
  const hours = h("div", { class: "hours", role: "group" });
  /** @param {Day} day */
  const showHours = (day) => {
    hours.setAttribute("aria-label", fill(texts.hours, { day: cleaned(day.label) }));
    hours.replaceChildren(...day.slots.map(({ label, payload }) => button(cleaned(label), "choice hour", () => onChoose(payload))));
  };
  const name = newElementId();
  const options = days.map((day, index) => {
    const radio = h("input", { type: "radio", name, value: day.date, checked: index === 0 });
    radio.addEventListener("change", () => showHours(day));
    return h("label", { class: "day" }, radio, h("span", {}, cleaned(day.label)));
  });
  const [first] = days;
  if (first) {
    showHours(first);
  }
  return h("fieldset", { class: "picker" }, h("legend", {}, texts.days), h("div", { class: "days" }, ...options), hours);
}
