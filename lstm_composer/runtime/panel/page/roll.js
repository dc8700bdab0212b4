// @ts-check
// A piano roll on a canvas: notes by time and pitch, as loud as they are bright, and where the music is.

import { KEYS_WIDTH, RollCanvas, shadeOf } from "./roll_canvas.js";

/** @typedef {import("./api.js").NoteRow} NoteRow */
/** @typedef {{ticksPerBar: number, ticksPerBeat: number, endTick: number}} Grid */

const NARROWEST_BAR = 46;
const WIDEST_BAR = 260;
/** @type {[number, number]} */
const PITCHES = [36, 84];
/** Of fewer pixels a bar, only every fourth one is numbered. */
const NUMBERED_BAR = 30;
const NUMBERED_EVERY = 4;
const APPEARING_MILLISECONDS = 260;
const UNTOUCHED_MILLISECONDS = 3000;

export class Roll {
  #view;
  #drawn;
  #spacer;
  /** @type {NoteRow[]} */
  #notes = [];
  /** When each note was added, by its index. @type {number[]} */
  #added = [];
  /** @type {Grid} */
  #grid = { ticksPerBar: 96, ticksPerBeat: 24, endTick: 0 };
  /** @type {number | null} */
  #position = null;
  #drawing = false;
  #touched = -UNTOUCHED_MILLISECONDS;
  #ownScroll = -1;
  #still = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {HTMLElement} view What scrolls; a canvas is put into it.
   * @param {(tick: number) => void} seek Called where somebody clicks.
   */
  constructor(view, seek) {
    this.#view = view;
    this.#drawn = new RollCanvas(view, PITCHES, (isSized) => (isSized ? this.#resized() : this.#draw()));
    this.#spacer = document.createElement("div");
    this.#spacer.className = "roll-width";
    view.append(this.#spacer);
    view.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    view.addEventListener("click", (event) => this.#clicked(event, seek));
  }

  /**
   * Show another piece.
   * @param {Grid} grid
   * @param {NoteRow[]} notes
   */
  show(grid, notes) {
    this.#grid = grid;
    this.#notes = [];
    this.#added = [];
    this.#drawn.begin();
    this.#position = null;
    this.#scrollTo(0);
    this.#take(notes, -APPEARING_MILLISECONDS);
  }

  /**
   * Add notes, which come into sight.
   * @param {NoteRow[]} notes
   */
  add(notes) {
    this.#take(notes, performance.now());
  }

  /** @param {number | null} tick */
  set position(tick) {
    if (tick === this.#position) return;
    this.#position = tick;
    if (tick !== null) this.#follow(tick);
    this.#draw();
  }

  /** Read the colours of the style sheet again. */
  recolour() {
    this.#drawn.recolour();
  }

  /**
   * @param {NoteRow[]} notes
   * @param {number} when
   */
  #take(notes, when) {
    for (const note of notes) {
      this.#notes.push(note);
      this.#added.push(when);
      this.#drawn.show(note[1]);
    }
    this.#layout();
    this.#draw();
  }

  get #bars() {
    return Math.max(1, this.#grid.endTick / this.#grid.ticksPerBar);
  }

  get #barWidth() {
    const fitting = (this.#drawn.width - KEYS_WIDTH) / this.#bars;
    return Math.min(Math.max(fitting, NARROWEST_BAR), Math.max(WIDEST_BAR, fitting));
  }

  get #tickWidth() {
    return this.#barWidth / this.#grid.ticksPerBar;
  }

  #resized() {
    this.#layout();
    this.#paint();
  }

  #layout() {
    const width = KEYS_WIDTH + this.#bars * this.#barWidth;
    this.#spacer.style.width = `${width > this.#drawn.width + 1 ? Math.ceil(width) : 0}px`;
  }

  /** @param {number} left */
  #scrollTo(left) {
    this.#view.scrollLeft = left;
    this.#ownScroll = this.#view.scrollLeft;
  }

  #scrolled() {
    if (Math.abs(this.#view.scrollLeft - this.#ownScroll) > 1) this.#touched = performance.now();
    this.#draw();
  }

  /**
   * Keep what is heard in sight, unless the user looks elsewhere.
   * @param {number} tick
   */
  #follow(tick) {
    if (performance.now() - this.#touched < UNTOUCHED_MILLISECONDS) return;
    const x = tick * this.#tickWidth;
    const seen = this.#drawn.width - KEYS_WIDTH;
    const left = this.#view.scrollLeft;
    if (x < left || x > left + seen * 0.8) this.#scrollTo(Math.max(0, x - seen * 0.15));
  }

  /**
   * @param {MouseEvent} event
   * @param {(tick: number) => void} seek
   */
  #clicked(event, seek) {
    const x = event.clientX - this.#view.getBoundingClientRect().left - KEYS_WIDTH + this.#view.scrollLeft;
    if (this.#grid.endTick && x >= 0) seek(Math.min(x / this.#tickWidth, this.#grid.endTick));
  }

  #draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#paint();
    });
  }

  #paint() {
    this.#drawn.paint(() => {
      this.#paintGrid();
      if (this.#paintNotes()) this.#draw();
      if (this.#position !== null && this.#grid.endTick) this.#drawn.paintHead(this.#x(this.#position));
    });
  }

  /** @param {number} tick */
  #x(tick) {
    return KEYS_WIDTH + tick * this.#tickWidth - this.#view.scrollLeft;
  }

  #paintGrid() {
    const { ticksPerBar: bar, ticksPerBeat: beat, endTick } = this.#grid;
    const bars = Math.ceil(endTick / bar);
    const every = this.#barWidth < NUMBERED_BAR ? NUMBERED_EVERY : 1;
    for (let number = 0; number <= bars; number++) {
      const left = this.#x(number * bar);
      if (left < KEYS_WIDTH - this.#barWidth || left > this.#drawn.width) continue;
      this.#drawn.paintBar((tick) => this.#x(tick), number, { bar, beat }, { isNumbered: number % every === 0, isLast: number === bars });
    }
  }

  /** @returns {boolean} Whether a note is still coming into sight. */
  #paintNotes() {
    const { context, colours, shades, noteHeight: height, width: seen } = this.#drawn;
    const now = performance.now();
    let moving = false;
    for (const [index, [onset, pitch, duration, velocity]] of this.#notes.entries()) {
      const x = this.#x(onset);
      const width = Math.max(2.5, duration * this.#tickWidth - 1.5);
      if (x + width < KEYS_WIDTH || x > seen) continue;
      const age = this.#still.matches ? 1 : Math.min(1, (now - this.#added[index]) / APPEARING_MILLISECONDS);
      moving ||= age < 1;
      const sounds = this.#position !== null && onset <= this.#position && this.#position < onset + duration;
      context.globalAlpha = age;
      context.fillStyle = sounds ? colours.now : shades[shadeOf(velocity)];
      context.shadowColor = sounds ? colours.now : "transparent";
      context.shadowBlur = sounds ? 10 : 0;
      context.beginPath();
      const grown = height * (0.4 + 0.6 * age);
      context.roundRect(x, this.#drawn.y(pitch) + (height - grown) / 2, width, grown, Math.min(3, height / 2));
      context.fill();
    }
    context.globalAlpha = 1;
    context.shadowBlur = 0;
    return moving;
  }
}
