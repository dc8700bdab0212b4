// @ts-check
// The piece that is looked at and heard: its roll, its transport, and what can be done with it.
import { download } from "./api.js";
import { el, icon, iconButton, reIcon } from "./dom.js";
import { Player } from "./player.js";
import { Roll } from "./roll.js";
import { ScoreView } from "./score.js";
import { fader } from "./volume.js";

/** @typedef {import("./api.js").PieceInfo} PieceInfo */
/** @typedef {import("./api.js").NoteRow} NoteRow */
/**
 * @typedef {object} Actions What the stage asks others to do with its piece.
 * @property {(piece: PieceInfo) => void} again Another one, with the same settings.
 * @property {(piece: PieceInfo) => void} goOn
 * @property {(piece: PieceInfo) => void} useSettings
 * @property {(piece: PieceInfo, change: {name?: string, starred?: boolean}) => void} change
 * @property {(piece: PieceInfo) => void} remove
 */
/** @typedef {{tempo_bpm: number, meter: string, ticks_per_bar: number, ticks_per_beat: number, end_tick: number, style: string, request: import("./api.js").ComposeRequest}} Begun */

const TICKS_PER_QUARTER = 24;

export class Stage {
  #panel;
  #actions;
  player;
  #roll;
  /** @type {Begun | null} */
  #begun = null;
  /** @type {PieceInfo | null} */
  #piece = null;
  #title = el("h2", { class: "title" }, "Nothing composed yet");
  #meta = el("p", { class: "meta" }, "Choose a style and press Compose: the notes appear as they are made.");
  #rename = iconButton("pencil", "Rename", () => this.#edit(), { short: true });
  #star = iconButton("star", "Star", () => this.#toggleStar(), { short: true });
  #buttons = el("div", { class: "actions" });
  #play = iconButton("play", "Play", () => this.toggle(), { short: true, class: "button round" });
  #loop = iconButton("loop", "Loop", () => this.#toggleLoop(), { short: true });
  #time = el("output", { class: "time", "aria-label": "Position" }, "0:00");
  #view = el("div", { class: "roll", tabindex: 0, role: "slider", "aria-label": "Position in the music" });
  #scoreView = el("div", { class: "engraving", tabindex: 0, role: "region", "aria-label": "Score" });
  #score = new ScoreView(this.#scoreView, (tick) => this.player.seek(tick));
  #asRoll = el("button", { type: "button", "aria-pressed": "true", onclick: () => this.#look(false) }, "Roll");
  #asScore = el("button", { type: "button", "aria-pressed": "false", onclick: () => this.#look(true) }, "Score");
  #notation = el(
    "select",
    { "aria-label": "How lengths are written" },
    new Option("as a musician writes", "readable"),
    new Option("as it is played", "played"),
  );
  #scoreBar = el("div", { class: "engraving-bar" });
  /** For those who do not see that it is there. */
  #spoken = el("p", { class: "spoken", role: "status" });
  #empty = el("div", { class: "roll-empty", "aria-hidden": "true" }, icon("play"));
  element;

  /**
   * @param {import("./app.js").Panel} panel
   * @param {Actions} actions
   */
  constructor(panel, actions) {
    this.#panel = panel;
    this.#actions = actions;
    this.player = new Player(panel.sound);
    this.#roll = new Roll(this.#view, (tick) => this.player.seek(tick));
    this.#star.classList.add("star");
    this.#loop.setAttribute("aria-pressed", "false");
    this.element = el(
      "section",
      { class: "card stage", "aria-label": "The piece" },
      el("header", { class: "stage-head" }, el("div", { class: "stage-name" }, this.#star, el("div", {}, el("div", { class: "title-row" }, this.#title, this.#rename), this.#meta), el("div", { class: "choice", role: "group", "aria-label": "How it is shown" }, this.#asRoll, this.#asScore))),
      this.#spoken,
      el("div", { class: "roll-frame" }, this.#view, this.#empty, this.#scoreView, this.#scoreBar),
      el(
        "div",
        { class: "transport" },
        iconButton("start", "To the beginning", () => this.player.seek(0), { short: true }),
        this.#play,
        this.#loop,
        this.#time,
        el("label", { class: "volume" }, icon("volume"), fader(panel.sound, "Volume")),
        this.#buttons,
      ),
    );
    this.player.addEventListener("change", () => this.#changed());
    for (const view of [this.#view, this.#scoreView]) view.addEventListener("keydown", (event) => this.#stepped(event));
    this.#notation.addEventListener("input", () => this.#engrave());
    this.#look(false);
    this.#describe();
    this.#changed();
  }

  /** Begin to show a piece that is being made. @param {Begun} begun */
  begin(begun) {
    const hadFocus = this.#buttons.contains(document.activeElement);
    this.#begun = begun;
    this.#piece = null;
    this.#roll.show({ ticksPerBar: begun.ticks_per_bar, ticksPerBeat: begun.ticks_per_beat, endTick: begun.end_tick }, []);
    this.player.load([], { tempoBpm: begun.tempo_bpm, endTick: begun.end_tick, madeUntil: 0 });
    this.#describe();
    // Another and Go on are gone while the piece is made: whoever has pressed one by a key goes on from here.
    if (hadFocus) this.focus();
  }

  /**
   * Show notes that have been made.
   * @param {NoteRow[]} notes
   * @param {number} madeUntil
   */
  add(notes, madeUntil) {
    this.#roll.add(notes);
    this.player.add(notes, madeUntil);
  }

  /** The piece is not made to its end. */
  cut() {
    if (!this.#begun) return;
    this.player.cut();
    this.#begun = { ...this.#begun, end_tick: this.player.endTick };
    this.#describe();
  }

  /**
   * Show a piece that is all there.
   * @param {PieceInfo} piece
   * @param {NoteRow[]} notes
   */
  show(piece, notes) {
    const { ticksPerBar, ticksPerBeat } = gridOf(piece.meter);
    this.#begun = { ...piece, ticks_per_bar: ticksPerBar, ticks_per_beat: ticksPerBeat };
    this.#piece = piece;
    this.#roll.show({ ticksPerBar, ticksPerBeat, endTick: piece.end_tick }, notes);
    this.player.load(notes, { tempoBpm: piece.tempo_bpm, endTick: piece.end_tick, madeUntil: piece.end_tick });
    this.#describe();
  }

  /** The piece that is shown is kept, or has changed; null where it is there no more. @param {PieceInfo | null} piece */
  set piece(piece) {
    if (piece && !this.#piece) this.#spoken.textContent = `Composed: ${this.#title.textContent}, ${this.#meta.textContent}`;
    this.#piece = piece;
    this.#describe();
  }

  get piece() {
    return this.#piece;
  }

  /** Have the keys go to the roll. */
  focus() {
    (this.#view.hidden ? this.#scoreView : this.#view).focus({ preventScroll: true });
  }

  /** Play, or stop where it is. */
  toggle() {
    if (this.player.playing) this.player.pause();
    else void this.#panel.attempt(this.player.play());
  }

  recolour() {
    this.#roll.recolour();
  }

  /**
   * Go on by bars or beats.
   * @param {KeyboardEvent} event
   * @returns {boolean} Whether the key is one of these.
   */
  step(event) {
    if (!this.#begun) return false;
    const { ticks_per_beat: beat, ticks_per_bar: bar } = this.#begun;
    const size = event.shiftKey ? bar : beat;
    const { position } = this.player;
    const wanted = {
      ArrowLeft: Math.ceil(position / size - 1.001) * size,
      ArrowRight: Math.floor(position / size + 1.001) * size,
      Home: 0,
      End: this.player.endTick,
    }[event.key];
    if (wanted === undefined) return false;
    this.player.seek(wanted);
    return true;
  }

  /** @param {boolean} asScore */
  #look(asScore) {
    this.#asRoll.setAttribute("aria-pressed", String(!asScore));
    this.#asScore.setAttribute("aria-pressed", String(asScore));
    this.#view.hidden = asScore;
    this.#scoreView.hidden = this.#scoreBar.hidden = !asScore;
    this.#empty.hidden = asScore || this.#begun !== null;
    this.#engrave();
  }

  /** Show the score of the piece, if the score is looked at. */
  #engrave() {
    if (this.#scoreView.hidden) return;
    const piece = this.#piece;
    this.#scoreBar.replaceChildren(this.#notation, ...(piece ? this.#scoreFiles(piece) : []));
    if (!piece) return this.#score.say("A piece is engraved as soon as it is all there and kept.");
    const name = piece.name || `${piece.style}, seed ${piece.request.seed}`;
    void this.#panel.attempt(this.#score.show(piece.id, this.#notation.value, name).then(() => this.#move()));
  }

  /** @param {PieceInfo} piece */
  #scoreFiles(piece) {
    return ["PDF", "SVG", "MusicXML"].map((kind) => {
      const path = () => `/api/pieces/${piece.id}/score.${kind.toLowerCase()}?notation=${this.#notation.value}`;
      return iconButton("download", kind, () => void this.#panel.attempt(download(path())), { title: `Keep the score as ${kind}` });
    });
  }

  /** @param {KeyboardEvent} event */
  #stepped(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.step(event)) event.preventDefault();
  }

  #describe() {
    const [begun, piece] = [this.#begun, this.#piece];
    this.#empty.hidden = begun !== null || !this.#scoreView.hidden;
    this.#star.hidden = this.#rename.hidden = piece === null;
    this.#star.setAttribute("aria-pressed", String(piece?.starred ?? false));
    if (begun) {
      this.#title.textContent = piece?.name || begun.style;
      this.#meta.textContent = describe(begun, begun.ticks_per_bar);
    }
    this.#buttons.replaceChildren(...(piece ? this.#actionsOf(piece) : []));
    this.#engrave();
  }

  /** @param {PieceInfo} piece */
  #actionsOf(piece) {
    const { attempt } = this.#panel;
    return [
      iconButton("again", "Another", () => this.#actions.again(piece), { title: "Another one, with the same settings and a new seed" }),
      iconButton("onwards", "Go on", () => this.#actions.goOn(piece), { title: "Go on from here: as many bars again" }),
      iconButton("sliders", "Settings", () => this.#actions.useSettings(piece), { title: "Take the settings and the seed of this piece: Compose makes it again" }),
      fileButton(piece, "midi", "MIDI", attempt),
      fileButton(piece, "wav", "Sound", attempt),
      iconButton("bin", "Delete", () => this.#actions.remove(piece), { short: true }),
    ];
  }

  #toggleStar() {
    if (this.#piece) this.#actions.change(this.#piece, { starred: !this.#piece.starred });
  }

  #toggleLoop() {
    this.player.loop = !this.player.loop;
    this.#loop.setAttribute("aria-pressed", String(this.player.loop));
  }

  #edit() {
    const piece = this.#piece;
    if (!piece) return;
    const shown = piece.name || piece.style;
    const input = el("input", { type: "text", class: "name", maxlength: 200, value: shown, "aria-label": "Name of the piece" });
    let isDone = false;
    const done = (/** @type {boolean} */ keeps) => {
      if (isDone) return; // a field that is taken away loses the focus, and would end once more
      isDone = true;
      input.replaceWith(this.#title);
      if (keeps && input.value !== shown) this.#actions.change(piece, { name: input.value.trim() });
      this.#rename.focus();
    };
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault(); // or it would press what has the focus next
      done(event.key === "Enter");
    });
    input.addEventListener("blur", () => done(true));
    this.#title.replaceWith(input);
    input.select();
  }

  #changed() {
    const { playing, empty } = this.player;
    reIcon(this.#play, playing ? "pause" : "play", playing ? "Pause" : "Play");
    for (const button of [this.#play, this.#loop]) button.toggleAttribute("disabled", empty);
    this.#move();
    if (playing) requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    if (!this.player.playing) return;
    this.#move();
    requestAnimationFrame(() => this.#frame());
  }

  #move() {
    if (!this.#begun) return;
    const { ticks_per_bar: bar, ticks_per_beat: beat, end_tick: end, tempo_bpm: tempo } = this.#begun;
    const tick = this.player.position;
    this.#roll.position = tick;
    if (!this.#scoreView.hidden) this.#score.light(tick);
    const [barNumber, beatNumber] = [Math.floor(tick / bar) + 1, Math.floor((tick % bar) / beat) + 1];
    const seconds = (ticks = 0) => clock((ticks * 60) / (tempo * TICKS_PER_QUARTER));
    const text = `${seconds(tick)} / ${seconds(end)}`;
    if (this.#time.textContent !== text) this.#time.textContent = text;
    this.#view.setAttribute("aria-valuemin", "1");
    this.#view.setAttribute("aria-valuemax", String(Math.ceil(end / bar)));
    this.#view.setAttribute("aria-valuenow", String(Math.min(barNumber, Math.ceil(end / bar))));
    this.#view.setAttribute("aria-valuetext", `bar ${barNumber}, beat ${beatNumber}`);
  }
}

/**
 * A button that fetches a file; one for MIDI can be dragged into a DAW.
 * @param {PieceInfo} piece
 * @param {"midi" | "wav"} kind
 * @param {string} text
 * @param {(work: Promise<unknown>) => Promise<void>} attempt
 */
export function fileButton(piece, kind, text, attempt) {
  const path = `/api/pieces/${piece.id}/${kind}`;
  const button = iconButton("download", text, () => {
    button.classList.add("busy");
    button.setAttribute("aria-busy", "true");
    void attempt(download(path)).finally(() => {
      button.classList.remove("busy");
      button.removeAttribute("aria-busy");
    });
  });
  button.title = kind === "midi" ? "Keep as a MIDI file, or drag it into your DAW" : "Keep as a sound file (.wav)";
  button.draggable = true;
  button.addEventListener("dragstart", ({ dataTransfer }) => {
    const type = kind === "midi" ? "audio/midi" : "audio/wav";
    const name = `${(piece.name || `${piece.style}, seed ${piece.request.seed}`).replace(/[^\w .,+-]+/g, "")}.${kind === "midi" ? "mid" : "wav"}`;
    dataTransfer?.setData("DownloadURL", `${type}:${name}:${location.origin}${path}`);
  });
  return button;
}

/**
 * A line about a piece.
 * @param {{style: string, tempo_bpm: number, meter: string, end_tick: number, request: import("./api.js").ComposeRequest, name?: string}} piece
 * @param {number} ticksPerBar
 */
export function describe(piece, ticksPerBar) {
  const bars = Math.ceil(piece.end_tick / ticksPerBar);
  const parts = [
    piece.name ? piece.style : "",
    `${bars} ${bars === 1 ? "bar" : "bars"}`,
    `${Math.round(piece.tempo_bpm)} bpm`,
    piece.meter,
    piece.request.key ?? "",
    piece.request.form ?? "",
    `seed ${piece.request.seed}`,
  ];
  return parts.filter(Boolean).join(" · ");
}

/** @param {string} meter Such as "6/8". */
export function gridOf(meter) {
  const [numerator, denominator] = meter.split("/").map(Number);
  const unit = (4 * TICKS_PER_QUARTER) / denominator;
  const isCompound = denominator >= 8 && numerator > 3 && numerator % 3 === 0;
  return { ticksPerBar: Math.max(1, Math.floor(numerator * unit)), ticksPerBeat: isCompound ? 3 * unit : unit };
}

/** @param {number} seconds */
function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
