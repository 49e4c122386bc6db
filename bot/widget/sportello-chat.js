// @ts-check
/**
 * `<sportello-chat>`: the conversation with the assistant, on any site. No dependency, no build step, no cookie.
 *
 *     <script type="module" src="https://chat.example.it/widget/sportello-chat.js"></script>
 *     <sportello-chat>Chat non disponibile: chiama il numero verde 800.88.33.11.</sportello-chat>
 *
 * Attributes: `mode` ("launcher" or "page"), `heading`, `lang` ("it" or "en"), `theme` ("auto", "light", "dark"), `server` (where the
 * module came from, if absent). Its content is shown where scripts do not run. Colours: docs/embedding.md.
 */

import { styleSheet } from "./chat/styles.js";
import { ChatWindow } from "./chat/window.js";

class SportelloChat extends HTMLElement {
  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [styleSheet()];
    /** @type {ChatWindow | null} */
    this.window = null;
  }

  connectedCallback() {
    const language = this.lang || document.documentElement.lang;
    this.window = new ChatWindow(/** @type {ShadowRoot} */ (this.shadowRoot), {
      server: new URL(this.getAttribute("server") ?? import.meta.url, document.baseURI),
      isPage: this.getAttribute("mode") === "page",
      heading: this.getAttribute("heading") ?? "",
      theme: this.getAttribute("theme") ?? "auto",
      language: language.startsWith("en") ? "en" : "it",
    });
  }

  disconnectedCallback() {
    this.window?.stop();
    this.window = null;
  }

  /** Open the chat, for example from a link of the page. */
  open() {
    this.window?.open();
  }

  close() {
    this.window?.close();
  }
}

if (!customElements.get("sportello-chat")) {
  customElements.define("sportello-chat", SportelloChat);
}
