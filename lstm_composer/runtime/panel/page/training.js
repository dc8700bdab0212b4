// @ts-check
// The tab of one's own styles: music dropped, a training started and followed, what came of it heard and exported.
import { ask } from "./api.js";
import { capital, el, icon, iconButton } from "./dom.js";
import { TrainingMusic } from "./training_music.js";
import { TrainingResult } from "./training_result.js";

/** @typedef {{name: string, reason: string}} LeftOut */
/** @typedef {{epoch: number, loss: number, held_out: number | null, seconds: number}} Epoch */
/** @typedef {{epoch: number, is_heard: boolean, loops: boolean | null, copies: boolean | null}} Saved */
/** @typedef {{id: string, made: number, name: string, phase: string, is_at_work: boolean}} Overview */
/**
 * @typedef {Overview & {from_base: boolean, minutes: number, line: string, done: number, total: number, seconds: number,
 *   files: {name: string, bytes: number}[], pieces: {name: string, notes: number}[] | null, left_out: LeftOut[],
 *   epochs: Epoch[], saved: Saved[], chosen: number | null, advice: string, can_resume: boolean,
 *   exported: number | null, problems: string[]}} Details What `runtime.panel.training.requests` says of a training.
 */
/** @typedef {{trainings: Overview[], missing: string, kinds: string[], most_files: number, most_file_bytes: number}} All */
/**
 * @typedef {object} Work What can be done with the training that is shown.
 * @property {() => Promise<void>} refresh Look again at what is known of it.
 * @property {(id: string, what: string, asked?: object) => Promise<void>} request Have something done for a training, then look again.
 * @property {(id: string) => string} path
 */

const FOLLOWING_MILLISECONDS = 1000;
/** How a training's state is called in the list. @type {Record<string, string>} */
const PHASES = {
  music: "gathering music",
  looking: "reading the music",
  loading: "starting",
  reading: "reading the music",
  training: "learning",
  judging: "listening",
  exporting: "exporting",
  done: "trained",
  stopped: "stopped",
  interrupted: "interrupted",
  failed: "failed",
};
const AFTER_MUSIC = ["loading", "reading", "training", "judging", "exporting", "done", "stopped", "interrupted"];

/**
 * @param {HTMLElement} section
 * @param {import("./app.js").Panel} panel
 * @returns {Promise<import("./app.js").Tab>}
 */
export async function start(section, panel) {
  const tab = new TrainingTab(panel, await ask("/api/training"));
  await tab.open();
  section.append(...tab.elements);
  return tab;
}

/** @implements {Required<Pick<import("./app.js").Tab, "key" | "shown" | "hidden" | "recolour">>} */
class TrainingTab {
  #panel;
  /** @type {All} */
  #all;
  /** @type {Details | null} */
  #details = null;
  #list = el("ul", { class: "pieces" });
  #add = iconButton("add", "New style", () => void this.#panel.attempt(this.#begin()), { class: "button" });
  #missing = el("p", { class: "card notice", role: "note" });
  #column = el("div", { class: "column" });
  #music;
  #result;
  #seen = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** What is shown, once it is known of which training. @type {HTMLElement[]} */
  elements;

  /**
   * @param {import("./app.js").Panel} panel
   * @param {All} all
   */
  constructor(panel, all) {
    this.#panel = panel;
    this.#all = all;
    /** @type {Work} */
    const work = {
      refresh: () => this.#refresh(),
      request: (id, what, asked = {}) => this.#request(id, what, asked),
      path: (id) => `/api/training/${id}`,
    };
    this.#music = new TrainingMusic(panel, work, all);
    this.#result = new TrainingResult(panel, work, () => void panel.attempt(this.#delete()));
    const head = el("header", {}, el("h2", {}, "Your styles"), this.#add);
    this.#missing.hidden = !all.missing;
    this.#missing.textContent = capital(all.missing);
    this.elements = [el("section", { class: "card list", "aria-label": "Your styles" }, head, this.#list), this.#column];
    this.#column.append(this.#missing, this.#music.element, this.#result.element);
  }

  /** Show what is at work, or else the newest; make one where there is none. */
  async open() {
    const { trainings } = this.#all;
    const first = trainings.find(({ is_at_work }) => is_at_work) ?? trainings[0];
    if (first) await this.#show(first.id);
    else await this.#begin();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    return this.#result.key(event);
  }

  shown() {
    this.#seen = true;
    void this.#panel.attempt(this.#refresh());
  }

  hidden() {
    this.#seen = false;
    clearTimeout(this.#timer);
    this.#result.silence();
  }

  recolour() {
    this.#result.recolour();
  }

  async #begin() {
    const made = (await this.#empty()) ?? (await ask("/api/training", { method: "POST" }));
    this.#result.silence();
    this.#take(made);
    await this.#refresh();
  }

  /** One that has been begun already, and has no music yet. @returns {Promise<Details | null>} */
  async #empty() {
    const gathering = this.#all.trainings.filter(({ phase }) => phase === "music");
    const found = await Promise.all(gathering.map(({ id }) => ask(`/api/training/${id}`)));
    return found.find(({ files }) => !files.length) ?? null;
  }

  /** @param {string} id */
  async #show(id) {
    this.#result.silence();
    this.#take(await ask(`/api/training/${id}`));
  }

  async #refresh() {
    clearTimeout(this.#timer);
    this.#all = await ask("/api/training");
    const shown = this.#details;
    if (shown && this.#all.trainings.some(({ id }) => id === shown.id)) {
      const found = await ask(`/api/training/${shown.id}`);
      // Another may have been chosen while this one was asked for.
      if (this.#details?.id === found.id) this.#take(found);
      else this.#draw();
    } else if (shown) {
      this.#details = null;
      await this.open();
    }
    this.#follow();
  }

  /** Look again while something is at work; it goes on whether anybody looks or not. */
  #follow() {
    clearTimeout(this.#timer);
    if (!this.#seen || !this.#all.trainings.some(({ is_at_work }) => is_at_work)) return;
    this.#timer = setTimeout(() => void this.#refresh().catch(() => this.#follow()), FOLLOWING_MILLISECONDS);
  }

  /**
   * @param {string} id
   * @param {string} what
   * @param {object} asked
   */
  async #request(id, what, asked) {
    await ask(`/api/training/${id}/${what}`, { method: "POST", body: asked });
    await this.#refresh();
  }

  async #delete() {
    const gone = this.#details;
    if (!gone) return;
    const kept = gone.exported === null ? "" : " What was exported stays among the styles.";
    if (!confirm(`Delete ${gone.name || "this style"}, its music and its training?${kept}`)) return;
    this.#result.silence();
    await ask(`/api/training/${gone.id}`, { method: "DELETE" });
    await this.#refresh();
  }

  /** @param {Details} details */
  #take(details) {
    this.#details = details;
    const row = this.#all.trainings.find(({ id }) => id === details.id);
    if (row) Object.assign(row, { name: details.name, phase: details.phase, is_at_work: details.is_at_work });
    else this.#all.trainings.unshift(details);
    this.#draw();
  }

  #draw() {
    const details = this.#details;
    const focused = document.activeElement?.closest?.("li[data-training]")?.getAttribute("data-training");
    this.#list.replaceChildren(...this.#all.trainings.map((row) => this.#row(row)));
    if (focused) /** @type {HTMLElement | null} */ (this.#list.querySelector(`li[data-training="${focused}"] button`))?.focus();
    const isTrained = details !== null && AFTER_MUSIC.includes(details.phase);
    const hadFocus = this.#music.element.contains(document.activeElement);
    this.#music.element.hidden = isTrained;
    this.#result.element.hidden = !isTrained;
    if (hadFocus && isTrained) this.#result.focus(); // what was pressed, Train, is there no more
    if (details && isTrained) this.#result.show(details);
    else if (details) this.#music.show(details);
    this.#follow();
  }

  /** @param {Overview} row */
  #row(row) {
    const isShown = row.id === this.#details?.id;
    const open = el(
      "button",
      { type: "button", class: "open", "aria-current": isShown ? "true" : null, onclick: () => void this.#panel.attempt(this.#show(row.id)) },
      el("span", { class: "name" }, row.name || "New style"),
      el("span", { class: "meta" }, `${PHASES[row.phase] ?? row.phase} · ${new Date(row.made * 1000).toLocaleDateString()}`),
    );
    return el("li", { class: isShown ? "current" : null, "data-training": row.id }, row.is_at_work && icon("at-work"), open);
  }
}
