// @ts-check
// How a training comes on: how surprised the network is by a note, epoch by epoch, as a drawing and in words.
import { el } from "./dom.js";

/** @typedef {import("./training.js").Epoch} Epoch */

const SPACE = "http://www.w3.org/2000/svg";
const HEIGHT = 230;
const [NARROWEST, USUAL] = [240, 640];
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 12, 12, 28];
const MOST_LINES = 6;

export class TrainingCurves {
  #drawing = svg("svg", { height: HEIGHT, class: "curves", role: "img" });
  #width = USUAL;
  #redraw = () => {};
  #words = el("p", { class: "meta" });
  element = el(
    "section",
    { class: "card curves-card", "aria-label": "How it comes on" },
    el("h3", {}, "How surprised it is by a note"),
    el(
      "p",
      { class: "legend" },
      el("span", { class: "key trained" }, "of the music it learns"),
      el("span", { class: "key held-out" }, "of pieces it has not heard: lower is better"),
    ),
    this.#drawing,
    this.#words,
  );

  constructor() {
    // One pixel of the drawing is one of the screen, or its words would be too small on a phone.
    new ResizeObserver(([{ contentRect }]) => {
      const width = Math.max(NARROWEST, Math.round(contentRect.width));
      if (width === this.#width) return;
      this.#width = width;
      this.#redraw();
    }).observe(this.#drawing);
  }

  /**
   * @param {Epoch[]} epochs
   * @param {number} planned How many epochs there may be; 0 where that is not known.
   * @param {number[]} saved
   * @param {number | null} chosen
   */
  show(epochs, planned, saved, chosen) {
    this.element.hidden = !epochs.length;
    this.#redraw = () => this.#draw(epochs, planned, saved, chosen);
    if (epochs.length) this.#redraw();
  }

  /**
   * @param {Epoch[]} epochs
   * @param {number} planned
   * @param {number[]} saved
   * @param {number | null} chosen
   */
  #draw(epochs, planned, saved, chosen) {
    if (!epochs.length) return;
    const last = epochs[epochs.length - 1];
    const scale = scaleOf(epochs, Math.max(planned, last.epoch), this.#width);
    this.#drawing.setAttribute("viewBox", `0 0 ${this.#width} ${HEIGHT}`);
    const heldOut = epochs.flatMap(({ epoch, held_out }) => (held_out === null ? [] : [[epoch, held_out]]));
    const best = (heldOut.length ? heldOut : epochs.map(({ epoch, loss }) => [epoch, loss])).find(([epoch]) => epoch === chosen);
    this.#drawing.replaceChildren(
      ...grid(scale),
      line(epochs.map(({ epoch, loss }) => [epoch, loss]), scale, "trained"),
      line(heldOut, scale, "held-out"),
      ...(heldOut.length ? heldOut : []).filter(([epoch]) => saved.includes(epoch)).map((point) => dot(point, scale, 3.5, "saved")),
      ...(epochs.length === 1 ? [dot(heldOut[0] ?? [last.epoch, last.loss], scale, 3.5, "saved")] : []), // no line yet
      ...(best ? [dot(best, scale, 6.5, "chosen")] : []),
    );
    const held = last.held_out === null ? "" : `, ${last.held_out.toFixed(2)} of a piece it has not heard`;
    this.#words.textContent = `After epoch ${last.epoch}: ${last.loss.toFixed(2)} nats a note of the music it learns${held}.`;
    this.#drawing.setAttribute("aria-label", this.#words.textContent);
  }
}

/** @typedef {{x: (epoch: number) => number, y: (nats: number) => number, low: number, high: number, last: number, right: number}} Scale */

/**
 * @param {Epoch[]} epochs
 * @param {number} last
 * @param {number} width
 * @returns {Scale}
 */
function scaleOf(epochs, last, width) {
  const values = epochs.flatMap(({ loss, held_out }) => [loss, held_out]).filter((value) => value !== null && Number.isFinite(value));
  const [low, high] = [Math.min(.../** @type {number[]} */ (values)), Math.max(.../** @type {number[]} */ (values))];
  const room = Math.max((high - low) * 0.08, 0.02);
  const [bottom, top] = [low - room, high + room];
  return {
    x: (epoch) => LEFT + ((epoch - 1) / Math.max(1, last - 1)) * (width - LEFT - RIGHT),
    y: (nats) => TOP + ((top - nats) / (top - bottom)) * (HEIGHT - TOP - BOTTOM),
    low: bottom,
    high: top,
    last,
    right: width - RIGHT,
  };
}

/** @param {Scale} scale */
function grid(scale) {
  const step = niceStep((scale.high - scale.low) / MOST_LINES);
  const lines = [];
  for (let nats = Math.ceil(scale.low / step) * step; nats <= scale.high; nats += step) {
    const y = scale.y(nats);
    lines.push(svg("path", { d: `M${LEFT} ${y}H${scale.right}`, class: "grid" }), label(LEFT - 8, y + 4, "end", nats.toFixed(step < 0.1 ? 2 : 1)));
  }
  const every = niceStep(Math.max(1, scale.last / 8));
  for (let epoch = 1; epoch <= scale.last; epoch += 1) {
    if (epoch === 1 || epoch % Math.max(1, Math.round(every)) === 0) lines.push(label(scale.x(epoch), HEIGHT - 8, "middle", String(epoch)));
  }
  return lines;
}

/** @param {number} wanted */
function niceStep(wanted) {
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= wanted) ?? 10);
}

/**
 * @param {number[][]} points
 * @param {Scale} scale
 * @param {string} kind
 */
function line(points, scale, kind) {
  const path = points.map(([epoch, nats], index) => `${index ? "L" : "M"}${scale.x(epoch).toFixed(1)} ${scale.y(nats).toFixed(1)}`);
  return svg("path", { d: path.join("") || "M0 0", class: `curve ${kind}` });
}

/**
 * @param {number[]} point
 * @param {Scale} scale
 * @param {number} radius
 * @param {string} kind
 */
function dot([epoch, nats], scale, radius, kind) {
  return svg("circle", { cx: scale.x(epoch), cy: scale.y(nats), r: radius, class: kind });
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} anchor
 * @param {string} text
 */
function label(x, y, anchor, text) {
  const element = svg("text", { x, y, "text-anchor": anchor });
  element.textContent = text;
  return element;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @returns {SVGElement}
 */
function svg(tag, attributes) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SPACE, tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
