// @ts-check
// A piano roll on a canvas: notes by time and pitch, as loud as they are bright, and where the music is.

/** @typedef {import("./api.js").NoteRow} NoteRow */
/** @typedef {{ticksPerBar: number, ticksPerBeat: number, endTick: number}} Grid */

const KEYS_WIDTH = 38;
const RULER_HEIGHT = 22;
const NARROWEST_BAR = 46;
const WIDEST_BAR = 260;
const SEMITONES = 12;
const LOWEST = 36;
const HIGHEST = 84;
const BLACK_KEYS = new Set([1, 3, 6, 8, 10]);
const APPEARING_MILLISECONDS = 260;
const UNTOUCHED_MILLISECONDS = 3000;

export class Roll {
  #view;
  #canvas;
  #spacer;
  #context;
  /** @type {NoteRow[]} */
  #notes = [];
  /** When each note was added, by its index. @type {number[]} */
  #added = [];
  /** @type {Grid} */
  #grid = { ticksPerBar: 96, ticksPerBeat: 24, endTick: 0 };
  /** @type {number | null} */
  #position = null;
  #low = LOWEST;
  #high = HIGHEST;
  #width = 0;
  #height = 0;
  #drawing = false;
  #touched = -UNTOUCHED_MILLISECONDS;
  #ownScroll = -1;
  /** @type {Record<string, string>} */
  #colours = {};
  #still = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {HTMLElement} view What scrolls; a canvas is put into it.
   * @param {(tick: number) => void} seek Called where somebody clicks.
   */
  constructor(view, seek) {
    this.#view = view;
    this.#canvas = document.createElement("canvas");
    this.#spacer = document.createElement("div");
    this.#spacer.className = "roll-width";
    view.append(this.#canvas, this.#spacer);
    this.#context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    new ResizeObserver(() => this.#resize()).observe(view);
    view.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    view.addEventListener("click", (event) => this.#clicked(event, seek));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
    this.recolour();
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
    [this.#low, this.#high] = [LOWEST, HIGHEST];
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
    const probe = document.createElement("span");
    document.body.append(probe);
    for (const name of ["paper", "stripe", "line", "bar", "label", "soft", "loud", "now", "head", "white", "black"]) {
      probe.style.color = `var(--roll-${name})`;
      this.#colours[name] = getComputedStyle(probe).color; // as it is now, by day or by night
    }
    probe.remove();
    this.#draw();
  }

  /**
   * @param {NoteRow[]} notes
   * @param {number} when
   */
  #take(notes, when) {
    for (const note of notes) {
      this.#notes.push(note);
      this.#added.push(when);
      while (note[1] < this.#low) this.#low -= SEMITONES;
      while (note[1] > this.#high) this.#high += SEMITONES;
    }
    this.#layout();
    this.#draw();
  }

  get #bars() {
    return Math.max(1, this.#grid.endTick / this.#grid.ticksPerBar);
  }

  get #barWidth() {
    const fitting = (this.#width - KEYS_WIDTH) / this.#bars;
    return Math.min(Math.max(fitting, NARROWEST_BAR), Math.max(WIDEST_BAR, fitting));
  }

  get #tickWidth() {
    return this.#barWidth / this.#grid.ticksPerBar;
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#view;
    const scale = devicePixelRatio || 1;
    [this.#width, this.#height] = [clientWidth, clientHeight];
    this.#canvas.width = Math.round(clientWidth * scale);
    this.#canvas.height = Math.round(clientHeight * scale);
    this.#canvas.style.width = `${clientWidth}px`;
    this.#canvas.style.height = `${clientHeight}px`;
    this.#layout();
    this.#paint();
  }

  #layout() {
    const width = KEYS_WIDTH + this.#bars * this.#barWidth;
    this.#spacer.style.width = `${width > this.#width + 1 ? Math.ceil(width) : 0}px`;
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
    const seen = this.#width - KEYS_WIDTH;
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
    if (!this.#width || !this.#height) return;
    const context = this.#context;
    const scale = devicePixelRatio || 1;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = this.#colours.paper;
    context.fillRect(0, 0, this.#width, this.#height);
    context.save();
    context.beginPath();
    context.rect(KEYS_WIDTH, 0, this.#width - KEYS_WIDTH, this.#height);
    context.clip();
    this.#paintRows();
    this.#paintGrid();
    const moving = this.#paintNotes();
    this.#paintHead();
    context.restore();
    this.#paintKeys();
    if (moving) this.#draw();
  }

  get #rowHeight() {
    return (this.#height - RULER_HEIGHT) / (this.#high - this.#low + 1);
  }

  /** @param {number} pitch */
  #y(pitch) {
    return RULER_HEIGHT + (this.#high - pitch) * this.#rowHeight;
  }

  /** @param {number} tick */
  #x(tick) {
    return KEYS_WIDTH + tick * this.#tickWidth - this.#view.scrollLeft;
  }

  #paintRows() {
    const context = this.#context;
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

  #paintGrid() {
    const context = this.#context;
    const { ticksPerBar, ticksPerBeat, endTick } = this.#grid;
    const bars = Math.ceil(endTick / ticksPerBar);
    const each = this.#barWidth < 30 ? 4 : 1;
    context.font = "500 11px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (let bar = 0; bar <= bars; bar++) {
      const x = Math.round(this.#x(bar * ticksPerBar));
      if (x < KEYS_WIDTH - this.#barWidth || x > this.#width) continue;
      context.fillStyle = this.#colours.bar;
      context.fillRect(x, bar % each ? RULER_HEIGHT : 4, 1, this.#height);
      if (bar === bars) break;
      if (bar % each === 0) {
        context.fillStyle = this.#colours.label;
        context.fillText(String(bar + 1), x + 6, RULER_HEIGHT / 2 + 1);
      }
      context.fillStyle = this.#colours.line;
      for (let beat = ticksPerBeat; beat < ticksPerBar; beat += ticksPerBeat) {
        context.fillRect(Math.round(this.#x(bar * ticksPerBar + beat)), RULER_HEIGHT, 1, this.#height);
      }
    }
  }

  /** @returns {boolean} Whether a note is still coming into sight. */
  #paintNotes() {
    const context = this.#context;
    const now = performance.now();
    const height = Math.max(3, this.#rowHeight - 1);
    let moving = false;
    for (const [index, [onset, pitch, duration, velocity]] of this.#notes.entries()) {
      const x = this.#x(onset);
      const width = Math.max(2.5, duration * this.#tickWidth - 1.5);
      if (x + width < KEYS_WIDTH || x > this.#width) continue;
      const age = this.#still.matches ? 1 : Math.min(1, (now - this.#added[index]) / APPEARING_MILLISECONDS);
      moving ||= age < 1;
      const sounds = this.#position !== null && onset <= this.#position && this.#position < onset + duration;
      context.globalAlpha = age;
      context.fillStyle = sounds ? this.#colours.now : this.#shade(velocity);
      context.shadowColor = sounds ? this.#colours.now : "transparent";
      context.shadowBlur = sounds ? 10 : 0;
      context.beginPath();
      const grown = height * (0.4 + 0.6 * age);
      context.roundRect(x, this.#y(pitch) + (height - grown) / 2, width, grown, Math.min(3, height / 2));
      context.fill();
    }
    context.globalAlpha = 1;
    context.shadowBlur = 0;
    return moving;
  }

  /** @param {number} velocity */
  #shade(velocity) {
    const loudness = Math.round(Math.min(1, Math.max(0, (velocity - 24) / 88)) * 100);
    return `color-mix(in oklab, ${this.#colours.loud} ${loudness}%, ${this.#colours.soft})`;
  }

  #paintHead() {
    if (this.#position === null || !this.#grid.endTick) return;
    const context = this.#context;
    const x = this.#x(this.#position);
    context.fillStyle = this.#colours.head;
    context.fillRect(x - 0.75, RULER_HEIGHT - 6, 1.5, this.#height);
    context.beginPath();
    context.moveTo(x - 6, RULER_HEIGHT - 14);
    context.lineTo(x + 6, RULER_HEIGHT - 14);
    context.lineTo(x, RULER_HEIGHT - 4);
    context.fill();
  }

  #paintKeys() {
    const context = this.#context;
    context.fillStyle = this.#colours.paper;
    context.fillRect(0, 0, KEYS_WIDTH, RULER_HEIGHT);
    context.fillStyle = this.#colours.white;
    context.fillRect(0, RULER_HEIGHT, KEYS_WIDTH, this.#height);
    context.font = "500 10px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (let pitch = this.#low; pitch <= this.#high; pitch++) {
      if (BLACK_KEYS.has(pitch % SEMITONES)) {
        context.fillStyle = this.#colours.black;
        context.fillRect(0, this.#y(pitch), KEYS_WIDTH * 0.5, this.#rowHeight);
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
