// @ts-check
/** Messages on their way: written, sent, acknowledged, received, shown. */

import { Conversation } from "./conversation.js";
import { button, h } from "./dom.js";
import { choicesOf, isSet, listOf, messageOf, numberOf, textOf } from "./frames.js";
import { loadUnsent, saveUnsent } from "./storage.js";

/** A stored message is acknowledged at once; later means that the connection is dead without saying so. */
const ACK_TIMEOUT_MS = 8_000;
const RETRY_DELAY_S = 5;

export class Exchange {
  /** @param {ExchangeContext} context */
  constructor(context) {
    this.context = context;
    this.conversation = new Conversation();
    /** Up to this number the citizen has seen the messages. */
    this.seen = 0;
    /** What this tab never had is being replayed: it is not new to the citizen. */
    this.isReplaying = false;
    this.ackTimer = 0;
  }

  /** @returns {Panel} */
  get panel() {
    return this.context.panel();
  }

  /** Begin anew; what the citizen wrote and the server has not got stays. */
  reset() {
    const waiting = this.conversation.unsent;
    this.conversation.clear();
    this.conversation.entries = waiting;
    this.seen = 0;
    this.redraw();
  }

  forget() {
    clearTimeout(this.ackTimer);
    this.conversation.clear();
    this.reset();
  }

  /** @param {unknown} frame of the type "welcome" */
  resume(frame) {
    this.seen = Math.max(this.seen, numberOf(frame, "seen"));
    this.isReplaying = this.conversation.last === 0 && numberOf(frame, "last_seq") > 0;
    if (this.isReplaying) {
      this.panel.log.quiet(true);
    }
    if (this.conversation.last === 0) {
      this.conversation.skip(numberOf(frame, "from") - 1);
    }
  }

  /** Everything that was missed has been told. */
  onLive() {
    const { log } = this.panel;
    if (this.isReplaying) {
      this.isReplaying = false;
      log.earlier.hidden = this.conversation.first <= 1;
      log.scrollToEnd();
      setTimeout(() => log.quiet(false));
      this.afterMessage();
    }
  }

  /** Show the whole conversation again, for example in another language. */
  redraw() {
    const { log } = this.panel;
    log.quiet(true);
    log.clear();
    log.append(this.greeting());
    const { entries, first } = this.conversation;
    entries.forEach((entry) => log.show(entry, entries));
    log.earlier.hidden = first <= 1;
    log.scrollToEnd();
    setTimeout(() => log.quiet(false));
    this.afterMessage();
  }

  /** @returns {HTMLElement} */
  greeting() {
    const words = this.context.greeting();
    const choices = choicesOf(words).map(({ title, payload }) => button(title, "choice", () => this.write(payload)));
    const suggestions = h("div", { class: "choices", lang: "it" }, ...choices);
    const text = h("p", { class: "text" }, textOf(words, "text"));
    return h("div", { class: "message assistant" }, h("p", { class: "who" }, this.context.texts().assistant), text, suggestions);
  }

  /**
   * @param {string} text what was typed, or what a button asks in the citizen's place
   */
  write(text) {
    const entry = this.conversation.write(newId(), text);
    this.panel.log.show(entry, this.conversation.entries);
    this.panel.log.scrollTo(entry);
    this.panel.focusForNext();
    this.deliver(entry);
  }

  /** @param {Entry} entry */
  deliver(entry) {
    entry.progress = "sending";
    const { id, text } = entry;
    if (this.context.send({ type: "message", id, text })) {
      this.expectAck();
    }
    this.panel.log.update(entry);
    this.keepUnsent();
  }

  expectAck() {
    clearTimeout(this.ackTimer);
    this.ackTimer = setTimeout(() => this.conversation.unsent.length > 0 && this.context.isOnline() && this.context.reconnect(), ACK_TIMEOUT_MS);
  }

  /** Send again what may not have arrived. The server knows each by its id and stores it once. */
  deliverUnsent() {
    this.conversation.unsent.forEach((entry) => this.deliver(entry));
  }

  keepUnsent() {
    const messages = this.conversation.unsent.map(({ id, text }) => ({ id, text }));
    saveUnsent(this.context.secret(), messages);
  }

  restoreUnsent() {
    for (const { id, text } of loadUnsent(this.context.secret())) {
      this.conversation.write(id, text);
    }
  }

  /** @param {unknown} frame */
  onMessage(frame) {
    const message = messageOf(frame);
    const entry = this.conversation.receive(message);
    if (entry === "missing") {
      this.context.send({ type: "resume", after: this.conversation.last });
      return;
    }
    if (!entry) {
      return;
    }
    const { log } = this.panel;
    const { entries } = this.conversation;
    log.show(entry, entries);
    if (message.author === "citizen") {
      this.keepUnsent();
    } else {
      log.showWriting("");
    }
    if (!this.isReplaying) {
      const before = entries[entries.indexOf(entry) - 1];
      // An answer is read from its question on; what comes by itself, a reply of staff for one, begins the view.
      log.scrollTo(before?.author === "citizen" && before.progress === "sent" ? before : entry);
      this.afterMessage();
    }
  }

  /** What depends on the newest message: the shape of the text field, and what is unread. */
  afterMessage() {
    const office = this.conversation.entries.filter((entry) => entry.author !== "citizen");
    this.panel.composer.ask(office[office.length - 1]?.field ?? null);
    if (this.context.isShown()) {
      this.markSeen();
    }
    const unread = office.filter((entry) => entry.seq > this.seen).length;
    this.context.onUnread(unread);
  }

  markSeen() {
    if (this.conversation.last > this.seen && this.context.send({ type: "seen", seq: this.conversation.last })) {
      this.seen = this.conversation.last;
    }
  }

  /** @param {unknown} frame */
  onAck(frame) {
    const entry = this.conversation.acknowledge(frame);
    if (entry) {
      this.panel.log.update(entry);
      this.keepUnsent();
    }
    if (this.conversation.unsent.length === 0) {
      clearTimeout(this.ackTimer);
    }
  }

  /** @param {unknown} frame */
  onTyping(frame) {
    const texts = this.context.texts();
    const sentence = textOf(frame, "author") === "staff" ? texts.staffWriting : texts.writing;
    this.panel.log.showWriting(isSet(frame, "on") ? sentence : "");
  }

  /** @param {number} upTo */
  onGap(upTo) {
    if (upTo > this.conversation.last) {
      this.conversation.skip(upTo);
      this.panel.log.append(h("p", { class: "hint" }, this.context.texts().gap));
    }
  }

  /** @param {unknown} frame */
  onHistory(frame) {
    const { log } = this.panel;
    log.quiet(true);
    const added = this.conversation.prepend(listOf(frame, "messages").map(messageOf));
    added.forEach((entry) => log.show(entry, this.conversation.entries));
    log.earlier.hidden = !isSet(frame, "more");
    log.scrollTo(added[0]);
    log.element.focus({ preventScroll: true });
    setTimeout(() => log.quiet(false));
  }

  /**
   * A message of the citizen that the server refused.
   * @param {Entry} entry
   * @param {unknown} frame of the type "error"
   */
  onRefused(entry, frame) {
    if (textOf(frame, "code") === "unavailable") {
      const delay = numberOf(frame, "retry_after_s") || RETRY_DELAY_S;
      setTimeout(() => entry.progress === "sending" && this.deliver(entry), delay * 1000);
      return;
    }
    entry.progress = "failed";
    entry.problem = textOf(frame, "message");
    this.panel.log.update(entry);
    this.panel.log.scrollTo(entry);
    this.panel.say(entry.problem);
    this.keepUnsent();
  }
}

/** @returns {string} a random id that nobody can guess */
function newId() {
  if (typeof crypto.randomUUID === "function") {
    return crypto.randomUUID();
  }
  // Browsers offer randomUUID on https and localhost only; an office may try the page on plain http.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
