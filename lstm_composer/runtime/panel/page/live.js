// @ts-check
// The Live tab: play, turn things, and hear it at once; what plays goes on when the page is closed, and is found again.
import { ask } from "./api.js";
import { capital, el, icon, iconButton, reIcon } from "./dom.js";
import { LiveControls } from "./live_controls.js";
import { LiveForm } from "./live_form.js";
import { LiveLink } from "./live_link.js";
import { LiveRoll } from "./live_roll.js";
import { LiveSound } from "./live_sound.js";
import { fader } from "./volume.js";

/** @typedef {import("./live_link.js").Lateness} Lateness */

const SOURCES = { internal: "own tempo", midi: "MIDI clock", link: "Ableton Link" };
const CLOCK_MILLISECONDS = 100;
const MOST_LINES = 40;
const HEAR = "live-hear";
/** The end of the line by which a play begins: all of it is on the page already. */
const FOR_TERMINALS = "Ctrl-C stops";
/** What a line of a play's says for who types, and what does the same here. */
const TYPED = " (learn off: none)";
const PRESSED = "; pressed again, none does";

/** The tab once it is open, for who wants to look into it. @type {Live | null} */
export let live = null;

/**
 * @param {HTMLElement} section
 * @param {import("./app.js").Panel} panel
 * @returns {Promise<import("./app.js").Tab>}
 */
export async function start(section, panel) {
  const [{ styles }, choices] = await Promise.all([ask("/api/compose/styles"), ask("/api/live/choices")]);
  live = new Live(section, panel, styles, choices);
  return live;
}

/** @implements {Required<import("./app.js").Tab>} */
class Live {
  #section;
  #panel;
  #styles;
  link = new LiveLink();
  sound;
  #form;
  roll;
  #controls;
  /** @type {HTMLElement} */
  #title = el("h2", { class: "title" });
  #meta = el("p", { class: "meta" });
  #place = el("span", { class: "time live-time" });
  #toggle = el("button", { type: "button", class: "button round", onclick: () => this.#pressed() }, icon("play"));
  #hear = iconButton("volume", "Hear it here", () => void this.#setHearing(!this.sound.on), { class: "button quiet" });
  #volume;
  #panic = button("Panic", "End at once what sounds (the music goes on)", () => this.#turn("panic"));
  #new = button("New idea", "Begin a new piece with the next bar (N)", () => this.#turn("new"));
  #mute = button("Mute", "Leave the notes out (M)", () => this.#turn(`mute ${this.#value("mute") === "on" ? "off" : "on"}`));
  #hold = el("div", { class: "hold", role: "group", "aria-label": "Hold the last bars" }, el("span", { class: "about" }, "Hold"));
  #style = el("select", { "aria-label": "Style that is played" });
  #plays = el("select", { "aria-label": "Which play is shown" });
  #lateness = el("section", { class: "card lateness", "aria-label": "How late notes leave" });
  #said = el("div", { class: "said-lines", role: "log", tabindex: 0, "aria-label": "What the play says" });
  #pid = 0;

  /**
   * @param {HTMLElement} section
   * @param {import("./app.js").Panel} panel
   * @param {import("./api.js").StyleRow[]} styles
   * @param {import("./live_form.js").Choices} choices
   */
  constructor(section, panel, styles, choices) {
    this.#section = section;
    this.#panel = panel;
    this.#styles = styles;
    this.sound = new LiveSound(this.link, panel.sound);
    this.#volume = fader(panel.sound, "Volume of this page");
    this.#volume.title = "How loud this page plays: MIDI, and a sound of this computer's own, stay as they are";
    this.#volume.disabled = true;
    this.#form = new LiveForm(styles, choices, () => void panel.attempt(this.#play(), this.#form.fields));
    this.#controls = new LiveControls(this.link, choices.parameters, choices.scales, (text) => panel.say(text, { kind: "problem" }));
    const view = el("div", { class: "roll live-roll", role: "img", "aria-label": "Piano roll of what was played, sounds and is to come" });
    this.roll = new LiveRoll(view, this.link);
    const bars = choices.parameters.find(({ kind }) => kind === "bars")?.bars ?? [];
    this.#hold.append(...bars.map((count) => this.#holdButton(count)));
    section.append(this.#form.element, el("div", { class: "column" }, this.#stage(view), this.#controls.element, this.#lateness));
    this.#listen();
    this.#show();
  }

  /** @param {HTMLElement} view */
  #stage(view) {
    const name = el("div", { class: "live-name" }, el("div", {}, this.#title, this.#meta), this.#plays, this.#style);
    return el(
      "section",
      { class: "card stage", "aria-label": "What plays" },
      el("header", { class: "stage-head" }, name),
      el("div", { class: "roll-frame" }, view),
      el(
        "div",
        { class: "transport live-transport" },
        this.#toggle,
        this.#place,
        el("div", { class: "live-actions" }, this.#new, this.#mute, this.#panic, this.#hold),
        el("div", { class: "live-hear" }, this.#hear, this.#volume),
      ),
      this.#said,
    );
  }

  /** @param {number} count */
  #holdButton(count) {
    const text = count ? String(count) : "off";
    const name = count ? `Hold ${count} ${count === 1 ? "bar" : "bars"}` : "Hold off";
    const made = button(text, name, () => this.#turn(`hold ${count || "off"}`));
    made.setAttribute("aria-label", name);
    made.dataset.bars = text;
    return made;
  }

  #listen() {
    this.link.addEventListener("state", () => this.#show());
    this.link.addEventListener("said", (event) => this.#tell(/** @type {CustomEvent} */ (event).detail));
    this.#style.addEventListener("change", () => this.#turn(`style ${this.#style.value}`));
    this.#plays.addEventListener("change", () => this.link.choose(Number(this.#plays.value)));
    setInterval(() => this.#showPlace(), CLOCK_MILLISECONDS);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const does = {
      " ": () => this.#pressed(),
      n: () => this.#turn("new"),
      m: () => this.#mute.click(),
      Escape: () => this.#turn("panic"),
    }[event.key];
    if (!does || event.repeat) return false;
    does();
    return true;
  }

  shown() {
    this.roll.shown = true;
  }

  /** @param {import("./app.js").Wish} wish */
  async wished({ style }) {
    this.#styles = (await ask("/api/compose/styles")).styles;
    this.#form.choose(style, this.#styles);
  }

  hidden() {
    this.roll.shown = false;
  }

  recolour() {
    this.roll.recolour();
  }

  #pressed() {
    if (this.link.snapshot) void this.#panel.attempt(this.#stop());
    else void this.#panel.attempt(this.#play(), this.#form.fields);
  }

  async #play() {
    if (!this.#form.fields.valid) return;
    const hears = this.#form.output === "page";
    this.#form.busy = true;
    try {
      // Here, where something has just been pressed: later the browser would not let it sound.
      if (hears) await this.#setHearing(true);
      const playing = this.link.snapshot?.pid;
      await ask("/api/live/play", { body: { request: this.#form.request, ...(playing ? { instead_of: playing } : {}) } });
      if (!hears) await this.#setHearing(false);
    } finally {
      this.#form.busy = false;
    }
  }

  async #stop() {
    const pid = this.link.snapshot?.pid;
    if (pid) await ask("/api/live/stop", { body: { pid } });
  }

  /** @param {boolean} on */
  async #setHearing(on) {
    if (on) await this.#panel.sound.resume();
    this.sound.on = on;
    this.#volume.disabled = !on;
    localStorage.setItem(HEAR, String(on));
    this.#hear.setAttribute("aria-pressed", String(on));
  }

  /** @param {string} line */
  #turn(line) {
    if (this.link.snapshot) void this.#controls.turn(line);
  }

  /** @param {string} name */
  #value(name) {
    return this.link.snapshot?.controls.find((control) => control.name === name)?.value;
  }

  #show() {
    const { snapshot, anchor, pids } = this.link;
    const playing = snapshot !== null;
    if (snapshot && snapshot.pid !== this.#pid) {
      this.#pid = snapshot.pid;
      this.roll.begin();
      this.#fillStyles(snapshot.style);
      this.#controls.soundsHere = snapshot.sounds_here;
    }
    this.#form.playing = playing;
    this.#section.toggleAttribute("data-playing", playing);
    reIcon(this.#toggle, playing ? "stop" : "play", playing ? "Stop" : "Play");
    const { connected } = this.link; // the top of the page says it where the panel is not there
    this.#title.textContent = snapshot ? snapshot.style : connected ? "Nothing plays" : "Not connected";
    this.#meta.textContent =
      snapshot && anchor
        ? `${Math.round(anchor.tempo_bpm * 10) / 10} bpm by ${SOURCES[anchor.source]} · ${snapshot.meter} · seed ${snapshot.seed} · ${snapshot.port}`
        : "Choose a style and press Play. The music goes on when this page is closed, and is found again.";
    for (const control of [this.#panic, this.#new, this.#mute, ...this.#hold.querySelectorAll("button")]) control.disabled = !playing;
    this.#mute.setAttribute("aria-pressed", String(this.#value("mute") === "on"));
    for (const one of this.#hold.querySelectorAll("button")) {
      one.setAttribute("aria-pressed", String(playing && (this.#value("hold") ?? "off") === (one.dataset.bars === "off" ? "0" : one.dataset.bars)));
    }
    if (document.activeElement !== this.#style && snapshot) this.#style.value = snapshot.style;
    this.#style.hidden = !playing || this.#style.options.length < 2;
    this.#showPlays(pids, snapshot?.pid, snapshot?.style);
    this.#showLateness(snapshot);
    this.#showPlace();
  }

  /** Styles that it can go over to: those of the same bundle. @param {string} style */
  #fillStyles(style) {
    const bundle = this.#styles.find(({ name }) => name === style)?.bundle;
    const options = this.#styles.filter((row) => row.bundle === bundle).map(({ name }) => new Option(name, name));
    this.#style.replaceChildren(...(bundle ? options : []));
  }

  /**
   * @param {number[]} pids
   * @param {number | undefined} shown
   * @param {string | undefined} style Of the one that is shown.
   */
  #showPlays(pids, shown, style) {
    this.#plays.hidden = pids.length < 2;
    if (document.activeElement === this.#plays) return;
    this.#plays.replaceChildren(...pids.map((pid) => new Option(pid === shown ? `${style}, process ${pid}` : `process ${pid}`, String(pid), false, pid === shown)));
  }

  #showPlace() {
    const { position, snapshot, anchor } = this.link;
    if (position === null || !snapshot || !anchor) {
      this.#place.textContent = "–.–";
      return;
    }
    const bar = Math.floor(position / snapshot.ticks_per_bar);
    const beat = Math.floor((position - bar * snapshot.ticks_per_bar) / snapshot.ticks_per_beat);
    this.#place.textContent = bar < 0 ? "count-in" : `${bar + 1}.${beat + 1}${anchor.running ? "" : " stopped"}`;
  }

  /** @param {import("./live_link.js").Snapshot | null} snapshot */
  #showLateness(snapshot) {
    this.#lateness.hidden = !snapshot;
    if (!snapshot) return;
    const { limits_ms: limits, counts, worst_ms: worst } = snapshot.lateness;
    const most = Math.max(1, ...counts);
    const names = [...limits.map((limit) => `≤ ${limit} ms`), `> ${limits[limits.length - 1]} ms`];
    const rows = counts.map((count, index) =>
      el("div", { class: "late-class" }, el("span", {}, names[index]), bar(count / most), el("span", { class: "value" }, String(count))),
    );
    const words = `${snapshot.notes} notes, ${snapshot.late_notes} made late, ${snapshot.missed_notes} missed; the latest left ${worst.toFixed(2)} ms after its time.`;
    this.#lateness.replaceChildren(el("h3", {}, "Lateness"), el("p", { class: "about" }, words), el("div", { class: "late-classes" }, ...rows));
  }

  /** @param {{line: string}} said */
  #tell({ line }) {
    if (line.endsWith(FOR_TERMINALS)) return;
    const isAtEnd = this.#said.scrollTop + this.#said.clientHeight >= this.#said.scrollHeight - 4;
    this.#said.append(el("p", {}, capital(line.replace(TYPED, PRESSED))));
    while (this.#said.children.length > MOST_LINES) this.#said.firstElementChild?.remove();
    if (isAtEnd) this.#said.scrollTop = this.#said.scrollHeight; // who reads what was said before is not moved
  }
}

/** @param {number} share */
function bar(share) {
  const filled = el("span", { class: "late-bar" });
  filled.style.setProperty("--share", String(share));
  return filled;
}

/**
 * @param {string} text
 * @param {string} title
 * @param {() => void} run
 */
function button(text, title, run) {
  return el("button", { type: "button", class: "button", title, onclick: run }, text);
}
