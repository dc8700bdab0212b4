// @ts-check
// Plays a piece that may still be in the making: where it is, what is given to the sound when, and the loop.

/** @typedef {import("./api.js").NoteRow} NoteRow */
/** @typedef {{tempoBpm: number, endTick: number, madeUntil: number}} Extent */

const TICKS_PER_QUARTER = 24;
const LOOK_MILLISECONDS = 60;
const AHEAD_SECONDS = 0.3;
/** In a window that is not seen, browsers look at a timer once a second only. */
const AHEAD_UNSEEN_SECONDS = 2.5;
/** Between pressing Play and the first note: what is given later than its time is heard late. */
const LEAD_SECONDS = 0.06;

export class Player extends EventTarget {
  #sound;
  /** @type {NoteRow[]} */
  #notes = [];
  /** @type {Extent} */
  #extent = { tempoBpm: 120, endTick: 0, madeUntil: 0 };
  /** Where it was at which time, one more for each turn of the loop. @type {{seconds: number, tick: number}[]} */
  #anchors = [];
  #tick = 0;
  #next = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  loop = false;

  /** @param {import("./sound.js").Sound} sound */
  constructor(sound) {
    super();
    this.#sound = sound;
  }

  /**
   * Take another piece, and stop.
   * @param {NoteRow[]} notes By onset.
   * @param {Extent} extent
   */
  load(notes, extent) {
    this.pause();
    this.#notes = [...notes];
    this.#extent = extent;
    this.#tick = 0;
    this.#changed();
  }

  /**
   * Take notes that have been made since.
   * @param {NoteRow[]} notes
   * @param {number} madeUntil All that start before are there.
   */
  add(notes, madeUntil) {
    this.#notes.push(...notes);
    this.#extent = { ...this.#extent, madeUntil };
  }

  /** No more is made: what is there is all, and is played to its end. */
  cut() {
    const { endTick, madeUntil } = this.#extent;
    this.#extent = { ...this.#extent, endTick: Math.min(endTick, madeUntil) };
    this.#changed();
  }

  get playing() {
    return this.#timer !== undefined;
  }

  get empty() {
    return this.#extent.endTick === 0;
  }

  get endTick() {
    return this.#extent.endTick;
  }

  get #tickSeconds() {
    return 60 / (this.#extent.tempoBpm * TICKS_PER_QUARTER);
  }

  /** What is heard at this moment, in ticks from the beginning. */
  get position() {
    if (!this.playing) return this.#tick;
    const heard = this.#sound.heard;
    const anchor = this.#anchors.findLast(({ seconds }) => seconds <= heard) ?? this.#anchors[0];
    const tick = anchor.tick + Math.max(0, heard - anchor.seconds) / this.#tickSeconds;
    return Math.min(tick, this.#extent.endTick);
  }

  async play() {
    if (this.playing || this.empty) return;
    await this.#sound.resume();
    if (this.playing) return;
    if (this.#tick >= this.#extent.endTick) this.#tick = 0;
    this.#timer = setInterval(() => this.#look(), LOOK_MILLISECONDS);
    this.#begin(this.#tick);
    this.#changed();
  }

  pause() {
    if (!this.playing) return;
    const tick = this.position;
    this.#halt();
    this.#tick = tick;
    this.#changed();
  }

  /** @param {number} tick */
  seek(tick) {
    const wanted = Math.min(Math.max(0, tick), this.#extent.endTick);
    if (this.playing) {
      this.#sound.silence();
      this.#begin(wanted);
    } else {
      this.#tick = wanted;
    }
    this.#changed();
  }

  #halt() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#sound.silence();
  }

  /** @param {number} tick */
  #begin(tick) {
    this.#anchors = [{ seconds: this.#sound.now + LEAD_SECONDS, tick }];
    this.#next = this.#firstFrom(tick);
    this.#look();
  }

  /** @param {number} tick */
  #firstFrom(tick) {
    const found = this.#notes.findIndex(([onset]) => onset >= tick);
    return found < 0 ? this.#notes.length : found;
  }

  /** Give what is due within the next moments to the sound. */
  #look() {
    const until = this.#sound.now + (document.hidden ? AHEAD_UNSEEN_SECONDS : AHEAD_SECONDS);
    const given = [];
    for (;;) {
      const anchor = this.#anchors[this.#anchors.length - 1];
      const note = this.#notes[this.#next];
      if (note) {
        const [onset, pitch, duration, velocity] = note;
        const begin = anchor.seconds + (onset - anchor.tick) * this.#tickSeconds;
        if (begin > until) break;
        given.push({ pitch, velocity, begin, end: begin + duration * this.#tickSeconds });
        this.#next++;
      } else if (!this.#goOn(anchor, until)) break;
    }
    this.#sound.play(given);
    if (this.#anchors.length > 8) this.#anchors.splice(0, this.#anchors.length - 8);
  }

  /**
   * What to do where there is no further note: wait for it to be made, begin again or end.
   * @param {{seconds: number, tick: number}} anchor
   * @param {number} until
   * @returns {boolean} Whether there is something to play now.
   */
  #goOn(anchor, until) {
    const { endTick, madeUntil } = this.#extent;
    const end = anchor.seconds + (endTick - anchor.tick) * this.#tickSeconds;
    if (madeUntil < endTick) {
      const made = anchor.seconds + (madeUntil - anchor.tick) * this.#tickSeconds;
      // It is played faster than it is made: go on from there as soon as there is more.
      if (made < this.#sound.now) this.#anchors.push({ seconds: this.#sound.now + LEAD_SECONDS, tick: madeUntil });
      return false;
    }
    if (this.loop && end <= until && this.#notes.length) {
      this.#anchors.push({ seconds: end, tick: 0 });
      this.#next = 0;
      return true;
    }
    if (!this.loop && this.#sound.heard >= end) {
      this.#halt();
      this.#tick = 0;
      this.#changed();
    }
    return false;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
