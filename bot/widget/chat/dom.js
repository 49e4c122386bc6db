// @ts-check
/** Building elements: text goes in as text, never as markup. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | undefined>} [attributes] true sets an empty attribute, false and undefined none
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...present(children));
  return element;
}

/**
 * @param {string} label
 * @param {string} className
 * @param {(event: MouseEvent) => void} onPress
 * @returns {HTMLButtonElement}
 */
export function button(label, className, onPress) {
  const element = h("button", { type: "button", class: className }, label);
  element.addEventListener("click", (event) => {
    // A double click hits whatever the first press brought under the pointer: that was not a choice.
    if (event.detail <= 1) {
      onPress(event);
    }
  });
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} path outline in a square of 24
 * @returns {SVGElement}
 */
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const ICONS = /** @type {const} */ ({
  chat: "M4 4h16a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-8l-5 4v-4H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM8 9h8M8 13h5",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-8-5 16-4-6-7-2zM11 14l4-4",
  options: "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4",
  back: "M15 5l-7 7 7 7",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
});

let lastId = 0;

/** @returns {string} an id that no other element of the page has */
export function newElementId() {
  lastId += 1;
  return `sportello-${lastId}`;
}

/**
 * @param {string} name
 * @param {string} type
 * @param {string} content
 */
export function saveFile(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: url, download: name }).click();
  // The download reads the address after this turn of the event loop.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * @param {Child[]} children
 * @returns {(string | Node)[]}
 */
function present(children) {
  return /** @type {(string | Node)[]} */ (children.filter((child) => child !== null && child !== undefined && child !== false));
}
