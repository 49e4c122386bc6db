// @ts-check
/**
 * Choosing an appointment: some days at a time as radio buttons (arrow keys), under them the hours of the chosen day as
 * plain buttons. Free days are few and far between: a list of them says more than a month full of days that are not.
 */

import { button, h, newElementId } from "./dom.js";
import { cleaned } from "./safe.js";
import { fill } from "./texts.js";

const DAYS_AT_ONCE = 6;

/**
 * @param {Day[]} days at least one
 * @param {Texts} texts
 * @param {(question: string) => void} onChoose
 * @returns {HTMLElement}
 */
export function pickerElement(days, texts, onChoose) {
  const name = newElementId();
  const list = h("div", { class: "days" });
  const hours = h("div", { class: "hours", role: "group" });
  const sooner = button(texts.soonerDays, "plain", () => turnTo(first - DAYS_AT_ONCE));
  const later = button(texts.laterDays, "plain", () => turnTo(first + DAYS_AT_ONCE));
  const turn = h("div", { class: "turn" }, sooner, later);
  let first = 0;

  /** @param {Day} day */
  const showHours = (day) => {
    hours.setAttribute("aria-label", fill(texts.hours, { day: cleaned(day.label) }));
    hours.replaceChildren(...day.slots.map(({ label, payload }) => button(cleaned(label), "choice hour", () => onChoose(payload))));
  };
  /** @param {number} index of the first day to show */
  const showDays = (index) => {
    first = index;
    const shown = days.slice(first, first + DAYS_AT_ONCE);
    list.replaceChildren(...shown.map((day, place) => dayElement(day, name, place === 0, () => showHours(day))));
    sooner.hidden = first === 0;
    later.hidden = first + DAYS_AT_ONCE >= days.length;
    turn.hidden = sooner.hidden && later.hidden;
    shown.slice(0, 1).forEach(showHours);
  };
  /** @param {number} index */
  const turnTo = (index) => {
    showDays(index);
    list.querySelector("input")?.focus();
  };
  showDays(0);
  return h("fieldset", { class: "picker" }, h("legend", {}, texts.days), list, turn, hours);
}

/**
 * @param {Day} day
 * @param {string} name of the group
 * @param {boolean} isChosen
 * @param {() => void} onChange
 * @returns {HTMLElement}
 */
function dayElement(day, name, isChosen, onChange) {
  const radio = h("input", { type: "radio", name, value: day.date, checked: isChosen });
  radio.addEventListener("change", onChange);
  return h("label", { class: "day" }, radio, h("span", {}, cleaned(day.label)));
}
