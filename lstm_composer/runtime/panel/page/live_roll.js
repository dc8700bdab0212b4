// @ts-check
// A piano roll that scrolls: what was played, what sounds, and what is to come, around the present.

import { KEYS_WIDTH, RollCanvas, shadeOf } from "./roll_canvas.js";

/** @typedef {import("./live_link.js").LiveLink} LiveLink */

/** @type {[number, number]} */
const PITCHES = [48, 72];
/** Where the present is, of the width. */
const PRESENT = 0.38;
const WIDEST_BAR = 300;
const NARROWEST_BAR = 110;
const BARS_SEEN = 4;
/** With more notes in sight than this their corners are not rounded, which takes most of the time. */
const MOST_ROUND = 160;
/** A painting that takes longer is not begun anew with every frame of the screen. */
const SLOW_MILLISECONDS = 6;

export class LiveRoll {
  #link;
  #drawn;
  #shown = false;
  #drawing = 0;
  /** Frames drawn so far, for who counts them. */
  frames = 0;
  #skip = false;

  /**
   * @param {HTMLElement} view
   * @param {LiveLink} link
   */
  constructor(view, link) {
    this.#link = link;
    this.#drawn = new RollCanvas(view, PITCHES, () => this.#draw());
    link.addEventListener("state", () => this.#draw());
    link.addEventListener("notes", () => this.#draw());
  }

  /** Whether the roll is in sight: only then it is drawn. */
  set shown(/** @type {boolean} */ shown) {
    this.#shown = shown;
    this.#draw();
  }

  /** Show the pitches of another music. */
  begin() {
    this.#drawn.begin();
  }

  /** Read the colours of the style sheet again. */
  recolour() {
    this.#drawn.recolour();
  }

  #draw() {
    if (this.#drawing || !this.#shown) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      if (this.#skip) {
        this.#skip = false;
      } else {
        const began = performance.now();
        this.#paint();
        this.#skip = performance.now() - began > SLOW_MILLISECONDS;
      }
      if (this.#link.anchor?.running) this.#draw();
    });
  }

  #paint() {
    if (!this.#drawn.width || !this.#drawn.height) return;
    this.frames += 1;
    this.#stretch();
    this.#drawn.paint(() => {
      const [tick, snapshot] = [this.#link.position, this.#link.snapshot];
      if (tick === null || !snapshot) return;
      this.#paintGrid(tick, snapshot);
      this.#paintNotes(tick, snapshot);
      this.#drawn.paintHead(this.#present);
    });
  }

  /** Make room for what is to come before it is in sight. */
  #stretch() {
    for (const { note } of this.#link.notes.values()) this.#drawn.show(note);
    for (const { pitch } of this.#link.snapshot?.past ?? []) this.#drawn.show(pitch);
  }

  /** @param {number} ticksPerBar */
  #tickWidth(ticksPerBar) {
    const bar = Math.min(WIDEST_BAR, Math.max(NARROWEST_BAR, (this.#drawn.width - KEYS_WIDTH) / BARS_SEEN));
    return bar / ticksPerBar;
  }

  get #present() {
    return Math.round(KEYS_WIDTH + (this.#drawn.width - KEYS_WIDTH) * PRESENT);
  }

  /**
   * @param {number} tick
   * @param {import("./live_link.js").Snapshot} snapshot
   */
  #paintGrid(tick, { ticks_per_bar: bar, ticks_per_beat: beat }) {
    const width = this.#tickWidth(bar);
    const first = tick - (this.#present - KEYS_WIDTH) / width;
    const last = tick + (this.#drawn.width - this.#present) / width;
    const x = (/** @type {number} */ at) => this.#present + (at - tick) * width;
    for (let number = Math.max(0, Math.floor(first / bar)); number * bar <= last; number++) this.#drawn.paintBar(x, number, { bar, beat });
  }

  /**
   * @param {number} tick
   * @param {import("./live_link.js").Snapshot} snapshot
   */
  #paintNotes(tick, { ticks_per_bar: bar, past }) {
    const now = this.#link.now ?? 0;
    const places = new Set();
    /** @type {Map<string, [x: number, y: number, width: number][]>} By how they look: a fill for each is much quicker. */
    const looks = new Map();
    const width = this.#tickWidth(bar);
    /** @param {string} look @param {number} onset @param {number} pitch @param {number} duration */
    const put = (look, onset, pitch, duration) => {
      const x = this.#present + (onset - tick) * width;
      const long = Math.max(2.5, duration * width - 1.5);
      if (x + long < KEYS_WIDTH || x > this.#drawn.width) return;
      const like = looks.get(look);
      if (like) like.push([x, this.#drawn.y(pitch), long]);
      else looks.set(look, [[x, this.#drawn.y(pitch), long]]);
    };
    for (const note of this.#link.notes.values()) {
      places.add(note.tick * 2048 + note.note * 16 + note.channel - 1);
      const look = note.due > now ? "c" : note.ends > now ? "s" : "p";
      put(look === "s" ? look : look + shadeOf(note.velocity), note.tick, note.note, note.duration);
    }
    for (const note of past) {
      if (places.has(note.onset * 2048 + note.pitch * 16 + note.channel - 1)) continue;
      put(`p${shadeOf(note.velocity)}`, note.onset, note.pitch, note.duration);
    }
    let count = 0;
    for (const like of looks.values()) count += like.length;
    for (const [look, like] of looks) if (look !== "s") this.#fill(look, like, count);
    this.#fill("s", looks.get("s") ?? [], count);
  }

  /**
   * @param {string} look "s" for what sounds; "c" or "p" and a shade for what is to come and what is past.
   * @param {[x: number, y: number, width: number][]} notes
   * @param {number} count How many there are of all looks.
   */
  #fill(look, notes, count) {
    const { context, colours, shades, noteHeight: height } = this.#drawn;
    const [sounds, isRound] = [look === "s", count <= MOST_ROUND];
    context.fillStyle = sounds ? colours.now : shades[Number(look.slice(1))];
    context.globalAlpha = look[0] === "c" ? 0.55 : 1;
    context.beginPath();
    for (const [x, y, width] of notes) {
      if (isRound) context.roundRect(x, y, width, height, Math.min(3, height / 2));
      else context.rect(x, y, width, height);
    }
    context.fill();
    if (sounds) {
      context.globalAlpha = 0.22; // a glow; the canvas's own shadows take ten times as long
      context.beginPath();
      for (const [x, y, width] of notes) context.rect(x - 3, y - 3, width + 6, height + 6);
      context.fill();
    }
    context.globalAlpha = 1;
  }
}
