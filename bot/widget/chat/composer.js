// @ts-check
/** Where the citizen writes: a growing text field, or the one line that the assistant asks for (e-mail, telephone, name). */

import { h, icon, ICONS, newElementId } from "./dom.js";
import { cleaned } from "./safe.js";
import { fill } from "./texts.js";

/** Between two tellings that the citizen is writing. */
const TYPING_EVERY_MS = 4_000;

/** From how many characters before the end the citizen is told. */
const WARN_FROM = 100;

export class Composer {
  /**
   * @param {Texts} texts
   * @param {(text: string) => void} onSend
   * @param {() => void} onTyping
   */
  constructor(texts, onSend, onTyping) {
    this.texts = texts;
    this.onSend = onSend;
    this.onTyping = onTyping;
    this.toldTyping = 0;
    this.maxChars = 2_000;
    const [fieldId, helpId, errorId] = [newElementId(), newElementId(), newElementId()];
    this.area = h("textarea", { rows: "1", dir: "auto", enterkeyhint: "send", autocomplete: "off" });
    this.line = h("input", { type: "text", dir: "auto", enterkeyhint: "send" });
    this.label = h("label", { for: fieldId }, texts.question);
    this.help = h("p", { class: "hint", id: helpId }, texts.help);
    this.error = h("p", { class: "problem", id: errorId, role: "alert" });
    for (const field of [this.area, this.line]) {
      field.id = fieldId;
      field.setAttribute("aria-describedby", `${helpId} ${errorId}`);
      field.addEventListener("input", () => {
        this.check();
        this.tellTyping();
      });
    }
    /** @type {HTMLTextAreaElement | HTMLInputElement} */
    this.field = this.area;
    const send = h("button", { type: "submit", class: "main send", "aria-label": texts.send }, icon(ICONS.send));
    this.row = h("div", { class: "row" }, this.area, send);
    this.element = h("form", { class: "composer", novalidate: true }, this.label, this.row, this.error, this.help);
    this.element.addEventListener("submit", (event) => this.submit(event));
    this.area.addEventListener("keydown", (event) => this.sendOnEnter(event));
  }

  focus() {
    this.field.focus();
  }

  /**
   * Take the shape of what is asked for; null is a free question.
   * @param {Field | null} asked
   */
  ask(asked) {
    const hadFocus = this.element.contains(/** @type {Node | null} */ (this.element.getRootNode() instanceof ShadowRoot
      ? /** @type {ShadowRoot} */ (this.element.getRootNode()).activeElement : null));
    const isLine = asked !== null && asked.type !== "textarea";
    const next = isLine ? this.line : this.area;
    if (isLine) {
      this.line.type = asked.type;
      this.line.name = cleaned(asked.name);
      this.line.setAttribute("autocomplete", asked.autocomplete);
    }
    this.label.textContent = asked ? cleaned(asked.label) || this.texts.answer : this.texts.question;
    this.help.hidden = asked !== null;
    this.complain("");
    if (next !== this.field) {
      next.value = "";
      this.field.replaceWith(next);
      this.field = next;
      if (hadFocus) {
        next.focus();
      }
    }
  }

  clear() {
    this.field.value = "";
    this.check();
  }

  /** @param {SubmitEvent} event */
  submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    const problem = this.problemWith(text);
    this.complain(problem);
    if (problem) {
      this.focus();
      return;
    }
    this.clear();
    this.onSend(text);
  }

  /**
   * @param {string} text
   * @returns {string} empty if it can be sent
   */
  problemWith(text) {
    if (!text) {
      return this.texts.empty;
    }
    if (text.length > this.maxChars) {
      return fill(this.texts.tooLong, { count: text.length, max: this.maxChars });
    }
    // A question or a change of mind is always welcome: only what looks like an address is checked as one.
    const isAddress = this.field === this.line && this.line.type === "email" && !/\s/.test(text) && text.includes("@");
    return isAddress && !this.line.checkValidity() ? this.texts.wrongEmail : "";
  }

  check() {
    const left = this.maxChars - this.field.value.length;
    if (left < 0) {
      this.complain(fill(this.texts.tooLong, { count: this.field.value.length, max: this.maxChars }));
    } else {
      this.complain("");
      this.help.textContent = left <= WARN_FROM ? fill(this.texts.left, { count: left }) : this.texts.help;
    }
  }

  tellTyping() {
    if (this.field.value && Date.now() - this.toldTyping > TYPING_EVERY_MS) {
      this.toldTyping = Date.now();
      this.onTyping();
    }
  }

  /** @param {string} problem */
  complain(problem) {
    this.error.textContent = problem;
    this.field.setAttribute("aria-invalid", String(problem !== ""));
  }

  /** @param {KeyboardEvent} event */
  sendOnEnter(event) {
    // While an input method is composing, Enter picks a word.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.element.requestSubmit();
    }
  }
}
