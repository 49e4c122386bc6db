// @ts-check
/** The list of messages. New ones are read aloud once; what is replayed after a reload is not read again. */

import { button, h } from "./dom.js";
import { authorName, messageElement, updateProgress } from "./message.js";

/** Most answers come sooner; an indicator that flashes, and is read aloud, would only disturb. */
const INDICATOR_DELAY_MS = 300;
/** A sign of writing that is not taken back ends by itself. */
const INDICATOR_LIFE_MS = 20_000;

export class Log {
  /**
   * @param {Setting} setting
   * @param {() => void} onEarlier
   */
  constructor(setting, onEarlier) {
    const { texts } = setting;
    this.setting = setting;
    /** @type {Map<Entry, HTMLElement>} */
    this.elements = new Map();
    this.earlier = button(texts.earlier, "plain earlier", onEarlier);
    this.earlier.hidden = true;
    this.list = h("div", { class: "list", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": texts.log });
    this.dots = h("span", { class: "dots", "aria-hidden": "true" }, h("span"), h("span"), h("span"));
    this.writing = h("p", { class: "writing", role: "status" });
    this.element = h("div", { class: "log", tabindex: "0", role: "group", "aria-label": texts.log }, this.earlier, this.list, this.writing);
    this.writingTimers = [0, 0];
    this.height = 0;
    new ResizeObserver(() => this.keepEnd()).observe(this.element);
  }

  /** The on-screen keyboard takes the upper part of what was visible, not the newest. */
  keepEnd() {
    const height = this.element.clientHeight;
    if (height > 0 && this.height > 0) {
      this.element.scrollTop += this.height - height;
    }
    this.height = height || this.height;
  }

  /**
   * @param {Entry} entry
   * @param {Entry[]} order of all entries
   */
  show(entry, order) {
    const known = this.elements.get(entry);
    const element = known ?? messageElement(entry, this.setting);
    const later = order.slice(order.indexOf(entry) + 1).map((other) => this.elements.get(other));
    const next = later.find((other) => other !== undefined) ?? null;
    if (!known) {
      this.elements.set(entry, element);
      this.retirePickers(order);
    }
    if (!known || element.nextElementSibling !== next) {
      this.list.insertBefore(element, next);
    }
    this.update(entry);
  }

  /**
   * What belongs to no number: the greeting, a gap.
   * @param {HTMLElement} element
   */
  append(element) {
    this.list.append(element);
  }

  /** @param {Entry} entry */
  update(entry) {
    const element = this.elements.get(entry);
    if (element && entry.author === "citizen") {
      updateProgress(element, entry, this.setting);
    }
  }

  clear() {
    this.elements.clear();
    this.list.replaceChildren();
    this.earlier.hidden = true;
    this.showWriting("");
  }

  /**
   * Show messages that are not new: a screen reader has read them before.
   * @param {boolean} isQuiet
   */
  quiet(isQuiet) {
    this.list.setAttribute("aria-live", isQuiet ? "off" : "polite");
  }

  /** @param {string} sentence who is writing; empty for nobody */
  showWriting(sentence) {
    this.writingTimers.forEach((timer) => clearTimeout(timer));
    if (!sentence) {
      this.writing.replaceChildren();
      return;
    }
    const show = () => {
      this.writing.replaceChildren(this.dots, sentence);
      this.writing.scrollIntoView({ block: "nearest" });
    };
    this.writingTimers = [setTimeout(show, INDICATOR_DELAY_MS), setTimeout(() => this.showWriting(""), INDICATOR_LIFE_MS)];
  }

  /**
   * Bring a message to the top, so that a long answer is read from its question on.
   * @param {Entry | undefined} entry
   */
  scrollTo(entry) {
    const element = entry && this.elements.get(entry);
    if (element && this.scrollsWithAll) {
      element.scrollIntoView({ block: "start" });
    } else if (element) {
      this.element.scrollTop = element.offsetTop - 8;
    }
  }

  scrollToEnd() {
    this.element.scrollTop = this.element.scrollHeight;
    // A chat that is part of the page must not pull the page to itself.
    if (this.scrollsWithAll && !this.element.closest(".page")) {
      this.list.lastElementChild?.scrollIntoView({ block: "start" });
    }
  }

  /** @returns {boolean} on a very low screen not the list scrolls but everything (styles.js) */
  get scrollsWithAll() {
    return getComputedStyle(this.element).overflowY === "visible";
  }

  /**
   * @param {Entry[]} order
   * @returns {string} the conversation as a text that a person can keep
   */
  transcript(order) {
    const { texts } = this.setting;
    const when = new Intl.DateTimeFormat("it-IT", { dateStyle: "short", timeStyle: "short" });
    return order
      .map((entry) => `${entry.at ? `${when.format(new Date(entry.at))} ` : ""}${authorName(entry, texts)}:\n${entry.text}\n`)
      .join("\n");
  }

  /**
   * Only the newest message's hours can still be chosen.
   * @param {Entry[]} order
   */
  retirePickers(order) {
    for (const entry of order.slice(0, -1)) {
      const picker = this.elements.get(entry)?.querySelector("fieldset.picker");
      picker?.replaceWith(h("p", { class: "hint" }, this.setting.texts.pickerUsed));
    }
  }
}
