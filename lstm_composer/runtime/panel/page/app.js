// @ts-check
// The page as a whole: its tabs, its keys, its one way of saying something, its look, and its end.
import { ask, PanelError } from "./api.js";
import { capital, el, iconButton, reIcon } from "./dom.js";
import { watchPresence } from "./presence.js";
import { Sound } from "./sound.js";

/**
 * @typedef {object} Message
 * @property {"info" | "problem"} [kind]
 * @property {{label: string, run: () => void, takesFocus?: boolean}} [action] What can be done about it.
 */
/**
 * @typedef {object} Panel What each tab is given.
 * @property {Sound} sound
 * @property {(text: string, message?: Message) => void} say Tell the user something in one line.
 * @property {() => void} forget Take away what was said of earlier problems: something else is tried.
 * @property {(work: Promise<unknown>, fields?: import("./fields.js").Fields) => Promise<void>} attempt Tell the user what goes wrong
 *   with something: at the field that it belongs to, or in a line.
 * @property {(id: string, wish: Wish) => Promise<void>} visit Show another tab, and have it do something.
 * @property {(id: string) => boolean} has Whether there is a tab.
 */
/** @typedef {{style: string}} Wish What one tab asks of another: to take a style. */
/**
 * @typedef {object} Tab What a tab's module may give back.
 * @property {(event: KeyboardEvent) => boolean} [key] Told of keys that no control takes; true if it has used one.
 * @property {() => void} [shown]
 * @property {(wish: Wish) => Promise<void>} [wished] Another tab asks for something; told after it is shown.
 * @property {() => void} [hidden]
 * @property {() => void} [recolour] The look has changed: what is drawn by hand is drawn anew.
 */
/** @typedef {{id: string, title: string, module: string}} TabRow */

/** @type {TabRow[]} A module exports `start(section, panel)`, which fills the section and may return a Tab. */
const TABS = [
  { id: "compose", title: "Compose", module: "./compose.js" },
  { id: "live", title: "Live", module: "./live.js" },
  { id: "training", title: "Your style", module: "./training.js" },
  { id: "help", title: "Help", module: "./help.js" },
];
const SECONDS_SHOWN = { info: 6, problem: 14 };
/** What a key means something to already: letters to what is typed into, the space bar to what can be pressed ... */
const TAKES_LETTERS = "input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const TAKES_SPACE = `${TAKES_LETTERS}, button, summary, a[href], [type=checkbox], [type=radio]`;
const TAKES_ARROWS = `${TAKES_LETTERS}, [type=range], [type=radio], [role=tab]`;

const sound = new Sound();
/** @type {Panel} */
export const panel = { sound, say, forget, attempt, visit, has: (id) => tabs.has(id) };
/** @type {Map<string, {row: TabRow, button: HTMLElement, section: HTMLElement, tab: Tab | null | undefined}>} */
const tabs = new Map();
let shown = "";

/**
 * @param {string} text
 * @param {Message} [message]
 */
function say(text, { kind = "info", action } = {}) {
  const toasts = document.getElementById("toasts");
  if (!toasts) return; // the panel has ended, and what was still asked of it fails
  for (const there of toasts.children) if (there instanceof HTMLElement && there.dataset.text === text) there.remove();
  const toast = el("div", { class: `toast ${kind}`, "data-text": text }, el("p", {}, text));
  const dismiss = () => {
    const hadFocus = toast.contains(document.activeElement);
    toast.remove();
    if (hadFocus) document.getElementById("main")?.focus({ preventScroll: true });
  };
  toast.append(iconButton("close", "Close", dismiss, { short: true }));
  toasts.append(toast);
  setTimeout(dismiss, (SECONDS_SHOWN[kind] + (action ? 6 : 0)) * 1000);
  if (!action) return;
  const run = () => {
    dismiss();
    action.run();
  };
  const button = el("button", { type: "button", class: "button", onclick: run }, action.label);
  toast.lastElementChild?.before(button);
  if (action.takesFocus) button.focus();
}

function forget() {
  for (const toast of document.querySelectorAll(".toast.problem")) toast.remove();
}

/**
 * @param {Promise<unknown>} work
 * @param {import("./fields.js").Fields} [fields] Those of the form that has asked for it.
 */
async function attempt(work, fields) {
  try {
    await work;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    if (!(error instanceof PanelError)) throw error;
    const text = capital(error.message);
    if (!fields?.refuse(error.field, text)) say(text, { kind: "problem" });
  }
}

/** @param {string} id */
async function show(id) {
  const next = tabs.get(id);
  if (!next || id === shown) return;
  tabs.get(shown)?.tab?.hidden?.();
  shown = id;
  for (const [name, { button, section }] of tabs) {
    button.setAttribute("aria-selected", String(name === id));
    button.tabIndex = name === id ? 0 : -1;
    section.hidden = name !== id;
  }
  history.replaceState(null, "", `#${id}`);
  if (next.tab === undefined) await fill(id);
  if (shown === id) next.tab?.shown?.();
}

/**
 * Have a tab's module fill its section. Where that fails, the section says why and lets it be tried again: a tab without
 * a word would be taken for an empty one, and the rest of the page works.
 * @param {string} id
 */
async function fill(id) {
  const filled = tabs.get(id);
  if (!filled) return;
  filled.tab = null;
  try {
    const module = await import(filled.row.module);
    filled.tab = (await module.start(filled.section, panel)) ?? null;
  } catch (error) {
    const reason = error instanceof PanelError ? capital(error.message) : "This cannot be shown: load the page anew.";
    const again = el("button", { type: "button", class: "button" }, "Try again");
    const line = el("div", { class: "card notice", role: "alert" }, el("p", {}, reason), again);
    again.addEventListener("click", async () => {
      line.remove();
      await fill(id);
      if (shown === id) filled.tab?.shown?.();
    });
    filled.section.replaceChildren(line);
    if (!(error instanceof PanelError)) reportError(error); // not thrown: the page gets ready without this tab
  }
}

/**
 * @param {string} id
 * @param {Wish} wish
 */
async function visit(id, wish) {
  await show(id);
  const tab = tabs.get(id)?.tab;
  if (tab?.wished) await attempt(tab.wished(wish));
}

function makeTabs() {
  const list = /** @type {HTMLElement} */ (document.getElementById("tabs"));
  const main = /** @type {HTMLElement} */ (document.getElementById("main"));
  for (const row of TABS) {
    const [name, panelId] = [`tab-${row.id}`, `panel-${row.id}`];
    const button = el(
      "button",
      { type: "button", role: "tab", id: name, "aria-controls": panelId, "aria-selected": "false", tabindex: -1 },
      row.title,
    );
    button.addEventListener("click", () => void show(row.id));
    const section = el("section", { role: "tabpanel", id: panelId, class: `tab-${row.id}`, "aria-labelledby": name });
    section.hidden = true;
    list.append(button);
    main.append(section);
    tabs.set(row.id, { row, button, section, tab: undefined });
  }
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = [...tabs.keys()];
    const id = names[(names.indexOf(shown) + step + names.length) % names.length];
    void show(id);
    tabs.get(id)?.button.focus();
    event.preventDefault();
  });
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function makeButtons() {
  const place = /** @type {HTMLElement} */ (document.getElementById("top-buttons"));
  const theme = iconButton("moon", "", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("theme", isDark() ? "dark" : "light");
    drawTheme();
    for (const { tab } of tabs.values()) tab?.recolour?.();
  }, { short: true });
  const drawTheme = () => reIcon(theme, isDark() ? "sun" : "moon", isDark() ? "Light colours" : "Dark colours");
  drawTheme();
  place.append(theme, iconButton("power", "End the panel", () => void attempt(end()), { short: true }));
}

async function end() {
  if (!confirm("End the panel? Pieces are kept. Live music and trainings go on, and are found again when the panel is started again.")) return;
  sound.silence();
  unwatch();
  await ask("/api/quit", { method: "POST" });
  const ended = el("div", { class: "ended" }, el("h2", {}, "The panel has ended."));
  ended.append(el("p", {}, "Start it again as before: by the app, by lstm-composer panel or by make panel. This window can be closed."));
  document.body.replaceChildren(ended);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const takers = event.key === " " ? TAKES_SPACE : event.key.length === 1 ? TAKES_LETTERS : TAKES_ARROWS;
  if (event.target instanceof Element && event.target.closest(takers)) return;
  if (tabs.get(shown)?.tab?.key?.(event)) event.preventDefault();
});

makeTabs();
makeButtons();
const unwatch = watchPresence(/** @type {Element} */ (document.querySelector("header.top")));
await show(tabs.has(location.hash.slice(1)) ? location.hash.slice(1) : TABS[0].id);
document.documentElement.dataset.ready = "";
sound.prepare().catch((error) => {
  const reason = error instanceof PanelError ? capital(error.message) : "The piano cannot be loaded: load the page anew.";
  say(reason, { kind: "problem" });
});
