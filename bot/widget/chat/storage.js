// @ts-check
/**
 * What stays in the browser: the secret of the conversation; a choice of appearance, once somebody makes one; and, for this
 * tab only, messages that could not be sent yet. No cookie, and nothing before the privacy notice is accepted.
 */

const SECRET = "sportello.secret";
const PREFERENCES = "sportello.preferences";
const UNSENT = "sportello.unsent";

/** Stands in where the browser forbids storage: the chat works, and forgets on reload. */
const memory = /** @type {Map<string, string>} */ (new Map());

/** @returns {string} empty if there is no conversation */
export function loadSecret() {
  return read("localStorage", SECRET);
}

/** @param {string} secret empty forgets it */
export function saveSecret(secret) {
  write("localStorage", SECRET, secret);
}

/**
 * @param {(secret: string) => void} onChange called when another tab begins or ends the conversation
 * @returns {() => void} stops it
 */
export function watchSecret(onChange) {
  /** @param {StorageEvent} event */
  const listen = (event) => {
    // Without a key, everything was cleared.
    if (event.key === SECRET || event.key === null) {
      onChange(loadSecret());
    }
  };
  window.addEventListener("storage", listen);
  return () => window.removeEventListener("storage", listen);
}

/** @returns {Partial<Preferences>} */
export function loadPreferences() {
  return object(read("localStorage", PREFERENCES));
}

/** @param {Preferences} preferences */
export function savePreferences(preferences) {
  write("localStorage", PREFERENCES, JSON.stringify(preferences));
}

/**
 * @param {string} secret of the conversation they belong to
 * @returns {Unsent[]}
 */
export function loadUnsent(secret) {
  const kept = object(read("sessionStorage", UNSENT));
  const messages = Array.isArray(kept.messages) ? kept.messages : [];
  return kept.secret === secret ? messages.filter((/** @type {any} */ one) => typeof one?.id === "string" && typeof one?.text === "string") : [];
}

/**
 * @param {string} secret
 * @param {Unsent[]} messages
 */
export function saveUnsent(secret, messages) {
  write("sessionStorage", UNSENT, secret && messages.length > 0 ? JSON.stringify({ secret, messages }) : "");
}

/** @param {{keepsPreferences: boolean}} what */
export function forgetAll({ keepsPreferences }) {
  write("localStorage", SECRET, "");
  if (!keepsPreferences) {
    write("localStorage", PREFERENCES, "");
  }
  write("sessionStorage", UNSENT, "");
}

/**
 * @param {string} raw
 * @returns {any} an object, whatever was stored
 */
function object(raw) {
  try {
    const value = JSON.parse(raw || "{}");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/**
 * @param {"localStorage" | "sessionStorage"} area
 * @param {string} key
 * @returns {string}
 */
function read(area, key) {
  try {
    return window[area].getItem(key) ?? "";
  } catch {
    return memory.get(key) ?? "";
  }
}

/**
 * @param {"localStorage" | "sessionStorage"} area
 * @param {string} key
 * @param {string} value
 */
function write(area, key, value) {
  try {
    if (value) {
      window[area].setItem(key, value);
    } else {
      window[area].removeItem(key);
    }
  } catch {
    memory.set(key, value);
  }
}
