// @ts-check
/** Keeps a way to the server open: says hello, comes back after every loss, changes to requests where WebSockets are blocked. */

import { textOf } from "./frames.js";
import { openRequests, openSocket } from "./transports.js";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const REFUSED_DELAY_MS = 60_000;
const PONG_TIMEOUT_MS = 5_000;
/** Failures to open a WebSocket before requests are tried: one may be an accident. */
const SOCKET_ATTEMPTS = 2;
const GOING_AWAY = 1001;
const REFUSED = new Set([1008, 1013]);

export class Connection {
  /**
   * @param {URL} server
   * @param {Owner} owner
   */
  constructor(server, owner) {
    this.server = server;
    this.owner = owner;
    /** @type {Status} */
    this.status = "off";
    /** @type {Transport | null} */
    this.transport = null;
    this.failures = 0;
    this.socketFailures = 0;
    this.retryTimer = 0;
    this.pongTimer = 0;
    this.isOpen = false;
    this.isSocket = false;
    this.isWelcome = false;
    this.onNetwork = () => (navigator.onLine ? this.wake() : this.lose(0));
    this.onVisible = () => document.visibilityState === "visible" && this.wake();
  }

  start() {
    if (this.status !== "off") {
      return;
    }
    window.addEventListener("online", this.onNetwork);
    window.addEventListener("offline", this.onNetwork);
    window.addEventListener("pageshow", this.onVisible);
    document.addEventListener("visibilitychange", this.onVisible);
    this.connect();
  }

  stop() {
    window.removeEventListener("online", this.onNetwork);
    window.removeEventListener("offline", this.onNetwork);
    window.removeEventListener("pageshow", this.onVisible);
    document.removeEventListener("visibilitychange", this.onVisible);
    this.drop();
    this.become("off");
  }

  /**
   * @param {object} frame
   * @returns {boolean} whether there was a connection to send it on
   */
  send(frame) {
    if (this.status !== "online" || !this.transport) {
      return false;
    }
    this.transport.send(frame);
    return true;
  }

  /** Introduce this browser on the open connection: at first, and when a newer notice was accepted. */
  hello() {
    const secret = this.owner.secret();
    const hello = { type: "hello", protocol: 1, notice: this.owner.notice(), after: this.owner.after() };
    this.transport?.send(secret ? { ...hello, secret } : hello);
  }

  /** After sleep, or when an answer is overdue: find out whether the connection still lives. */
  wake() {
    if (this.status === "online") {
      this.transport?.send({ type: "ping" });
      clearTimeout(this.pongTimer);
      this.pongTimer = setTimeout(() => this.lose(GOING_AWAY), PONG_TIMEOUT_MS);
    } else if (this.status === "offline") {
      this.connect();
    }
  }

  connect() {
    this.drop();
    this.become("connecting");
    const listener = {
      onOpen: () => {
        this.isOpen = true;
        this.hello();
      },
      /** @param {unknown} frame */
      onFrame: (frame) => this.receive(frame),
      /** @param {number} code */
      onClose: (code) => this.lose(code),
    };
    const { secret, after } = this.owner;
    this.isSocket = this.socketFailures < SOCKET_ATTEMPTS;
    this.isWelcome = false;
    this.transport = this.isSocket ? openSocket(this.server, listener) : openRequests(this.server, listener, secret, after);
  }

  /** @param {unknown} frame */
  receive(frame) {
    clearTimeout(this.pongTimer);
    if (textOf(frame, "type") === "welcome") {
      this.failures = 0;
      this.isWelcome = true;
      this.socketFailures = this.isSocket ? 0 : this.socketFailures;
      this.owner.onFrame(frame);
      this.become("online");
    } else {
      this.owner.onFrame(frame);
    }
  }

  /** @param {number} code of the WebSocket's close, zero if there was none */
  lose(code) {
    if (this.status === "off") {
      return;
    }
    if (this.isSocket && !this.isOpen && navigator.onLine) {
      this.socketFailures += 1;
    } else if (!this.isSocket && !this.isWelcome) {
      // Requests do not get through either: not WebSockets are blocked, the server is away.
      this.socketFailures = 0;
    }
    this.drop();
    this.become("offline");
    const patience = Math.min(FIRST_DELAY_MS * 2 ** this.failures, LONGEST_DELAY_MS);
    // Everybody is thrown out when a server stops: they must not all come back in the same instant.
    const delay = REFUSED.has(code) ? REFUSED_DELAY_MS : patience * (0.5 + Math.random() / 2);
    this.failures += 1;
    this.retryTimer = setTimeout(() => this.connect(), delay);
  }

  drop() {
    clearTimeout(this.retryTimer);
    clearTimeout(this.pongTimer);
    this.transport?.close();
    this.transport = null;
    this.isOpen = false;
  }

  /** @param {Status} status */
  become(status) {
    if (this.status !== status) {
      this.status = status;
      this.owner.onStatus(status);
    }
  }
}
