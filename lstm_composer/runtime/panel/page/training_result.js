// @ts-check
// A training that has begun: how far it is, its curves, what each saved epoch plays, which one to take, and where to.
import { capital, el, iconButton, reIcon } from "./dom.js";
import { ask } from "./api.js";
import { Player } from "./player.js";
import { Roll } from "./roll.js";
import { TrainingCurves } from "./training_curves.js";

/** @typedef {import("./training.js").Details} Details */
/** @typedef {import("./training.js").Saved} Saved */

const MORE_MINUTES = 10;
const TICKS_PER_QUARTER = 24;
/** What is said of a training that is at work. @type {Record<string, string>} */
const AT_WORK = {
  loading: "Starting: the libraries are loaded, which takes some seconds",
  reading: "Reading the music",
  training: "Learning",
  judging: "Listening to the saved epochs, to choose one",
  exporting: "Exporting",
};
/** @type {Record<string, string>} */
const ENDED = { done: "Trained", stopped: "Stopped", interrupted: "Interrupted", failed: "Failed" };

export class TrainingResult {
  #panel;
  #work;
  /** @type {Details | null} */
  #details = null;
  #title = el("h2", { class: "title", tabindex: -1 });
  #phase = el("span", { role: "status" });
  /** Apart from the phase: whoever has the page read out is not told of every second. */
  #clock = el("span", {});
  #bar = el("progress", { "aria-label": "How far it is", max: 1 });
  #line = el("p", { class: "advice" });
  #problems = el("ul", { class: "problem-list" });
  #buttons = el("div", { class: "buttons" });
  #drawn = "";
  #curves = new TrainingCurves();
  #samples = el("ul", { class: "pieces samples" });
  #sampleCard;
  #view = el("div", { class: "roll", tabindex: 0, role: "img", "aria-label": "What the epoch plays" });
  #roll;
  #player;
  /** The epoch that is played, or was last. */
  #epoch = 0;
  #leftOut = el("ul", { class: "files" });
  #leftOutCard;
  element;

  /**
   * @param {import("./app.js").Panel} panel
   * @param {import("./training.js").Work} work
   * @param {() => void} remove
   */
  constructor(panel, work, remove) {
    this.#panel = panel;
    this.#work = work;
    this.#player = new Player(panel.sound);
    this.#roll = new Roll(this.#view, (tick) => this.#player.seek(tick));
    this.#player.addEventListener("change", () => this.#played());
    const bin = iconButton("bin", "Delete this style", remove, { short: true });
    const head = el("div", { class: "title-row spread" }, this.#title, bin);
    this.#sampleCard = el(
      "section",
      { class: "card list", "aria-label": "What the saved epochs play" },
      el("header", {}, el("h3", {}, "What it plays")),
      this.#samples,
      this.#view,
    );
    this.#leftOutCard = el(
      "details",
      { class: "card more left-out-card" },
      el("summary", {}, "What was left out"),
      this.#leftOut,
    );
    this.element = el(
      "div",
      { class: "column" },
      el(
        "section",
        { class: "card training-head", "aria-label": "The training" },
        head, el("p", { class: "meta" }, this.#phase, this.#clock), this.#bar, this.#line, this.#problems, this.#buttons,
      ),
      this.#curves.element,
      this.#sampleCard,
      this.#leftOutCard,
    );
  }

  /** @param {Details} details */
  show(details) {
    if (details.id !== this.#details?.id) this.#epoch = 0;
    this.#details = details;
    this.#title.textContent = details.name;
    const phase = phaseOf(details);
    if (this.#phase.textContent !== phase) this.#phase.textContent = phase;
    this.#clock.textContent = details.is_at_work && details.seconds >= 1 ? ` · ${clock(details.seconds)}` : "";
    this.#bar.hidden = !details.is_at_work;
    if (details.total > 0 && details.phase !== "loading") this.#bar.value = Math.min(1, details.done / details.total);
    else this.#bar.removeAttribute("value");
    this.#line.textContent = lineOf(details);
    this.#line.classList.toggle("problem-text", details.phase === "failed");
    this.#problems.replaceChildren(...details.problems.map((problem) => el("li", {}, problem)));
    this.#curves.show(details.epochs, details.phase === "training" ? details.total : 0, details.saved.map(({ epoch }) => epoch), details.chosen);
    // Buttons and rows are made anew only where they change: else they would lose the focus once a second.
    const drawn = JSON.stringify([details.id, details.phase, details.saved, details.chosen, details.advice, details.exported, details.can_resume, details.left_out]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const held = this.element.contains(document.activeElement) ? nameOf(document.activeElement) : "";
    this.#buttons.replaceChildren(...this.#buttonsOf(details));
    this.#sampleCard.hidden = !details.saved.length;
    this.#samples.replaceChildren(...details.saved.toReversed().map((saved) => this.#row(saved, details)));
    this.#view.hidden = !this.#epoch;
    this.#leftOutCard.hidden = !details.left_out.length;
    this.#leftOut.replaceChildren(
      ...details.left_out.map(({ name, reason }) => el("li", { class: "left-out" }, el("span", { class: "file-name" }, name), el("span", { class: "meta" }, reason))),
    );
    this.#played();
    if (held && !this.element.contains(document.activeElement)) this.#focusOn(held);
  }

  /** Have the keyboard go on here. */
  focus() {
    this.#title.focus();
  }

  /** Give the focus to the button that has taken the place of one of the same name; without one, to the title. @param {string} name */
  #focusOn(name) {
    const same = [...this.element.querySelectorAll("button")].find((button) => nameOf(button) === name && !button.hidden && !button.disabled);
    if (same) same.focus({ preventScroll: true });
    else this.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key !== " " || !this.#epoch) return false;
    if (this.#player.playing) this.#player.pause();
    else void this.#panel.attempt(this.#player.play());
    return true;
  }

  silence() {
    this.#player.pause();
  }

  recolour() {
    this.#roll.recolour();
  }

  /** @param {Details} details */
  #buttonsOf(details) {
    const attempt = (/** @type {string} */ what, /** @type {object} */ asked = {}) => () => void this.#panel.attempt(this.#work.request(details.id, what, asked));
    const buttons = [];
    if (["loading", "reading", "training", "judging"].includes(details.phase)) {
      buttons.push(iconButton("stop", "Stop", attempt("stop"), { class: "button", title: "Finish this epoch and keep it; once more stops at once" }));
    }
    if (!details.is_at_work && details.saved.length && details.exported === null) {
      buttons.push(iconButton("download", "Export", attempt("export"), { class: "button primary", title: "Make it a style that can be played" }));
    }
    if (details.exported !== null && !details.is_at_work) {
      const wish = { style: details.name };
      buttons.push(iconButton("play", "Compose with it", () => void this.#panel.visit("compose", wish), { class: "button primary" }));
      if (this.#panel.has("live")) buttons.push(iconButton("live", "Play it live", () => void this.#panel.visit("live", wish), { class: "button" }));
    }
    if (!details.is_at_work && details.saved.length && !details.advice) {
      buttons.push(iconButton("volume", "Which epoch to take?", attempt("advise"), { class: "button", title: "Have all saved epochs listened to, and one chosen" }));
    }
    if (details.can_resume) buttons.push(iconButton("again", "Resume", attempt("resume"), { class: "button" }));
    if (!details.is_at_work && details.phase !== "failed" && details.saved.length) {
      const minutes = details.minutes + MORE_MINUTES;
      buttons.push(iconButton("add", `${MORE_MINUTES} minutes more`, attempt("resume", { minutes }), { class: "button" }));
    }
    return buttons;
  }

  /**
   * @param {Saved} saved
   * @param {Details} details
   */
  #row(saved, details) {
    const row = details.epochs.find(({ epoch }) => epoch === saved.epoch);
    const figure = row ? `${(row.held_out ?? row.loss).toFixed(2)} nats a note` : "";
    const marks = [figure, ...judged(saved)].filter(Boolean).join(" · ");
    const play = iconButton("play", `Play epoch ${saved.epoch}`, () => void this.#panel.attempt(this.#toggle(saved.epoch)), { short: true });
    play.dataset.epoch = String(saved.epoch);
    play.disabled = !saved.is_heard;
    const isTaken = details.exported === saved.epoch;
    const take = iconButton("download", `Export epoch ${saved.epoch}`, () => void this.#panel.attempt(this.#work.request(details.id, "export", { epoch: saved.epoch })), { short: true });
    take.hidden = details.is_at_work || isTaken;
    const chosen = saved.epoch === details.chosen && el("span", { class: "badge" }, details.is_at_work ? "best so far" : "the one to take");
    const taken = isTaken && el("span", { class: "badge" }, "exported");
    return el(
      "li",
      { class: saved.epoch === this.#epoch ? "current" : null },
      play,
      el("div", { class: "sample-name" }, el("span", { class: "name" }, `Epoch ${saved.epoch}`, chosen, taken), el("span", { class: "meta" }, marks)),
      take,
    );
  }

  /** @param {number} epoch */
  async #toggle(epoch) {
    const details = this.#details;
    if (!details) return;
    if (this.#epoch === epoch && this.#player.playing) {
      this.#player.pause();
      return;
    }
    const sounding = this.#panel.sound.resume();
    if (this.#epoch !== epoch) {
      const sample = await ask(`${this.#work.path(details.id)}/samples/${epoch}`);
      this.#epoch = epoch;
      this.#view.hidden = false;
      this.#roll.show({ ticksPerBar: sample.ticks_per_bar, ticksPerBeat: TICKS_PER_QUARTER, endTick: sample.end_tick }, sample.notes);
      this.#player.load(sample.notes, { tempoBpm: sample.tempo_bpm, endTick: sample.end_tick, madeUntil: sample.end_tick });
    }
    await sounding;
    await this.#player.play();
  }

  #played() {
    for (const button of this.#samples.querySelectorAll("button[data-epoch]")) {
      if (!(button instanceof HTMLElement)) continue;
      const isPlayed = Number(button.dataset.epoch) === this.#epoch && this.#player.playing;
      reIcon(button, isPlayed ? "pause" : "play", `${isPlayed ? "Pause" : "Play"} epoch ${button.dataset.epoch}`);
      button.closest("li")?.classList.toggle("current", Number(button.dataset.epoch) === this.#epoch);
    }
    if (this.#player.playing) this.#move();
  }

  #move() {
    this.#roll.position = this.#player.position;
    if (this.#player.playing) requestAnimationFrame(() => this.#move());
  }
}

/** @param {Saved} saved */
function judged({ loops, copies }) {
  if (loops === null || copies === null) return [];
  if (!loops && !copies) return ["neither goes round in circles nor copies"];
  return [loops && "goes round in circles", copies && "copies its pieces"];
}

/** @param {Element | null} element */
function nameOf(element) {
  return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
}

/** @param {Details} details */
function phaseOf(details) {
  const { phase, done, total } = details;
  if (!details.is_at_work) return ENDED[phase] ?? phase;
  const words = AT_WORK[phase] ?? phase;
  const unit = { reading: "files", training: "epochs", judging: "epochs" }[phase];
  const far = unit && total ? `: ${Math.floor(done)} of ${phase === "training" ? "at most " : ""}${total} ${unit}` : "";
  return `${words}${far}`;
}

/** @param {Details} details */
function lineOf(details) {
  if (details.phase === "training") return "";
  if (details.advice && !details.is_at_work) return capital(details.advice);
  return capital(details.line);
}

/** @param {number} seconds */
function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
