// @ts-check
// The sound of a live play in the page: each note is given to the piano a little ahead, for its own time.

/** @typedef {import("./live_link.js").LiveLink} LiveLink */
/** @typedef {import("./live_link.js").LiveNote} LiveNote */
/** @typedef {{note: LiveNote, begin: number, released: boolean}} Struck `begin` is a time of the sound's clock. */

/** So long before it is computed a note is given to the piano, and cannot be taken back any more. */
const AHEAD_SECONDS = 0.15;
/** In a window that is not seen, browsers look at a timer once a second only. */
const AHEAD_UNSEEN_SECONDS = 1.2;
const LOOK_MILLISECONDS = 25;
/** A note that began longer ago, when the page came to it, is not struck any more. */
const LATE_SECONDS = 0.1;
const SHORTEST_SECONDS = 0.02;

export class LiveSound {
  #link;
  #sound;
  /** @type {Map<number, Struck>} */
  #struck = new Map();
  /** Keys that sound, and the number of the note that struck them. @type {Map<string, number>} */
  #keys = new Map();
  #on = false;
  /** Told of each note that is given, with its time by the play's clock and by the sound's. @type {((note: LiveNote, audio: number) => void) | null} */
  given = null;

  /**
   * @param {LiveLink} link
   * @param {import("./sound.js").Sound} sound
   */
  constructor(link, sound) {
    this.#link = link;
    this.#sound = sound;
    link.addEventListener("notes", () => this.#look());
    link.addEventListener("gone", (event) => this.#gone(/** @type {CustomEvent<number[]>} */ (event).detail));
    setInterval(() => this.#look(), LOOK_MILLISECONDS);
  }

  get on() {
    return this.#on;
  }

  set on(on) {
    if (on === this.#on) return;
    this.#on = on;
    if (!on) {
      this.#sound.silence();
      this.#struck.clear();
      this.#keys.clear();
    } else {
      this.#look();
    }
  }

  #look() {
    const { now } = this.#link;
    if (!this.#on || now === null || !this.#sound.running) return;
    const ahead = now + (document.hidden ? AHEAD_UNSEEN_SECONDS : AHEAD_SECONDS) + this.#sound.latency;
    /** @type {import("./sound.js").Stroke[]} */
    const strokes = [];
    const due = [];
    for (const note of this.#link.notes.values()) {
      if (note.due <= ahead && note.due > now - LATE_SECONDS && !this.#struck.has(note.id)) due.push(note);
    }
    due.sort((one, other) => one.due - other.due);
    for (const note of due) this.#strike(note, strokes);
    for (const [id, struck] of this.#struck) this.#release(id, struck, now, ahead, strokes);
    this.#sound.strokes(strokes);
  }

  /**
   * @param {LiveNote} note
   * @param {import("./sound.js").Stroke[]} strokes
   */
  #strike(note, strokes) {
    const begin = this.#audio(note.due);
    const key = keyOf(note);
    const before = this.#keys.get(key);
    const old = before === undefined ? undefined : this.#struck.get(before);
    if (old && !old.released) {
      old.released = true;
      strokes.push([begin, false, channelOf(note), note.note, 0]);
    }
    strokes.push([begin, true, channelOf(note), note.note, note.velocity]);
    this.#struck.set(note.id, { note, begin, released: false });
    this.#keys.set(key, note.id);
    this.given?.(note, begin);
  }

  /**
   * Let go of a key whose note ends soon, by what is known of its end now.
   * @param {number} id
   * @param {Struck} struck
   * @param {number} now
   * @param {number} ahead
   * @param {import("./sound.js").Stroke[]} strokes
   */
  #release(id, struck, now, ahead, strokes) {
    const note = this.#link.notes.get(id) ?? struck.note;
    if (!struck.released && note.ends <= ahead) {
      struck.released = true;
      if (this.#keys.get(keyOf(note)) === id) {
        const end = Math.max(this.#audio(note.ends), struck.begin + SHORTEST_SECONDS);
        strokes.push([end, false, channelOf(note), note.note, 0]);
        this.#keys.delete(keyOf(note));
      }
    }
    if (struck.released && note.ends < now - 1) this.#struck.delete(id);
  }

  /** @param {number[]} ids */
  #gone(ids) {
    /** @type {import("./sound.js").Stroke[]} */
    const strokes = [];
    for (const id of ids) {
      const struck = this.#struck.get(id);
      if (!struck) continue;
      this.#struck.delete(id);
      if (struck.released || this.#keys.get(keyOf(struck.note)) !== id) continue;
      this.#keys.delete(keyOf(struck.note));
      strokes.push([Math.max(this.#sound.now, struck.begin), false, channelOf(struck.note), struck.note.note, 0]);
    }
    this.#sound.strokes(strokes);
  }

  /** The time of the sound's clock at a time of the play's. @param {number} seconds */
  #audio(seconds) {
    return this.#sound.timeAt((seconds - (this.#link.offset ?? 0)) * 1000);
  }
}

/** @param {LiveNote} note */
function keyOf({ channel, note }) {
  return `${channel}:${note}`;
}

/** The piano's channel of ours: the one for drums is passed by. @param {LiveNote} note */
function channelOf({ channel }) {
  return channel - 1 === 9 ? 15 : channel - 1;
}
