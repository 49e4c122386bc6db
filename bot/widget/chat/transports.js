// @ts-check
/** The two ways to the server: a WebSocket, and plain requests where WebSockets do not get through. */

import { listOf, parsed, textOf } from "./frames.js";

/** A server that says nothing for so long is not there. */
const OPEN_TIMEOUT_MS = 8_000;
const POLL_WAIT_S = 25;
const REQUEST_TIMEOUT_MS = 40_000;

/**
 * @param {URL} server
 * @param {TransportListener} listener
 * @returns {Transport}
 */
export function openSocket(server, listener) {
  const address = new URL("/ws/chat", server);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const socket = newSocket(address);
  if (!socket) {
    queueMicrotask(() => listener.onClose(0));
    return { send: () => undefined, close: () => undefined };
  }
  let isOver = false;
  /** @param {number} code */
  const over = (code) => {
    if (!isOver) {
      isOver = true;
      clearTimeout(timer);
      listener.onClose(code);
    }
  };
  const timer = setTimeout(() => {
    over(0);
    socket.close();
  }, OPEN_TIMEOUT_MS);
  socket.addEventListener("open", () => {
    clearTimeout(timer);
    if (!isOver) {
      listener.onOpen();
    }
  });
  socket.addEventListener("message", (event) => {
    if (!isOver && typeof event.data === "string") {
      listener.onFrame(parsed(event.data));
    }
  });
  socket.addEventListener("close", (event) => over(event.code));
  return {
    send: (frame) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame)),
    close: () => {
      isOver = true;
      clearTimeout(timer);
      socket.close();
    },
  };
}

/**
 * @param {URL} address
 * @returns {WebSocket | null} null where the browser refuses even to try
 */
function newSocket(address) {
  try {
    return new WebSocket(address);
  } catch {
    return null;
  }
}

/**
 * Requests go one after the other, so that messages arrive in the order in which they were written; one more request
 * waits for what the server has to say.
 * @param {URL} server
 * @param {TransportListener} listener
 * @param {() => string} secret
 * @param {() => number} after the highest number shown
 * @returns {Transport}
 */
export function openRequests(server, listener, secret, after) {
  const address = new URL("/chat/frames", server);
  const stop = new AbortController();
  let isOver = false;
  let isPolling = false;
  /** @type {Promise<unknown>} */
  let queue = Promise.resolve();

  /** @param {object} frame */
  const exchange = async (frame) => {
    if (isOver) {
      return;
    }
    const timer = setTimeout(() => over(0), REQUEST_TIMEOUT_MS);
    try {
      const body = await post(address, frame, secret(), stop.signal);
      for (const received of isOver ? [] : listOf(body, "frames")) {
        listener.onFrame(received);
        if (textOf(received, "type") === "welcome" && !isPolling) {
          isPolling = true;
          void poll();
        }
      }
    } catch {
      over(0);
    } finally {
      clearTimeout(timer);
    }
  };
  const poll = async () => {
    while (!isOver) {
      await exchange({ type: "poll", after: after(), wait_s: POLL_WAIT_S });
    }
  };
  /** @param {number} code */
  const over = (code) => {
    if (!isOver) {
      isOver = true;
      stop.abort();
      listener.onClose(code);
    }
  };
  queueMicrotask(() => !isOver && listener.onOpen());
  return {
    send: (frame) => {
      queue = queue.then(() => exchange(frame));
    },
    close: () => {
      isOver = true;
      stop.abort();
    },
  };
}

/**
 * @param {URL} server
 * @returns {Promise<unknown>} the public configuration of the chat
 */
export async function fetchConfig(server) {
  const response = await fetch(new URL("/chat/config", server), { signal: AbortSignal.timeout(OPEN_TIMEOUT_MS) });
  if (!response.ok) {
    throw new Error(`configuration: ${response.status}`);
  }
  return response.json();
}

/**
 * End a secret although the connection may be gone: what the browser can still deliver, it does.
 * @param {URL} server
 * @param {string} secret
 */
export function sayBye(server, secret) {
  void fetch(new URL("/chat/frames", server), { ...request({ type: "bye" }, secret), keepalive: true }).catch(() => undefined);
}

/**
 * @param {URL} address
 * @param {object} frame
 * @param {string} secret
 * @param {AbortSignal} signal
 * @returns {Promise<unknown>}
 */
async function post(address, frame, secret, signal) {
  const response = await fetch(address, { ...request(frame, secret), signal });
  const body = await response.json();
  if (!response.ok && listOf(body, "frames").length === 0) {
    throw new Error(`frames: ${response.status}`);
  }
  return body;
}

/**
 * @param {object} frame
 * @param {string} secret
 * @returns {RequestInit}
 */
function request(frame, secret) {
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": "application/json" };
  if (secret) {
    headers.Authorization = `Bearer ${secret}`;
  }
  return { method: "POST", headers, body: JSON.stringify(frame), credentials: "omit", cache: "no-store" };
}
