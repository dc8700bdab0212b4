// @ts-check
// The engraved score of a piece, whose notes light up while they sound.
import { ask } from "./api.js";

/** @typedef {{element: Element, begin: number, end: number}} Head A note head, and when its note sounds, in ticks. */

const UNTOUCHED_MILLISECONDS = 3000;
/** A window that is being made narrower has many widths. */
const SETTLED_MILLISECONDS = 250;
/** As the style sheet has it. */
const WIDEST = 1000;

export class ScoreView {
  #view;
  #seek;
  /** @type {Head[]} */
  #heads = [];
  #shown = "";
  /** @type {Set<Head>} */
  #lit = new Set();
  #touched = -UNTOUCHED_MILLISECONDS;
  #tick = 0;
  /** @type {{id: number, notation: string, name: string} | null} */
  #asked = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {HTMLElement} view What the score is put into, and scrolls.
   * @param {(tick: number) => void} seek Called where somebody clicks on a note.
   */
  constructor(view, seek) {
    this.#view = view;
    this.#seek = seek;
    for (const kind of ["wheel", "pointerdown", "keydown"]) {
      view.addEventListener(kind, () => (this.#touched = performance.now()), { passive: true });
    }
    view.addEventListener("click", (event) => this.#clicked(event));
    new ResizeObserver(() => this.#resized()).observe(view);
  }

  /**
   * Show the score of a piece, unless it is there already.
   * @param {number} id
   * @param {string} notation "readable" or "played".
   * @param {string} name
   */
  async show(id, notation, name) {
    const width = this.#width;
    const wanted = `${id} ${notation} ${width} ${name}`;
    if (wanted === this.#shown) return;
    const isSame = this.#shown.startsWith(`${id} ${notation} `);
    if (!isSame) this.say("Engraving …"); // what is only to be wider or narrower stays until it is
    this.#asked = { id, notation, name };
    this.#shown = wanted;
    const found = await ask(`/api/pieces/${id}/score?notation=${notation}&width=${width}`).catch((error) => error);
    if (this.#shown !== wanted) return;
    if (found instanceof Error) return this.say(found.message);
    this.#put(found, name, isSame ? this.#view.scrollTop / Math.max(1, this.#view.scrollHeight) : 0);
  }

  /**
   * @param {{svg: string, sounding: Record<string, [number, number]>}} engraved
   * @param {string} name
   * @param {number} seen What of it is at the top, 0..1.
   */
  #put({ svg, sounding }, name, seen) {
    const drawing = /** @type {SVGElement} */ (/** @type {unknown} */ (parsed(svg)));
    drawing.setAttribute("aria-label", `Score of ${name}`);
    this.#heads = Object.entries(sounding).flatMap(([head, [begin, end]]) => {
      const element = drawing.querySelector(`[id="${head}"]`);
      return element ? [{ element, begin, end }] : [];
    });
    this.#lit.clear();
    this.#view.replaceChildren(drawing);
    this.#view.scrollTop = seen * this.#view.scrollHeight;
    this.light(this.#tick);
  }

  /** The room for a line of music, in pixels. */
  get #width() {
    const { paddingLeft, paddingRight } = getComputedStyle(this.#view);
    return Math.min(WIDEST, Math.floor(this.#view.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight)));
  }

  /** Engrave anew what is shown, once its place has a width that stays. */
  #resized() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const asked = this.#asked;
      if (asked && this.#view.clientWidth) void this.show(asked.id, asked.notation, asked.name);
    }, SETTLED_MILLISECONDS);
  }

  /** Say something in the place of a score. @param {string} text */
  say(text) {
    this.#shown = "";
    this.#asked = null;
    this.#heads = [];
    this.#lit.clear();
    const line = document.createElement("p");
    line.className = "meta";
    line.textContent = text;
    this.#view.replaceChildren(line);
  }

  /**
   * Light up what sounds, and bring it into sight.
   * @param {number} tick
   */
  light(tick) {
    this.#tick = tick;
    for (const head of this.#heads) {
      const sounds = head.begin <= tick && tick < head.end;
      if (sounds === this.#lit.has(head)) continue;
      head.element.classList.toggle("sounds", sounds);
      if (sounds) {
        this.#lit.add(head);
        this.#follow(head.element);
      } else {
        this.#lit.delete(head);
      }
    }
  }

  /** @param {Element} element */
  #follow(element) {
    if (performance.now() - this.#touched < UNTOUCHED_MILLISECONDS) return;
    const system = element.closest("g.system")?.getBoundingClientRect();
    if (!system) return;
    const [note, seen] = [element.getBoundingClientRect(), this.#view.getBoundingClientRect()];
    const isBeside = note.left < seen.left + 16 || note.right > seen.right - 32;
    if (!isBeside && system.top >= seen.top && system.bottom <= seen.bottom) return;
    const top = this.#view.scrollTop + system.top - seen.top - 24;
    const left = isBeside ? this.#view.scrollLeft + note.left - seen.left - seen.width / 4 : this.#view.scrollLeft;
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#view.scrollTo({ top, left, behavior: isStill ? "auto" : "smooth" });
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    if (!(event.target instanceof Element)) return;
    const clicked = event.target.closest("g.note");
    const head = this.#heads.find(({ element }) => element === clicked);
    if (head) this.#seek(head.begin);
  }
}

/**
 * Make elements of a picture.
 * @param {string} svg
 */
function parsed(svg) {
  const read = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  for (const part of read.querySelectorAll("desc, title")) part.remove(); // they would be shown where the mouse rests
  const drawing = document.importNode(read, true);
  drawing.removeAttribute("width");
  drawing.removeAttribute("height");
  drawing.setAttribute("role", "img");
  return drawing;
}
