// @ts-check
// Elements from words. Whatever comes from a file or a user becomes text or an attribute's value here, never HTML.

/** @typedef {string | Node | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | EventListener | null | undefined>} Attributes */

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes] A function is a listener: `onclick`. false, null and undefined leave one out.
 * @param {...Child} children Strings become text.
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/** Outlines on a grid of 24 by 24. */
const ICONS = {
  play: "M8 5.5v13a1 1 0 0 0 1.5.86l10.5-6.5a1 1 0 0 0 0-1.72L9.5 4.64A1 1 0 0 0 8 5.5Z",
  pause: "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z",
  stop: "M7 6h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1Z",
  start: "M6 5h2.5v14H6zM19 5.9v12.2a.9.9 0 0 1-1.4.75L9.4 12.75a.9.9 0 0 1 0-1.5l8.2-6.1a.9.9 0 0 1 1.4.75Z",
  loop: "M7 7h9V4.5L20.5 8.5 16 12.5V10H8a2 2 0 0 0-2 2v1H3v-2a4 4 0 0 1 4-4Zm10 10H8v2.5L3.500 15.500 8 11.500V14h8a2 2 0 0 0 2-2v-1h3v2a4 4 0 0 1-4 4Z",
  star: "m12 3.6 2.5 5.2 5.7.8-4.1 4 1 5.700-5.100-2.700-5.100 2.700 1-5.700-4.100-4 5.700-.8Z",
  die: "M6 3h12a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3Zm2.200 3.700a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3Zm7.600 0a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3ZM12 10.500a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3Zm-3.800 3.800a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3Zm7.600 0a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3Z",
  bin: "M9 3h6l1 2h4v2H4V5h4Zm-3 6h12l-.9 11a1.500 1.500 0 0 1-1.500 1.400H8.400A1.500 1.500 0 0 1 6.900 20Z",
  pencil: "m4 16.500 9.800-9.800 3.500 3.500L7.500 20H4ZM15 5.500l1.600-1.600a1.400 1.400 0 0 1 2 0l1.500 1.500a1.400 1.400 0 0 1 0 2L18.500 9Z",
  download: "M10.500 3h3v8.500h4L12 17.500l-5.500-6h4ZM4 18.500h16V21H4Z",
  onwards: "M4 6.500 11 12l-7 5.500ZM12 6.500 19 12l-7 5.500Zm7.500 0H21v11h-1.500Z",
  again: "M12 4a8 8 0 0 1 6.300 3.100L20.500 5v6.500H14l2.500-2.500A5.200 5.200 0 1 0 17 14h2.700A8 8 0 1 1 12 4Z",
  sliders: "M4 6h8.300a2.800 2.800 0 0 1 5.400 0H20v2h-2.300a2.800 2.800 0 0 1-5.400 0H4Zm0 10h2.300a2.800 2.800 0 0 1 5.400 0H20v2h-8.300a2.800 2.800 0 0 1-5.400 0H4Z",
  volume: "M4 9h3.500L13 4.500v15L7.500 15H4Zm11.500-.5a5 5 0 0 1 0 7ZM15.500 4a9 9 0 0 1 0 16v-2.300a7 7 0 0 0 0-11.400Z",
  sun: "M12 7a5 5 0 1 1 0 10 5 5 0 0 1 0-10Zm-1-5h2v3h-2Zm0 17h2v3h-2ZM2 11h3v2H2Zm17 0h3v2h-3ZM4.200 5.600l1.400-1.400 2.100 2.100-1.400 1.400Zm12.100 12.100 1.400-1.400 2.100 2.100-1.400 1.400Zm2.100-13.500 1.400 1.400-2.100 2.100-1.400-1.400ZM6.300 16.300l1.400 1.400-2.100 2.100-1.400-1.400Z",
  moon: "M20.500 14.500A8.500 8.500 0 0 1 9.500 3.500a8.500 8.500 0 1 0 11 11Z",
  add: "M10.800 4h2.400v6.800H20v2.400h-6.800V20h-2.400v-6.800H4v-2.400h6.800Z",
  upload: "M10.500 16.500h3V9h4L12 3 6.500 9h4ZM4 18.500h16V21H4Z",
  file: "M6 3h8l5 5v12a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1Zm7 1.800V9h4.200Z",
  folder: "M3 6a1 1 0 0 1 1-1h5.500l2 2.500H20a1 1 0 0 1 1 1V19a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1Z",
  school: "M12 4 1.500 9.500 12 15l8-4.200V17h2V9.500ZM6 13.600V17c1.600 1.700 3.600 2.500 6 2.500s4.400-.8 6-2.500v-3.400l-6 3.200Z",
  live: "M12 9.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5ZM7.300 5.900l1.500 1.500a6.500 6.500 0 0 0 0 9.200l-1.500 1.500a8.600 8.600 0 0 1 0-12.200Zm9.400 0a8.600 8.600 0 0 1 0 12.200l-1.500-1.500a6.500 6.500 0 0 0 0-9.200Z",
  "at-work": "M12 3a9 9 0 1 1-9 9h2.500A6.500 6.500 0 1 0 12 5.500Z",
  power: "M10.800 3h2.400v9h-2.400ZM7.600 5.800l1.300 2a6 6 0 1 0 6.200 0l1.300-2a8.400 8.400 0 1 1-8.800 0Z",
  check: "m9.500 17.600-5.100-5.100 1.500-1.500 3.600 3.600 8.600-8.600 1.500 1.500Z",
  dash: "M5 10.800h14v2.400H5Z",
  close: "m6.400 5 5.600 5.600L17.600 5 19 6.400 13.400 12l5.600 5.600-1.400 1.400-5.600-5.600L6.400 19 5 17.600l5.600-5.600L5 6.400Z",
};

/** @typedef {keyof typeof ICONS} IconName */

/**
 * Make an icon, which says nothing by itself: what it is on has a label.
 * @param {IconName} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}

/**
 * Make a button with an icon and, unless `short`, its label beside it.
 * @param {IconName} name
 * @param {string} label
 * @param {EventListener} run
 * @param {{short?: boolean, class?: string, title?: string}} [options]
 * @returns {HTMLButtonElement}
 */
export function iconButton(name, label, run, options = {}) {
  const kind = options.class ?? (options.short ? "button quiet square" : "button quiet");
  const title = options.title ?? (options.short ? label : null);
  return el(
    "button",
    { type: "button", class: kind, title, "aria-label": options.short ? label : null, onclick: run },
    icon(name),
    options.short ? null : el("span", {}, label),
  );
}

/**
 * Change the icon of a button, and what it is called.
 * @param {HTMLElement} button
 * @param {IconName} name
 * @param {string} label
 */
export function reIcon(button, name, label) {
  button.querySelector(".icon")?.replaceWith(icon(name));
  button.setAttribute("aria-label", label);
  button.title = label;
}

/**
 * Begin with a capital letter, as a line that stands by itself does.
 * @param {string} text
 * @returns {string}
 */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
