// @ts-check
// The one loudness of what this page plays, wherever it is shown.
import { el } from "./dom.js";

/**
 * Make a fader.
 * @param {import("./sound.js").Sound} sound
 * @param {string} name
 * @returns {HTMLInputElement}
 */
export function fader(sound, name) {
  const input = el("input", { type: "range", min: 0, max: 1, step: 0.01, value: sound.volume, "aria-label": name });
  input.addEventListener("input", () => (sound.volume = Number(input.value)));
  sound.addEventListener("volume", () => (input.value = String(sound.volume)));
  return input;
}
