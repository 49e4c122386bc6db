// @ts-check
/** What the citizen asks of the office beside messages: a rating, a report, a copy of the data, their erasure, an end. */

import { saveFile } from "./dom.js";
import { eraseSheet, ratingSheet, reportSheet } from "./sheets.js";

export class Requests {
  /** @param {{panel: () => Panel, texts: () => Texts, send: (frame: object) => boolean}} context */
  constructor(context) {
    this.context = context;
  }

  /** @returns {Panel} */
  get panel() {
    return this.context.panel();
  }

  /** @returns {Texts} */
  get texts() {
    return this.context.texts();
  }

  askRating() {
    const send = /** @type {(score: number, comment: string) => void} */ (
      (score, comment) => this.finishSheet({ type: "rating", score, comment }, this.texts.rateThanks)
    );
    this.panel.showSheet(ratingSheet(this.texts, send, () => this.panel.showConversation()));
  }

  /** @param {Entry} entry */
  askReport(entry) {
    const send = /** @type {(comment: string) => void} */ (
      (comment) => this.finishSheet({ type: "report", seq: entry.seq, comment }, this.texts.wrongThanks)
    );
    this.panel.showSheet(reportSheet(this.texts, send, () => this.panel.showConversation()));
  }

  askErase() {
    this.panel.showSheet(eraseSheet(this.texts, () => this.need({ type: "erase" }), () => this.panel.showConversation()));
  }

  restart() {
    if (this.need({ type: "restart" })) {
      this.panel.showConversation();
      this.panel.say(this.texts.restarted);
    }
  }

  /**
   * @param {object} frame
   * @param {string} thanks
   */
  finishSheet(frame, thanks) {
    if (this.need(frame)) {
      this.panel.showConversation();
      this.panel.say(thanks);
    }
  }

  /**
   * @param {object} frame
   * @returns {boolean} whether it was sent; if not, the citizen is told
   */
  need(frame) {
    const wasSent = this.context.send(frame);
    if (!wasSent) {
      this.panel.say(this.texts.needConnection);
    }
    return wasSent;
  }

  askExport() {
    this.need({ type: "export" });
  }

  /** @param {unknown} data */
  saveExport(data) {
    saveFile(this.texts.exportName, "application/json", JSON.stringify(data, null, 2));
  }
}
