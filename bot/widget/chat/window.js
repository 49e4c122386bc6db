// @ts-check
/** The chat as the page sees it: the button that opens it, its window or place in the page, its appearance. */

import { Controller } from "./controller.js";
import { button, h, icon, ICONS } from "./dom.js";
import { Panel } from "./panel.js";
import { optionsSheet } from "./sheets.js";
import { loadPreferences, savePreferences } from "./storage.js";
import { fill, textsIn } from "./texts.js";

/** A screen so small that the window covers it all (styles.js has the same figures). */
const COVERS_ALL = "(max-width: 30rem), (max-height: 26rem)";

export class ChatWindow {
  /**
   * @param {ShadowRoot} root
   * @param {WindowOptions} options
   */
  constructor(root, options) {
    this.options = options;
    this.isOpen = options.isPage;
    this.unread = 0;
    /** @type {Preferences} */
    this.preferences = { size: 100, contrast: false, theme: options.theme, language: options.language, ...loadPreferences() };
    this.controller = new Controller(options.server, {
      panel: () => this.panel,
      texts: () => this.texts,
      language: () => this.preferences.language,
      isShown: () => this.isOpen && document.visibilityState === "visible",
      onUnread: (count) => this.showUnread(count),
      onRefused: () => this.close(),
    });
    this.badge = h("span", { class: "badge", "aria-hidden": "true", hidden: true });
    this.launcher = button("", "launcher", () => this.open());
    this.label = h("span", { class: "label" });
    this.launcher.append(icon(ICONS.chat), this.label, this.badge);
    this.announcer = h("p", { class: "hidden", role: "status" });
    this.region = h("div", { role: "region" }, this.launcher, this.announcer);
    this.panel = this.newPanel();
    this.frame = h("div", { class: "frame" }, this.region, this.panel.element);
    root.replaceChildren(this.frame);
    this.covers = window.matchMedia(COVERS_ALL);
    this.dark = window.matchMedia("(prefers-color-scheme: dark)");
    this.whenSeen = () => this.controller.exchange.afterMessage();
    this.repaint = () => this.paint();
    this.covers.addEventListener("change", this.repaint);
    this.dark.addEventListener("change", this.repaint);
    document.addEventListener("visibilitychange", this.whenSeen);
    window.visualViewport?.addEventListener("resize", this.repaint);
    window.visualViewport?.addEventListener("scroll", this.repaint);
    this.paint();
    this.showUnread(0);
    this.controller.start();
    if (options.isPage && !this.controller.secret) {
      void this.controller.begin({ takesFocus: false });
    }
  }

  stop() {
    this.controller.stop();
    this.covers.removeEventListener("change", this.repaint);
    this.dark.removeEventListener("change", this.repaint);
    document.removeEventListener("visibilitychange", this.whenSeen);
    window.visualViewport?.removeEventListener("resize", this.repaint);
    window.visualViewport?.removeEventListener("scroll", this.repaint);
  }

  /** @returns {Texts} */
  get texts() {
    return textsIn(/** @type {Language} */ (this.preferences.language));
  }

  /** @returns {string} */
  get heading() {
    return this.options.heading || this.texts.heading;
  }

  /** @returns {Panel} */
  newPanel() {
    const { controller, texts } = this;
    const { exchange, requests } = controller;
    /** @type {Setting} */
    const setting = {
      texts,
      server: controller.server,
      isOnline: () => controller.isOnline,
      onChoose: (question) => exchange.write(question),
      onRetry: (entry) => exchange.deliver(entry),
      onReport: (entry) => requests.askReport(entry),
      onExport: () => requests.askExport(),
    };
    return new Panel(texts, this.heading, this.options.isPage, setting, {
      onSend: (text) => exchange.write(text),
      onTyping: () => controller.tellTyping(),
      onEarlier: () => requests.need({ type: "history", before: exchange.conversation.first }),
      onOptions: () => this.showOptions(),
      onPerson: () => controller.askPerson(),
      onLeave: () => controller.leave(),
      onClose: () => this.close(),
      onSheetClosed: () => this.panel.showConversation(),
    });
  }

  open() {
    this.isOpen = true;
    this.paint();
    if (this.controller.config) {
      this.panel.focusForNext();
    } else {
      void this.controller.begin();
    }
    this.panel.log.scrollToEnd();
    this.controller.exchange.afterMessage();
  }

  close() {
    if (!this.options.isPage && this.isOpen) {
      this.isOpen = false;
      this.paint();
      this.launcher.focus();
    }
  }

  /** Bring what is seen in line with the state. */
  paint() {
    const { size, contrast, theme, language } = this.preferences;
    const isDark = theme === "dark" || (theme === "auto" && this.dark.matches);
    this.frame.dataset.theme = isDark ? "dark" : "light";
    this.frame.dataset.contrast = contrast ? "high" : "normal";
    this.frame.dataset.size = String(size);
    this.frame.lang = language;
    this.region.setAttribute("aria-label", this.heading);
    this.region.hidden = this.isOpen;
    this.panel.element.hidden = !this.isOpen;
    this.fit();
  }

  /** On a phone the panel fills what the on-screen keyboard leaves free. */
  fit() {
    const covers = !this.options.isPage && this.covers.matches;
    const viewport = window.visualViewport;
    const { style } = this.panel.element;
    this.panel.setModal(covers);
    style.setProperty("--free-height", covers && viewport?.scale === 1 ? `${viewport.height}px` : "");
    style.setProperty("--free-top", covers && viewport?.scale === 1 ? `${viewport.offsetTop}px` : "");
  }

  /** @param {number} count */
  showUnread(count) {
    const { texts } = this;
    const isNew = count > this.unread;
    this.unread = count;
    const label = fill(this.controller.secret ? texts.resume : texts.open, { heading: this.heading });
    this.launcher.setAttribute("aria-label", count ? `${label}. ${fill(texts.unread, { count })}` : label);
    this.label.textContent = this.heading;
    this.badge.textContent = String(count);
    this.badge.hidden = count === 0;
    this.announcer.textContent = isNew && !this.isOpen ? texts.newMessage : "";
  }

  showOptions() {
    const { controller } = this;
    const { requests } = controller;
    const sheet = optionsSheet(this.texts, this.preferences, controller.notice, controller.secret !== "", {
      onBack: () => this.panel.showConversation(),
      onPerson: () => controller.askPerson(),
      onRestart: () => requests.restart(),
      onSave: () => controller.saveTranscript(),
      onRate: () => requests.askRating(),
      onExport: () => requests.askExport(),
      onErase: () => requests.askErase(),
      onLeave: () => controller.leave(),
      onPreferences: (changed) => this.prefer(changed),
    });
    this.panel.showSheet(sheet);
  }

  /** @param {Partial<Preferences>} changed */
  prefer(changed) {
    this.preferences = { ...this.preferences, ...changed };
    savePreferences(this.preferences);
    if (changed.language) {
      const old = this.panel;
      this.panel = this.newPanel();
      old.element.replaceWith(this.panel.element);
      this.controller.enter(false);
      this.showOptions();
      this.showUnread(this.unread);
    }
    this.paint();
  }
}
