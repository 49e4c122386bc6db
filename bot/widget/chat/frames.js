// @ts-check
/** What comes from the server, checked field by field before anything uses it (docs/websocket.md). */

/** Statuses of answers that state facts, and so can be wrong. */
const FACTUAL = new Set(["answered", "to_confirm", "out_of_scope"]);

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {unknown}
 */
function get(value, name) {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string} empty if there is no such text
 */
export function textOf(value, name) {
  const found = get(value, name);
  return typeof found === "string" ? found : "";
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {number} zero if there is no such number
 */
export function numberOf(value, name) {
  const found = get(value, name);
  return typeof found === "number" && Number.isFinite(found) ? found : 0;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {boolean}
 */
export function isSet(value, name) {
  return get(value, name) === true;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {unknown[]}
 */
export function listOf(value, name) {
  const found = get(value, name);
  return Array.isArray(found) ? found : [];
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {unknown}
 */
export function objectOf(value, name) {
  const found = get(value, name);
  return typeof found === "object" ? found : null;
}

/**
 * @param {string} raw
 * @returns {unknown} null if it is not JSON
 */
export function parsed(raw) {
  try {
    return JSON.parse(raw);
  } catch {
    return null;
  }
}

/**
 * @param {unknown} frame of the type "message"
 * @returns {Message}
 */
export function messageOf(frame) {
  const custom = objectOf(frame, "custom");
  return {
    seq: numberOf(frame, "seq"),
    prev: numberOf(frame, "prev"),
    id: textOf(frame, "id"),
    author: authorOf(textOf(frame, "author")),
    name: textOf(frame, "name"),
    text: textOf(frame, "text"),
    at: textOf(frame, "at"),
    buttons: choicesOf(frame),
    days: daysOf(custom),
    field: fieldOf(objectOf(custom, "field")),
    file: fileOf(objectOf(custom, "file")),
    cards: listOf(custom, "cards").map(cardOf).filter((card) => card.title || card.text),
    isCopy: textOf(custom, "topic") === "export" && textOf(custom, "status") === "answered",
    isFactual: FACTUAL.has(textOf(custom, "status")) && listOf(custom, "records").length > 0,
  };
}

/**
 * @param {unknown} value
 * @returns {State}
 */
export function stateOf(value) {
  return { owner: textOf(value, "owner") || "assistant", text: textOf(value, "text") };
}

/**
 * @param {unknown} value
 * @returns {Choice[]}
 */
export function choicesOf(value) {
  return listOf(value, "buttons")
    .map((entry) => ({ title: textOf(entry, "title"), payload: textOf(entry, "payload") }))
    .filter((choice) => choice.title && choice.payload);
}

/**
 * @param {string} author
 * @returns {Author}
 */
function authorOf(author) {
  return author === "citizen" || author === "staff" || author === "system" ? author : "assistant";
}

/**
 * @param {unknown} custom
 * @returns {Day[]}
 */
function daysOf(custom) {
  return listOf(objectOf(custom, "picker"), "days")
    .map((day) => ({
      date: textOf(day, "date"),
      label: textOf(day, "label"),
      slots: listOf(day, "slots").map((slot) => ({
        start: textOf(slot, "start"),
        label: textOf(slot, "label"),
        payload: textOf(slot, "payload"),
      })),
    }))
    .filter((day) => day.label && day.slots.length > 0);
}

/**
 * @param {unknown} value
 * @returns {Field | null}
 */
function fieldOf(value) {
  const name = textOf(value, "name");
  const type = textOf(value, "type");
  return name
    ? {
        name,
        type: type === "email" || type === "tel" || type === "textarea" ? type : "text",
        label: textOf(value, "label"),
        autocomplete: textOf(value, "autocomplete") || "off",
      }
    : null;
}

/**
 * @param {unknown} value
 * @returns {OfferedFile | null}
 */
function fileOf(value) {
  const file = { name: textOf(value, "name"), url: textOf(value, "url") };
  return file.name && file.url ? file : null;
}

/**
 * @param {unknown} value
 * @returns {Card}
 */
function cardOf(value) {
  const target = objectOf(value, "link");
  const url = textOf(target, "url");
  return {
    title: textOf(value, "title"),
    text: textOf(value, "text"),
    standsFor: textOf(value, "stands_for"),
    link: url ? { title: textOf(target, "title") || url, url } : null,
    buttons: choicesOf(value),
  };
}
