// @ts-check
// The Help tab: how to get the music into a DAW, the keys, and what this machine has for playing.
import { ask } from "./api.js";
import { el } from "./dom.js";

/**
 * @param {HTMLElement} section
 * @param {import("./app.js").Panel} panel
 */
export async function start(section, panel) {
  section.append(el("div", { class: "card prose" }, el("h2", {}, "Help"), el("p", {}, "Press Compose, and listen.")));
  void panel.attempt(ask("/api/help"));
}
