// @ts-check
// What a play in a process of its own says, as the panel brings it: its notes ahead of their time, and its clock.
// Times are seconds of the clock that its messages leave by; `now` tells the present one.

/**
 * @typedef {object} LiveNote A note ahead of its time, or since.
 * @property {number} id
 * @property {number} tick
 * @property {number} due
 * @property {number} note
 * @property {number} velocity
 * @property {number} duration
 * @property {number} ends
 * @property {number} channel
 * @property {number} voice
 */
/** @typedef {{tick: number, seconds: number, tempo_bpm: number, running: boolean, source: "internal" | "midi" | "link"}} Anchor */
/** @typedef {{onset: number, pitch: number, duration: number, velocity: number, channel: number}} PastNote */
/** @typedef {{name: string, value: string, controllers: number[]}} Control */
/** @typedef {{limits_ms: number[], counts: number[], worst_ms: number}} Lateness */
/**
 * @typedef {object} Snapshot
 * @property {number} pid
 * @property {string} style
 * @property {number} seed
 * @property {string} port
 * @property {boolean} sounds_here Whether it has a sound of this computer's own.
 * @property {string} meter
 * @property {number} ticks_per_bar
 * @property {number} ticks_per_beat
 * @property {PastNote[]} past
 * @property {Control[]} controls
 * @property {Lateness} lateness
 * @property {number} notes
 * @property {number} late_notes
 * @property {number} missed_notes
 */

const TICKS_PER_QUARTER = 24;
const AGAIN_MILLISECONDS = 1000;
const PING_MILLISECONDS = 50;
/** Once the clock is known well, it is asked for this much more seldom. */
const PING_SELDOM = 40;
const ANSWERS = 32;
/** The first answers may have waited for a page that is being built: a quick one is believed, or the best of some. */
const QUICK_SECONDS = 0.01;
const FIRST_ANSWERS = 8;
/** For how many bars a note is kept after its end. */
const KEPT_BARS = 2;

/**
 * Says "state" when what plays, a control or a count has changed, "notes" when notes have, "said" with a line of the play's,
 * and "gone" with the numbers of notes that will not come.
 */
export class LiveLink extends EventTarget {
  /** What plays, without its notes to come; null while nothing does. @type {Snapshot | null} */
  snapshot = null;
  /** @type {Anchor | null} */
  anchor = null;
  /** @type {Map<number, LiveNote>} */
  notes = new Map();
  /** The processes that play, the newest first. @type {number[]} */
  pids = [];
  /** Whether the panel answers. */
  connected = false;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {[took: number, offset: number][]} */
  #answers = [];
  #pings = 0;
  #number = 0;
  /** @type {Map<number, (answer: {taken: boolean, said: string}) => void>} */
  #asked = new Map();

  constructor() {
    super();
    this.#connect();
    setInterval(() => this.#ping(), PING_MILLISECONDS);
  }

  /** The time by the play's clock; null before it is known. */
  get now() {
    return this.#offset === null ? null : performance.now() / 1000 + this.#offset;
  }

  /** How far the play's clock is ahead of `performance.now`, in seconds: as its quickest answer says. */
  get offset() {
    return this.#offset;
  }

  /** Where the music is, in ticks; null while nothing plays. */
  get position() {
    const { anchor, now } = this;
    if (!anchor || now === null) return null;
    if (!anchor.running) return anchor.tick;
    return anchor.tick + ((now - anchor.seconds) * anchor.tempo_bpm * TICKS_PER_QUARTER) / 60;
  }

  /**
   * Have a command line take effect, as on standard input.
   * @param {string} line
   * @returns {Promise<{taken: boolean, said: string}>}
   */
  command(line) {
    const number = ++this.#number;
    return new Promise((resolve) => {
      this.#asked.set(number, resolve);
      if (!this.#send({ kind: "command", id: number, line })) this.#answer(number, false, "the panel does not answer");
    });
  }

  /** Show the play of another process. @param {number} pid */
  choose(pid) {
    this.#send({ kind: "choose", pid });
  }

  /** @type {number | null} */
  #offset = null;

  #connect() {
    const socket = new WebSocket(`ws://${location.host}/api/live/events`);
    this.#socket = socket;
    socket.onopen = () => {
      this.connected = true;
      this.#forgetClock();
    };
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = () => {
      this.connected = false;
      this.#nothing();
      for (const number of [...this.#asked.keys()]) this.#answer(number, false, "the panel does not answer");
      setTimeout(() => this.#connect(), AGAIN_MILLISECONDS);
    };
  }

  /** @param {any} message */
  #take(message) {
    switch (message.kind) {
      case "welcome":
        this.#nothing();
        for (const line of message.said ?? []) this.#say(line, true);
        break;
      case "whole":
        this.#whole(message);
        break;
      case "delta":
        this.#delta(message);
        break;
      case "pong":
        this.#clock(message);
        break;
      case "answer":
        this.#answer(message.id, message.taken, message.said);
        break;
      case "said":
        this.#say(message.line, false);
        break;
      case "plays":
        this.pids = message.pids;
        this.#tell("state");
        break;
      case "none":
        this.#nothing();
        break;
    }
  }

  /** @param {{anchor: Anchor, snapshot: Snapshot, events: LiveNote[]}} whole */
  #whole({ anchor, snapshot, events }) {
    const before = this.notes;
    this.snapshot = snapshot;
    this.anchor = anchor;
    this.notes = new Map(events.map((note) => [note.id, note]));
    const { now } = this;
    const gone = [];
    for (const [id, note] of before) {
      if (this.notes.has(id)) continue;
      if (now !== null && note.due <= now) this.notes.set(id, note);
      else gone.push(id);
    }
    if (gone.length) this.#tell("gone", gone);
    this.#tell("state");
    this.#tell("notes");
  }

  /** @param {any} delta */
  #delta({ anchor, events = [], gone = [], controls = [], style, seed, counts }) {
    if (!this.snapshot) return;
    if (anchor) this.anchor = anchor;
    for (const note of events) this.notes.set(note.id, note);
    for (const id of gone) this.notes.delete(id);
    if (gone.length) this.#tell("gone", gone);
    if (events.length || gone.length) this.#tell("notes");
    if (controls.length || style !== undefined || seed !== undefined || counts || anchor) {
      const turned = new Map(controls.map((/** @type {Control} */ control) => [control.name, control]));
      const all = this.snapshot.controls.map((control) => turned.get(control.name) ?? control);
      const before = this.snapshot;
      this.snapshot = { ...before, ...counts, controls: all, style: style ?? before.style, seed: seed ?? before.seed };
      this.#tell("state");
    }
    this.#forgetPast();
  }

  #forgetPast() {
    const { now, anchor, snapshot } = this;
    if (now === null || !anchor || !snapshot) return;
    const kept = (KEPT_BARS * snapshot.ticks_per_bar * 60) / (TICKS_PER_QUARTER * Math.max(20, anchor.tempo_bpm));
    for (const [id, note] of this.notes) if (note.ends < now - kept) this.notes.delete(id);
  }

  /** @param {{sent: number, received: number, answered: number}} pong */
  #clock({ sent, received, answered }) {
    const back = performance.now() / 1000;
    const took = Math.max(0, back - sent - (answered - received));
    this.#answers.push([took, (received - sent + (answered - back)) / 2]);
    if (this.#answers.length > ANSWERS) this.#answers.shift();
    const best = this.#answers.reduce((one, answer) => (answer[0] < one[0] ? answer : one));
    if (best[0] < QUICK_SECONDS || this.#answers.length >= FIRST_ANSWERS) this.#offset = best[1];
  }

  #ping() {
    this.#pings += 1;
    if (this.#answers.length >= ANSWERS && this.#pings % PING_SELDOM) return;
    if (this.connected && this.snapshot) this.#send({ kind: "ping", sent: performance.now() / 1000 });
  }

  #forgetClock() {
    this.#answers = [];
    this.#offset = null;
  }

  /**
   * @param {number} number
   * @param {boolean} taken
   * @param {string} said
   */
  #answer(number, taken, said) {
    this.#asked.get(number)?.({ taken, said });
    this.#asked.delete(number);
  }

  /**
   * @param {string} line
   * @param {boolean} before Whether it was said before this page looked.
   */
  #say(line, before) {
    this.#tell("said", { line, before });
  }

  #nothing() {
    const gone = [...this.notes.keys()];
    [this.snapshot, this.anchor, this.notes] = [null, null, new Map()];
    this.#forgetClock();
    if (gone.length) this.#tell("gone", gone);
    this.#tell("state");
    this.#tell("notes");
  }

  /**
   * @param {unknown} message
   * @returns {boolean} Whether it could be sent.
   */
  #send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /**
   * @param {string} kind
   * @param {unknown} [detail]
   */
  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
