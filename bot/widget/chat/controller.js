// @ts-check
/** The life of a conversation in this tab: consent, connection, what each frame of the server starts, the end. */

import { Connection } from "./connection.js";
import { button, h, saveFile } from "./dom.js";
import { Exchange } from "./exchange.js";
import { numberOf, objectOf, stateOf, textOf } from "./frames.js";
import { Requests } from "./requests.js";
import { endSheet, noticeSheet, unreachableSheet } from "./sheets.js";
import { forgetAll, loadSecret, saveSecret, watchSecret } from "./storage.js";
import { fetchConfig, sayBye } from "./transports.js";

export class Controller {
  /**
   * @param {URL} server
   * @param {Host} host
   */
  constructor(server, host) {
    this.server = server;
    this.host = host;
    this.secret = "";
    this.acceptedNotice = "";
    /** @type {unknown} */
    this.config = null;
    this.state = stateOf(null);
    const { panel, texts, isShown, onUnread } = host;
    const send = /** @type {(frame: object) => boolean} */ ((frame) => this.connection.send(frame));
    this.requests = new Requests({ panel, texts, send });
    /** @type {Exchange} */
    this.exchange = new Exchange({
      panel,
      texts,
      send,
      isShown,
      onUnread,
      secret: () => this.secret,
      greeting: () => objectOf(objectOf(this.config, "greeting"), host.language()),
      isOnline: () => this.isOnline,
      reconnect: () => this.connection.lose(0),
    });
    /** @type {Connection} */
    this.connection = new Connection(server, {
      secret: () => this.secret,
      after: () => this.exchange.conversation.last,
      notice: () => this.acceptedNotice,
      onFrame: (frame) => this.receive(frame),
      onStatus: () => this.showStatus(),
    });
    this.unwatch = () => {};
  }

  /** @returns {boolean} */
  get isOnline() {
    return this.connection.status === "online";
  }

  /** @returns {Notice} */
  get notice() {
    const notice = objectOf(this.config, "notice");
    return { version: textOf(notice, "version"), text: textOf(notice, "text"), url: textOf(notice, "url") };
  }

  /** Take up a conversation that this browser already has. */
  start() {
    this.unwatch = watchSecret((secret) => this.followOtherTab(secret));
    this.secret = loadSecret();
    if (this.secret) {
      this.exchange.restoreUnsent();
      void this.begin({ takesFocus: false });
    }
  }

  stop() {
    this.unwatch();
    this.connection.stop();
  }

  /**
   * Show what comes first: the conversation, or the notice for who has none.
   * @param {{takesFocus?: boolean}} [how]
   * @returns {Promise<void>}
   */
  async begin({ takesFocus = true } = {}) {
    try {
      this.config ??= await fetchConfig(this.server);
    } catch {
      const retry = () => void this.begin();
      this.host.panel().showSheet(unreachableSheet(this.host.texts(), retry), { isCancellable: false, takesFocus });
      return;
    }
    if (this.secret || this.acceptedNotice) {
      this.enter(takesFocus);
    } else {
      this.askConsent("", takesFocus);
    }
  }

  /**
   * @param {string} remark
   * @param {boolean} takesFocus
   */
  askConsent(remark, takesFocus) {
    const accept = () => {
      this.acceptedNotice = this.notice.version;
      this.enter(true);
      if (this.connection.isOpen) {
        this.connection.hello();
      }
    };
    const sheet = noticeSheet(this.host.texts(), this.notice, remark, accept, () => this.host.onRefused());
    this.host.panel().showSheet(sheet, { isCancellable: false, takesFocus });
  }

  /** @param {boolean} takesFocus */
  enter(takesFocus) {
    const panel = this.host.panel();
    panel.composer.maxChars = numberOf(this.config, "message_max_chars") || panel.composer.maxChars;
    panel.showConversation(takesFocus);
    this.exchange.redraw();
    this.connection.start();
    this.showStatus();
  }

  /** @param {unknown} frame */
  receive(frame) {
    const { exchange } = this;
    switch (textOf(frame, "type")) {
      case "welcome":
        return this.onWelcome(frame);
      case "message":
        return exchange.onMessage(frame);
      case "ack":
        return exchange.onAck(frame);
      case "live":
        return exchange.onLive();
      case "typing":
        return exchange.onTyping(frame);
      case "gap":
        return exchange.onGap(numberOf(frame, "to"));
      case "reset":
        return exchange.reset();
      case "history":
        return exchange.onHistory(frame);
      case "state":
        return this.onState(frame);
      case "export":
        return this.requests.saveExport(objectOf(frame, "data"));
      case "ended":
        return this.onEnded(textOf(frame, "reason"), textOf(frame, "message"));
      case "error":
        return this.onError(frame);
      default:
        return undefined;
    }
  }

  /** @param {unknown} frame */
  onWelcome(frame) {
    const secret = textOf(frame, "secret");
    const stored = loadSecret();
    if (secret && stored && stored !== this.secret) {
      // Another tab was faster: there is one conversation, and it has begun it.
      this.secret = stored;
      this.connection.connect();
      return;
    }
    if (secret) {
      const isAnother = this.secret !== "";
      this.state = stateOf(null);
      this.secret = secret;
      saveSecret(secret);
      if (isAnother) {
        this.exchange.reset();
      }
      this.exchange.keepUnsent();
    }
    this.exchange.resume(frame);
    const known = textOf(frame, "notice");
    if (known && known !== this.notice.version && !this.acceptedNotice) {
      this.askConsent("", false);
    }
  }

  /** @param {unknown} frame */
  onState(frame) {
    const before = this.state.owner;
    this.state = stateOf(frame);
    if (this.state.owner === "closed" && before !== "closed") {
      const rate = button(this.host.texts().rate, "choice", () => this.requests.askRating());
      this.host.panel().log.append(h("p", { class: "hint" }, rate));
    }
    this.showStatus();
  }

  /** Somebody reads it only while a person answers. */
  tellTyping() {
    if (this.state.owner === "staff") {
      this.connection.send({ type: "typing" });
    }
  }

  /** @param {unknown} frame */
  onError(frame) {
    const code = textOf(frame, "code");
    const message = textOf(frame, "message");
    const entry = this.exchange.conversation.own(textOf(frame, "id"));
    if (code === "notice_required") {
      this.acceptedNotice = "";
      this.askConsent("", this.host.isShown());
    } else if (entry) {
      this.exchange.onRefused(entry, frame);
    } else if (message) {
      this.host.panel().say(message);
    }
  }

  /**
   * @param {string} reason
   * @param {string} message
   */
  onEnded(reason, message) {
    const hasExpired = reason === "expired";
    // What another tab has begun meanwhile is not ours to forget.
    const isOurs = [this.secret, ""].includes(loadSecret());
    this.connection.stop();
    this.secret = "";
    this.acceptedNotice = "";
    this.state = stateOf(null);
    if (hasExpired) {
      this.exchange.reset();
    } else {
      this.exchange.forget();
    }
    if (isOurs) {
      forgetAll({ keepsPreferences: hasExpired });
    }
    this.host.panel().announceState("");
    this.host.onUnread(0);
    const takesFocus = this.host.isShown();
    if (hasExpired) {
      this.askConsent(this.host.texts().expired, takesFocus);
    } else {
      const sheet = endSheet(this.host.texts(), message, () => void this.begin());
      this.host.panel().showSheet(sheet, { isCancellable: false, takesFocus });
    }
  }

  /** @param {string} secret */
  followOtherTab(secret) {
    if (secret === this.secret) {
      return;
    }
    if (!secret) {
      this.onEnded("left", "");
      return;
    }
    this.secret = secret;
    this.connection.stop();
    this.exchange.reset();
    void this.begin({ takesFocus: false });
  }

  showStatus() {
    const panel = this.host.panel();
    const { status, failures } = this.connection;
    if (status === "online" || status === "off") {
      panel.announceState(this.state.text);
    } else if (failures > 0 || !navigator.onLine) {
      // A first connection that takes a moment says nothing.
      panel.announceState(this.host.texts().offline);
      panel.log.showWriting("");
    }
    if (status === "online") {
      this.exchange.deliverUnsent();
    } else {
      this.exchange.conversation.unsent.forEach((entry) => panel.log.update(entry));
    }
  }

  askPerson() {
    this.host.panel().showConversation();
    this.exchange.write(this.host.texts().personMessage);
  }

  leave() {
    if (this.secret) {
      sayBye(this.server, this.secret);
    }
    this.onEnded("left", "");
  }

  saveTranscript() {
    const { entries } = this.exchange.conversation;
    saveFile(this.host.texts().transcriptName, "text/plain;charset=utf-8", this.host.panel().log.transcript(entries));
  }
}
