// @ts-check
/** The window of the chat: title bar, a line of state, the conversation with its text field, or a sheet over them. */

import { Composer } from "./composer.js";
import { button, h, icon, ICONS, newElementId } from "./dom.js";
import { Log } from "./log.js";

const FOCUSABLE = "a[href], button, input, select, textarea, [tabindex='0']";

export class Panel {
  /**
   * @param {Texts} texts
   * @param {string} title
   * @param {boolean} isPage whether it is part of the page instead of a window over it
   * @param {Setting} setting
   * @param {PanelCallbacks} on
   */
  constructor(texts, title, isPage, setting, on) {
    this.on = on;
    this.texts = texts;
    const titleId = newElementId();
    this.log = new Log(setting, on.onEarlier);
    this.composer = new Composer(texts, on.onSend, on.onTyping);
    this.options = iconButton(texts.options, ICONS.options, () => on.onOptions());
    const close = iconButton(texts.close, ICONS.close, () => on.onClose());
    close.hidden = isPage;
    this.banner = h("p", { class: "banner", role: "status" });
    this.toast = h("p", { class: "toast", role: "status" });
    const shortcuts = h(
      "div",
      { class: "shortcuts" },
      button(texts.person, "plain", on.onPerson),
      button(texts.leave, "plain", on.onLeave),
    );
    this.conversation = h("div", { class: "conversation" }, this.log.element, this.composer.element, shortcuts);
    this.sheets = h("div", { class: "sheets", hidden: true });
    this.element = h(
      "section",
      { class: isPage ? "panel page" : "panel", role: isPage ? "region" : "dialog", "aria-labelledby": titleId },
      h("div", { class: "bar" }, h("h2", { id: titleId }, title), this.options, close),
      this.banner,
      this.toast,
      this.conversation,
      this.sheets,
    );
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    this.toastTimer = 0;
    this.isCancellable = false;
  }

  /** @returns {boolean} */
  get hasSheet() {
    return !this.sheets.hidden;
  }

  /**
   * @param {HTMLElement} sheet
   * @param {{isCancellable?: boolean, takesFocus?: boolean}} [how] whether Escape leads back to the conversation
   */
  showSheet(sheet, { isCancellable = true, takesFocus = true } = {}) {
    this.isCancellable = isCancellable;
    this.sheets.replaceChildren(sheet);
    this.sheets.hidden = false;
    this.conversation.hidden = true;
    this.options.hidden = isCancellable;
    this.element.scrollTop = 0;
    if (takesFocus) {
      this.sheets.querySelector("h3")?.focus();
    }
  }

  /** @param {boolean} [takesFocus] */
  showConversation(takesFocus = true) {
    this.sheets.replaceChildren();
    this.sheets.hidden = true;
    this.conversation.hidden = false;
    this.options.hidden = false;
    if (takesFocus) {
      this.focusForNext();
    }
  }

  /** Put the focus where the conversation goes on. */
  focusForNext() {
    if (this.hasSheet) {
      this.sheets.querySelector("h3")?.focus();
    } else if (window.matchMedia("(pointer: coarse)").matches) {
      // In the text field it would open the on-screen keyboard over the answer that was just asked for.
      this.log.element.focus({ preventScroll: true });
    } else {
      this.composer.focus();
    }
  }

  /** @param {string} text what holds until it changes: no connection, the place in the queue */
  announceState(text) {
    if (this.banner.textContent !== text) {
      this.banner.textContent = text;
    }
  }

  /** @param {string} text what happened just now */
  say(text) {
    clearTimeout(this.toastTimer);
    this.toast.textContent = text;
    this.toastTimer = setTimeout(() => this.toast.replaceChildren(), 12_000);
  }

  /** @param {boolean} coversAll the window covers the whole screen: what lies under it cannot be reached */
  setModal(coversAll) {
    if (this.element.getAttribute("role") === "dialog") {
      this.element.setAttribute("aria-modal", String(coversAll));
    }
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.key === "Escape" && !event.isComposing) {
      event.stopPropagation();
      if (this.hasSheet && this.isCancellable) {
        this.on.onSheetClosed();
      } else {
        this.on.onClose();
      }
    } else if (event.key === "Tab" && this.element.getAttribute("aria-modal") === "true") {
      this.keepFocus(event);
    }
  }

  /** @param {KeyboardEvent} event */
  keepFocus(event) {
    const reachable = [.../** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll(FOCUSABLE))].filter(isReachable);
    const focused = /** @type {ShadowRoot} */ (this.element.getRootNode()).activeElement;
    const end = event.shiftKey ? reachable[0] : reachable[reachable.length - 1];
    if (focused === end || !reachable.some((element) => element === focused)) {
      event.preventDefault();
      (event.shiftKey ? reachable[reachable.length - 1] : reachable[0])?.focus();
    }
  }
}

/**
 * @param {HTMLElement} element
 * @returns {boolean} whether Tab stops there
 */
function isReachable(element) {
  if (element.getClientRects().length === 0) {
    return false;
  }
  // Of a group of radio buttons Tab reaches one: the chosen, or the first.
  if (element instanceof HTMLInputElement && element.type === "radio" && !element.checked) {
    const root = /** @type {ShadowRoot} */ (element.getRootNode());
    const group = [.../** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("input[type=radio]"))].filter((one) => one.name === element.name);
    return !group.some((one) => one.checked) && group[0] === element;
  }
  return true;
}

/**
 * @param {string} label
 * @param {string} outline
 * @param {() => void} onPress
 * @returns {HTMLButtonElement}
 */
function iconButton(label, outline, onPress) {
  const element = button("", "icon-button", onPress);
  element.setAttribute("aria-label", label);
  element.append(icon(outline));
  return element;
}
