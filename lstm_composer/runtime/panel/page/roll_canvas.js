// @ts-check
// What every piano roll is drawn with: a canvas as large as its place, keys and rows of pitches, bar lines, and where the music is.

export const KEYS_WIDTH = 38;
export const RULER_HEIGHT = 22;
const SEMITONES = 12;
const BLACK_KEYS = new Set([1, 3, 6, 8, 10]);
const BLACK_KEY_LENGTH = 0.5;
const COLOURS = ["paper", "stripe", "line", "bar", "label", "now", "head", "white", "black"];
/** Shades between soft and loud. */
const SHADES = 16;
const [SOFTEST, LOUDEST] = [24, 112];

/** @typedef {(tick: number) => number} XOfTick Where a position is, in pixels from the left. */

export class RollCanvas {
  #view;
  #canvas = document.createElement("canvas");
  #repaint;
  /** Those that are shown in any case. */
  #pitches;
  /** Keys and rows, which are drawn anew only when they change. */
  #ground = document.createElement("canvas");
  #groundIs = "";
  context;
  width = 0;
  height = 0;
  low = 0;
  high = 0;
  /** @type {Record<string, string>} As they are now, by day or by night. */
  colours = {};
  /** From soft to loud. @type {string[]} */
  shades = [];

  /**
   * @param {HTMLElement} view What a canvas is put into.
   * @param {[lowest: number, highest: number]} pitches Those that are shown in any case.
   * @param {(isSized: boolean) => void} repaint Called when the colours, or the size, have changed.
   */
  constructor(view, pitches, repaint) {
    this.#view = view;
    this.#repaint = repaint;
    this.#pitches = pitches;
    this.begin();
    this.context = contextOf(this.#canvas);
    view.append(this.#canvas);
    this.#readColours();
    new ResizeObserver(() => this.#resize()).observe(view);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
  }

  /** Read the colours of the style sheet again. */
  recolour() {
    this.#readColours();
    this.#repaint(false);
  }

  /** Show no more pitches than in any case: another music begins. */
  begin() {
    [this.low, this.high] = this.#pitches;
  }

  /** Make room for a pitch, by octaves. @param {number} pitch */
  show(pitch) {
    while (pitch < this.low) this.low -= SEMITONES;
    while (pitch > this.high) this.high += SEMITONES;
  }

  get rowHeight() {
    return (this.height - RULER_HEIGHT) / (this.high - this.low + 1);
  }

  get noteHeight() {
    return Math.max(3, this.rowHeight - 1);
  }

  /** @param {number} pitch */
  y(pitch) {
    return RULER_HEIGHT + (this.high - pitch) * this.rowHeight;
  }

  /**
   * Paint keys and rows, and then, beside the keys, what moves.
   * @param {() => void} paintMusic
   */
  paint(paintMusic) {
    if (!this.width || !this.height) return;
    this.#paintGround();
    const context = this.context;
    const scale = devicePixelRatio || 1;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.#ground, 0, 0);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.save();
    context.beginPath();
    context.rect(KEYS_WIDTH, 0, this.width - KEYS_WIDTH, this.height);
    context.clip();
    paintMusic();
    context.restore();
  }

  /**
   * Paint the lines of a bar and its beats, and its number.
   * @param {XOfTick} x
   * @param {number} number From 0.
   * @param {{bar: number, beat: number}} ticks Their lengths.
   * @param {{isNumbered: boolean, isLast: boolean}} [options] Of the last line no bar begins.
   */
  paintBar(x, number, { bar, beat }, { isNumbered, isLast } = { isNumbered: true, isLast: false }) {
    const context = this.context;
    const left = Math.round(x(number * bar));
    context.fillStyle = this.colours.bar;
    context.fillRect(left, isNumbered ? 4 : RULER_HEIGHT, 1, this.height);
    if (isLast) return;
    if (isNumbered) {
      context.font = "500 11px system-ui, sans-serif";
      context.textBaseline = "middle";
      context.fillStyle = this.colours.label;
      context.fillText(String(number + 1), left + 6, RULER_HEIGHT / 2 + 1);
    }
    context.fillStyle = this.colours.line;
    for (let at = beat; at < bar; at += beat) {
      context.fillRect(Math.round(x(number * bar + at)), RULER_HEIGHT, 1, this.height);
    }
  }

  /** Paint where the music is. @param {number} x */
  paintHead(x) {
    const context = this.context;
    context.fillStyle = this.colours.head;
    context.fillRect(x - 0.75, RULER_HEIGHT - 6, 1.5, this.height);
    context.beginPath();
    context.moveTo(x - 6, RULER_HEIGHT - 14);
    context.lineTo(x + 6, RULER_HEIGHT - 14);
    context.lineTo(x, RULER_HEIGHT - 4);
    context.fill();
  }

  #readColours() {
    const probe = document.createElement("span");
    document.body.append(probe);
    const read = (/** @type {string} */ colour) => {
      probe.style.color = colour;
      return getComputedStyle(probe).color;
    };
    for (const name of COLOURS) this.colours[name] = read(`var(--roll-${name})`);
    this.shades = Array.from({ length: SHADES + 1 }, (_, shade) =>
      read(`color-mix(in oklab, var(--roll-loud) ${(100 * shade) / SHADES}%, var(--roll-soft))`),
    );
    probe.remove();
    this.#groundIs = "";
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#view;
    const scale = devicePixelRatio || 1;
    [this.width, this.height] = [clientWidth, clientHeight];
    this.#canvas.width = Math.round(clientWidth * scale);
    this.#canvas.height = Math.round(clientHeight * scale);
    this.#canvas.style.width = `${clientWidth}px`;
    this.#canvas.style.height = `${clientHeight}px`;
    this.#repaint(true);
  }

  #paintGround() {
    const is = `${this.#canvas.width} ${this.#canvas.height} ${this.low} ${this.high}`;
    if (is === this.#groundIs) return;
    this.#groundIs = is;
    this.#ground.width = this.#canvas.width;
    this.#ground.height = this.#canvas.height;
    const context = contextOf(this.#ground);
    const scale = devicePixelRatio || 1;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = this.colours.paper;
    context.fillRect(0, 0, this.width, this.height);
    context.fillStyle = this.colours.white;
    context.fillRect(0, RULER_HEIGHT, KEYS_WIDTH, this.height);
    context.font = "500 10px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (let pitch = this.low; pitch <= this.high; pitch++) this.#paintRow(context, pitch);
    context.fillStyle = this.colours.bar;
    context.fillRect(KEYS_WIDTH - 1, 0, 1, this.height);
  }

  /**
   * Paint the row of a pitch, and its key.
   * @param {CanvasRenderingContext2D} context
   * @param {number} pitch
   */
  #paintRow(context, pitch) {
    const [y, height] = [this.y(pitch), this.rowHeight];
    if (BLACK_KEYS.has(pitch % SEMITONES)) {
      context.fillStyle = this.colours.stripe;
      context.fillRect(KEYS_WIDTH, y, this.width, height);
      context.fillStyle = this.colours.black;
      context.fillRect(0, y, KEYS_WIDTH * BLACK_KEY_LENGTH, height);
    } else if (pitch % SEMITONES === 0) {
      context.fillStyle = this.colours.line;
      context.fillRect(KEYS_WIDTH, Math.round(y + height), this.width, 1);
      context.fillStyle = this.colours.label;
      context.fillText(`C${pitch / SEMITONES - 1}`, KEYS_WIDTH - 4, y + height / 2);
    }
  }
}

/** Which of the shades a loudness has. @param {number} velocity */
export function shadeOf(velocity) {
  return Math.round(Math.min(1, Math.max(0, (velocity - SOFTEST) / (LOUDEST - SOFTEST))) * SHADES);
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}
