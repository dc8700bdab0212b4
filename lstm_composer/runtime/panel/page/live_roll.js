// @ts-check
// A piano roll that scrolls: what was played, what sounds, and what is to come, around the present.

/** @typedef {import("./live_link.js").LiveLink} LiveLink */

const KEYS_WIDTH = 38;
const RULER_HEIGHT = 22;
const SEMITONES = 12;
const [LOWEST, HIGHEST] = [48, 72];
const BLACK_KEYS = new Set([1, 3, 6, 8, 10]);
/** Where the present is, of the width. */
const PRESENT = 0.38;
const WIDEST_BAR = 300;
const NARROWEST_BAR = 110;
const BARS_SEEN = 4;
/** Shades between soft and loud. */
const SHADES = 16;
/** With more notes in sight than this their corners are not rounded, which takes most of the time. */
const MOST_ROUND = 160;
/** A painting that takes longer is not begun anew with every frame of the screen. */
const SLOW_MILLISECONDS = 6;
const COLOURS = ["paper", "stripe", "line", "bar", "label", "soft", "loud", "now", "head", "white", "black"];

export class LiveRoll {
  #link;
  #canvas = document.createElement("canvas");
  #context;
  #view;
  #low = LOWEST;
  #high = HIGHEST;
  #width = 0;
  #height = 0;
  #shown = false;
  #drawing = 0;
  /** Frames drawn so far, for who counts them. */
  frames = 0;
  /** @type {Record<string, string>} */
  #colours = {};
  /** From soft to loud. @type {string[]} */
  #shades = [];
  /** What does not move: rows and keys. */
  #ground = document.createElement("canvas");
  #groundIs = "";
  #skip = false;

  /**
   * @param {HTMLElement} view
   * @param {LiveLink} link
   */
  constructor(view, link) {
    this.#view = view;
    this.#link = link;
    this.#context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    view.append(this.#canvas);
    new ResizeObserver(() => this.#resize()).observe(view);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
    link.addEventListener("state", () => this.#draw());
    link.addEventListener("notes", () => this.#draw());
    this.recolour();
  }

  /** Whether the roll is in sight: only then it is drawn. */
  set shown(/** @type {boolean} */ shown) {
    this.#shown = shown;
    this.#draw();
  }

  /** Show the pitches of another music. */
  begin() {
    this.#low = LOWEST;
    this.#high = HIGHEST;
  }

  /** Read the colours of the style sheet again. */
  recolour() {
    const probe = document.createElement("span");
    document.body.append(probe);
    for (const name of COLOURS) {
      probe.style.color = `var(--roll-${name})`;
      this.#colours[name] = getComputedStyle(probe).color;
    }
    this.#shades = Array.from({ length: SHADES + 1 }, (_, shade) => {
      probe.style.color = `color-mix(in oklab, var(--roll-loud) ${(100 * shade) / SHADES}%, var(--roll-soft))`;
      return getComputedStyle(probe).color;
    });
    probe.remove();
    this.#groundIs = "";
    this.#draw();
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#view;
    const scale = devicePixelRatio || 1;
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#canvas.width = Math.round(clientWidth * scale);
    this.#canvas.height = Math.round(clientHeight * scale);
    this.#canvas.style.width = `${clientWidth}px`;
    this.#canvas.style.height = `${clientHeight}px`;
    this.#draw();
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
    if (!this.#width || !this.#height) return;
    this.frames += 1;
    this.#stretch();
    this.#paintGround();
    const context = this.#context;
    const scale = devicePixelRatio || 1;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.#ground, 0, 0);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const tick = this.#link.position;
    if (tick === null || !this.#link.snapshot) return;
    context.save();
    context.beginPath();
    context.rect(KEYS_WIDTH, 0, this.#width - KEYS_WIDTH, this.#height);
    context.clip();
    this.#paintGrid(tick, this.#link.snapshot);
    this.#paintNotes(tick, this.#link.snapshot);
    this.#paintPresent();
    context.restore();
  }

  /** Paint what does not move, if that has changed. */
  #paintGround() {
    const is = `${this.#canvas.width} ${this.#canvas.height} ${this.#low} ${this.#high}`;
    if (is === this.#groundIs) return;
    this.#groundIs = is;
    this.#ground.width = this.#canvas.width;
    this.#ground.height = this.#canvas.height;
    const context = /** @type {CanvasRenderingContext2D} */ (this.#ground.getContext("2d"));
    const scale = devicePixelRatio || 1;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = this.#colours.paper;
    context.fillRect(0, 0, this.#width, this.#height);
    this.#paintRows(context);
    this.#paintKeys(context);
  }

  /** Make room for what is to come before it is in sight. */
  #stretch() {
    for (const { note } of this.#link.notes.values()) {
      while (note < this.#low) this.#low -= SEMITONES;
      while (note > this.#high) this.#high += SEMITONES;
    }
    for (const { pitch } of this.#link.snapshot?.past ?? []) {
      while (pitch < this.#low) this.#low -= SEMITONES;
      while (pitch > this.#high) this.#high += SEMITONES;
    }
  }

  /** @param {number} ticksPerBar */
  #tickWidth(ticksPerBar) {
    const bar = Math.min(WIDEST_BAR, Math.max(NARROWEST_BAR, (this.#width - KEYS_WIDTH) / BARS_SEEN));
    return bar / ticksPerBar;
  }

  get #present() {
    return Math.round(KEYS_WIDTH + (this.#width - KEYS_WIDTH) * PRESENT);
  }

  get #rowHeight() {
    return (this.#height - RULER_HEIGHT) / (this.#high - this.#low + 1);
  }

  /** @param {number} pitch */
  #y(pitch) {
    return RULER_HEIGHT + (this.#high - pitch) * this.#rowHeight;
  }

  /** @param {CanvasRenderingContext2D} context */
  #paintRows(context) {
    context.fillStyle = this.#colours.stripe;
    for (let pitch = this.#low; pitch <= this.#high; pitch++) {
      if (BLACK_KEYS.has(pitch % SEMITONES)) {
        context.fillRect(KEYS_WIDTH, this.#y(pitch), this.#width, this.#rowHeight);
      }
    }
    context.fillStyle = this.#colours.line;
    for (let pitch = this.#low; pitch <= this.#high; pitch += SEMITONES) {
      context.fillRect(KEYS_WIDTH, Math.round(this.#y(pitch - 1)), this.#width, 1);
    }
  }

  /**
   * @param {number} tick
   * @param {import("./live_link.js").Snapshot} snapshot
   */
  #paintGrid(tick, { ticks_per_bar: bar, ticks_per_beat: beat }) {
    const context = this.#context;
    const width = this.#tickWidth(bar);
    const first = tick - (this.#present - KEYS_WIDTH) / width;
    const last = tick + (this.#width - this.#present) / width;
    context.font = "500 11px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (let number = Math.max(0, Math.floor(first / bar)); number * bar <= last; number++) {
      const x = Math.round(this.#present + (number * bar - tick) * width);
      context.fillStyle = this.#colours.bar;
      context.fillRect(x, 4, 1, this.#height);
      context.fillStyle = this.#colours.label;
      context.fillText(String(number + 1), x + 6, RULER_HEIGHT / 2 + 1);
      context.fillStyle = this.#colours.line;
      for (let at = beat; at < bar; at += beat) {
        context.fillRect(Math.round(this.#present + (number * bar + at - tick) * width), RULER_HEIGHT, 1, this.#height);
      }
    }
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
      if (x + long < KEYS_WIDTH || x > this.#width) return;
      const like = looks.get(look);
      if (like) like.push([x, this.#y(pitch), long]);
      else looks.set(look, [[x, this.#y(pitch), long]]);
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
    const context = this.#context;
    const height = Math.max(3, this.#rowHeight - 1);
    const [sounds, isRound] = [look === "s", count <= MOST_ROUND];
    context.fillStyle = sounds ? this.#colours.now : this.#shades[Number(look.slice(1))];
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

  #paintPresent() {
    const context = this.#context;
    const x = this.#present;
    context.fillStyle = this.#colours.head;
    context.fillRect(x - 0.75, RULER_HEIGHT - 6, 1.5, this.#height);
    context.beginPath();
    context.moveTo(x - 6, RULER_HEIGHT - 14);
    context.lineTo(x + 6, RULER_HEIGHT - 14);
    context.lineTo(x, RULER_HEIGHT - 4);
    context.fill();
  }

  /** @param {CanvasRenderingContext2D} context */
  #paintKeys(context) {
    context.fillStyle = this.#colours.paper;
    context.fillRect(0, 0, KEYS_WIDTH, RULER_HEIGHT);
    context.fillStyle = this.#colours.white;
    context.fillRect(0, RULER_HEIGHT, KEYS_WIDTH, this.#height);
    context.font = "500 10px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (let pitch = this.#low; pitch <= this.#high; pitch++) {
      if (BLACK_KEYS.has(pitch % SEMITONES)) {
        context.fillStyle = this.#colours.black;
        context.fillRect(0, this.#y(pitch), KEYS_WIDTH * 0.58, this.#rowHeight);
      } else if (pitch % SEMITONES === 0) {
        context.fillStyle = this.#colours.label;
        context.textAlign = "right";
        context.fillText(`C${pitch / SEMITONES - 1}`, KEYS_WIDTH - 4, this.#y(pitch) + this.#rowHeight / 2);
        context.textAlign = "left";
      }
    }
    context.fillStyle = this.#colours.bar;
    context.fillRect(KEYS_WIDTH - 1, 0, 1, this.#height);
  }
}

/** @param {number} velocity */
function shadeOf(velocity) {
  return Math.round(Math.min(1, Math.max(0, (velocity - 24) / 88)) * SHADES);
}
