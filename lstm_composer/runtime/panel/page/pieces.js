// @ts-check
// The list of every piece that was made.
import { el, iconButton } from "./dom.js";
import { describe, gridOf } from "./stage.js";

/** @typedef {import("./api.js").PieceInfo} PieceInfo */
/**
 * @typedef {object} ListActions
 * @property {(piece: PieceInfo) => void} open
 * @property {(piece: PieceInfo, change: {name?: string, starred?: boolean}) => void} change
 * @property {(piece: PieceInfo) => void} remove
 */

const FIRST_SHOWN = 50;

export class PieceList {
  #actions;
  /** @type {PieceInfo[]} */
  #pieces = [];
  #current = 0;
  #shown = FIRST_SHOWN;
  #list = el("ul", { class: "pieces" });
  #count = el("span", { class: "count" });
  #starred = el("input", { type: "checkbox" });
  #more = el("button", { type: "button", class: "button quiet" }, "Show more");
  element;

  /** @param {ListActions} actions */
  constructor(actions) {
    this.#actions = actions;
    this.#starred.addEventListener("change", () => this.#draw());
    this.#more.addEventListener("click", () => {
      this.#shown += FIRST_SHOWN;
      this.#draw();
    });
    this.element = el(
      "section",
      { class: "card list", "aria-label": "Pieces" },
      el("header", {}, el("h2", {}, "Pieces ", this.#count), el("label", { class: "check" }, this.#starred, el("span", {}, "Starred only"))),
      this.#list,
      this.#more,
    );
    this.#draw();
  }

  /** @param {PieceInfo[]} pieces The newest first. */
  set pieces(pieces) {
    if (JSON.stringify(pieces) === JSON.stringify(this.#pieces)) return; // drawn anew it would lose the focus
    this.#pieces = pieces;
    this.#draw();
  }

  /** @param {number} id */
  find(id) {
    return this.#pieces.find((piece) => piece.id === id);
  }

  /** The piece that is on the stage. @param {number} id */
  set current(id) {
    this.#current = id;
    for (const row of this.#list.children) {
      if (row instanceof HTMLElement) row.classList.toggle("current", row.dataset.id === String(id));
    }
  }

  /** @param {PieceInfo} piece */
  put(piece) {
    const index = this.#pieces.findIndex(({ id }) => id === piece.id);
    if (index >= 0) this.#pieces[index] = piece;
    else this.#pieces = [...this.#pieces, piece].sort((one, other) => other.id - one.id);
    this.#draw();
  }

  /** @param {number} id */
  remove(id) {
    this.#pieces = this.#pieces.filter((piece) => piece.id !== id);
    this.#draw();
  }

  #draw() {
    const pieces = this.#pieces.filter(({ starred }) => starred || !this.#starred.checked);
    this.#count.textContent = this.#pieces.length ? String(this.#pieces.length) : "";
    const rows = pieces.slice(0, this.#shown).map((piece) => this.#row(piece));
    const nothing = this.#starred.checked ? "No piece has a star yet." : "What you compose is kept here.";
    this.#list.replaceChildren(...(rows.length ? rows : [el("li", { class: "nothing" }, nothing)]));
    this.#more.hidden = pieces.length <= this.#shown;
  }

  /** @param {PieceInfo} piece */
  #row(piece) {
    const star = iconButton("star", "Star", () => this.#actions.change(piece, { starred: !piece.starred }), { short: true });
    star.classList.add("star");
    star.setAttribute("aria-pressed", String(piece.starred));
    const name = piece.name || piece.style;
    const open = el(
      "button",
      { type: "button", class: "open", onclick: () => this.#actions.open(piece) },
      el("span", { class: "name" }, name),
      el("span", { class: "meta" }, describe(piece, gridOf(piece.meter).ticksPerBar)),
    );
    const bin = iconButton("bin", `Delete ${name}`, () => this.#actions.remove(piece), { short: true });
    const row = el("li", { "data-id": piece.id }, star, open, el("time", {}, when(piece.made)), bin);
    row.classList.toggle("current", piece.id === this.#current);
    return row;
  }
}

/** @param {number} made Seconds since 1970. */
function when(made) {
  const date = new Date(made * 1000);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

