// @ts-check
/**
 * The conversation as this tab knows it: what was shown, in the order of the server's numbers, and what still has to be
 * sent. It touches neither page nor network, so that its rules can be read, and tested, by themselves.
 */

import { textOf } from "./frames.js";

export class Conversation {
  constructor() {
    /** Everything up to this number has been received. */
    this.last = 0;
    /** @type {Entry[]} in the order in which they are shown: by number, what has none yet at the end */
    this.entries = [];
  }

  /** @returns {number} the smallest number that is shown, zero if there is none */
  get first() {
    return this.entries.find((entry) => entry.seq > 0)?.seq ?? 0;
  }

  /** @returns {Entry[]} what the server has not acknowledged and may still, oldest first */
  get unsent() {
    return this.entries.filter((entry) => entry.author === "citizen" && entry.progress === "sending");
  }

  clear() {
    this.last = 0;
    this.entries = [];
  }

  /**
   * @param {string} id
   * @param {string} text
   * @returns {Entry}
   */
  write(id, text) {
    /** @type {Entry} */
    const entry = {
      seq: 0, prev: 0, id, author: "citizen", name: "", text, at: "", buttons: [], days: [], field: null, file: null, cards: [],
      isCopy: false, isFactual: false, progress: "sending", problem: "",
    };
    this.entries.push(entry);
    return entry;
  }

  /**
   * Take in a message of the server.
   * @param {Message} message
   * @returns {Entry | "missing" | null} the entry to show; "missing" if an earlier one has not arrived; null if it was known
   */
  receive(message) {
    if (message.seq <= this.last) {
      return null;
    }
    if (message.prev > this.last) {
      return "missing";
    }
    this.last = message.seq;
    return this.place(message);
  }

  /**
   * Older messages, asked for by the citizen.
   * @param {Message[]} messages
   * @returns {Entry[]} those that were not shown yet
   */
  prepend(messages) {
    const known = new Set(this.entries.map((entry) => entry.seq));
    return messages.filter((message) => message.seq > 0 && !known.has(message.seq)).map((message) => this.place(message));
  }

  /**
   * Messages up to this number are gone: they are not waited for.
   * @param {number} upTo
   */
  skip(upTo) {
    this.last = Math.max(this.last, upTo);
  }

  /**
   * @param {unknown} frame of the type "ack"
   * @returns {Entry | null}
   */
  acknowledge(frame) {
    const entry = this.own(textOf(frame, "id"));
    if (entry) {
      entry.progress = "sent";
      entry.at = entry.at || textOf(frame, "at");
    }
    return entry;
  }

  /**
   * @param {string} id
   * @returns {Entry | null} the citizen's message with this id
   */
  own(id) {
    return (id && this.entries.find((entry) => entry.author === "citizen" && entry.id === id)) || null;
  }

  /**
   * @param {Message} message
   * @returns {Entry}
   */
  place(message) {
    const own = message.author === "citizen" ? this.own(message.id) : null;
    const entry = Object.assign(own ?? { problem: "" }, message, { progress: /** @type {Progress} */ ("sent") });
    this.entries = this.entries.filter((other) => other !== entry);
    const later = this.entries.findIndex((other) => other.seq === 0 || other.seq > entry.seq);
    this.entries.splice(later < 0 ? this.entries.length : later, 0, entry);
    return entry;
  }
}
