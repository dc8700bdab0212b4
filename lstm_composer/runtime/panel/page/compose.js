// @ts-check
// The Compose tab: choose, press, hear it while it is made, and keep what is good.
import { ask, lines, PanelError } from "./api.js";
import { ComposeForm } from "./compose_form.js";
import { el } from "./dom.js";
import { PieceList } from "./pieces.js";
import { Stage } from "./stage.js";

/** @typedef {import("./api.js").ComposeRequest} ComposeRequest */
/** @typedef {import("./api.js").PieceInfo} PieceInfo */

/**
 * @param {HTMLElement} section
 * @param {import("./app.js").Panel} panel
 * @returns {Promise<import("./app.js").Tab>}
 */
export async function start(section, panel) {
  const [{ styles, problems }, kept] = await Promise.all([ask("/api/compose/styles"), ask("/api/pieces")]);
  const composing = new Composing(section, panel, styles);
  composing.list.pieces = kept.pieces;
  if (kept.pieces.length) composing.showFirst(kept.pieces[0]);
  for (const problem of [kept.problem, ...problems]) if (problem) panel.say(problem, { kind: "problem" });
  if (!styles.length) panel.say("There is no style to compose in: train one, or name a folder with --models-dir.", { kind: "problem" });
  return composing;
}

/** @implements {Required<Pick<import("./app.js").Tab, "hidden" | "key" | "shown" | "wished" | "recolour">>} */
class Composing {
  #panel;
  #form;
  #stage;
  list;
  /** @type {AbortController | null} */
  #making = null;
  /** Its styles have just been read. */
  #isNew = true;
  /** How often this page has changed the list: what was asked for before that is out of date. */
  #changes = 0;

  /**
   * @param {HTMLElement} section
   * @param {import("./app.js").Panel} panel
   * @param {import("./api.js").StyleRow[]} styles
   */
  constructor(section, panel, styles) {
    this.#panel = panel;
    this.#form = new ComposeForm(styles, () => this.#compose());
    this.#stage = new Stage(panel, {
      again: (piece) => void this.#make({ ...piece.request, seed: undefined }),
      goOn: (piece) => void this.#make({ ...piece.request, seed: undefined, continues: piece.id }),
      useSettings: (piece) => this.#useSettings(piece),
      change: (piece, change) => void panel.attempt(this.#change(piece, change)),
      remove: (piece) => void panel.attempt(this.#remove(piece)),
    });
    this.list = new PieceList({
      open: (piece) => void panel.attempt(this.#open(piece)),
      change: (piece, change) => void panel.attempt(this.#change(piece, change)),
      remove: (piece) => void panel.attempt(this.#remove(piece)),
    });
    section.append(this.#form.element, el("div", { class: "column" }, this.#stage.element, this.list.element));
    // Another page of the panel, or a tab of the browser, may have made pieces, or deleted some.
    addEventListener("focus", () => void this.#readPieces().catch(() => undefined));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === " ") {
      this.#stage.toggle();
      return true;
    }
    if (event.key.toLowerCase() === "c" && !event.repeat) {
      this.#compose();
      return true;
    }
    return this.#stage.step(event);
  }

  shown() {
    if (this.#isNew) this.#isNew = false;
    else void this.#panel.attempt(this.#readStyles());
  }

  /** @param {import("./app.js").Wish} wish */
  async wished({ style }) {
    await this.#readStyles();
    const { other_style, other_share, temperature, ...request } = this.#form.request;
    this.#form.request = { ...request, style };
  }

  /** There may be one more: a style of the user's own. */
  async #readStyles() {
    this.#form.styles = (await ask("/api/compose/styles")).styles;
  }

  async #readPieces() {
    const changes = this.#changes;
    const { pieces } = await ask("/api/pieces");
    if (changes === this.#changes) this.list.pieces = pieces;
  }

  hidden() {
    this.#stage.player.pause(); // or it would sound beside what another tab plays
  }

  recolour() {
    this.#stage.recolour();
  }

  #compose() {
    if (this.#form.fields.valid) void this.#make(this.#form.request, this.#form.fields);
  }

  /**
   * Have a piece made, and play it as soon as its first bar is there.
   * @param {ComposeRequest} request
   * @param {import("./fields.js").Fields} [fields] Where it was filled in.
   */
  async #make(request, fields) {
    this.#making?.abort();
    this.#panel.forget();
    const making = new AbortController();
    this.#making = making;
    this.#form.button.classList.add("busy");
    // Here, where something has just been pressed: later the browser would not let it sound.
    const sounding = this.#panel.sound.resume();
    const { attempt } = this.#panel;
    try {
      // Each by itself: a piece is made to its end also where nothing can be heard.
      await Promise.all([attempt(sounding), attempt(this.#follow(request, making.signal), fields)]);
    } finally {
      if (this.#making === making) {
        this.#form.button.classList.remove("busy");
        if (!this.#stage.piece) this.#stage.cut(); // or it would wait for its next bars for ever
      }
    }
  }

  /**
   * @param {ComposeRequest} request
   * @param {AbortSignal} signal
   */
  async #follow(request, signal) {
    let started = false;
    for await (const line of lines("/api/compose", request, signal)) {
      if (line.type === "begun") {
        this.#stage.begin(line);
        this.#stage.element.scrollIntoView({ block: "nearest" });
        // Or the space bar, which plays and pauses, would press Compose once more.
        if (document.activeElement === this.#form.button) this.#stage.focus();
        this.list.current = 0;
      } else if (line.type === "notes") {
        this.#stage.add(line.notes, line.until_tick);
        if (request.continues && !this.#stage.player.position) {
          this.#stage.player.seek(line.until_tick);
        } else if (!started) {
          started = true;
          void this.#panel.attempt(this.#stage.player.play());
        }
      } else if (line.type === "kept") {
        this.#stage.piece = line.piece;
        this.#changes++;
        this.list.put(line.piece);
        this.list.current = line.piece.id;
      } else {
        throw new PanelError(line.error);
      }
    }
  }

  /** @param {PieceInfo} piece */
  async #open(piece) {
    this.#making?.abort();
    const { info, notes } = await ask(`/api/pieces/${piece.id}`);
    this.#stage.show(info, notes);
    this.#stage.element.scrollIntoView({ block: "nearest" });
    this.list.current = info.id;
    await this.#stage.player.play();
  }

  /** Have a piece on the stage, to begin with: what it is called at once, its notes when they come. @param {PieceInfo} piece */
  showFirst(piece) {
    this.#stage.show(piece, []);
    this.list.current = piece.id;
    const notes = async () => {
      const { info, notes } = await ask(`/api/pieces/${piece.id}`);
      if (this.#stage.piece?.id === info.id) this.#stage.show(info, notes);
    };
    void this.#panel.attempt(notes());
  }

  /** @param {PieceInfo} piece */
  #useSettings(piece) {
    const { continues, ...request } = piece.request;
    this.#form.request = request;
    const gone = continues ? " It went on from another piece; Compose begins anew." : "";
    this.#panel.say(`The settings and the seed of this piece are filled in: Compose makes it again.${gone}`);
  }

  /**
   * @param {PieceInfo} piece
   * @param {{name?: string, starred?: boolean}} change
   */
  async #change(piece, change) {
    await ask(`/api/pieces/${piece.id}`, { method: "PATCH", body: change });
    const changed = { ...(this.list.find(piece.id) ?? piece), ...change }; // it may have changed since it was asked
    this.#changes++;
    this.list.put(changed);
    if (this.#stage.piece?.id === piece.id) this.#stage.piece = changed;
  }

  /** @param {PieceInfo} piece */
  async #remove(piece) {
    // What is pressed goes with the piece: the keyboard goes on from Undo, and a mouse does not care.
    const takesFocus = document.activeElement?.matches(":focus-visible") ?? false;
    await ask(`/api/pieces/${piece.id}`, { method: "DELETE" });
    this.#changes++;
    this.list.remove(piece.id);
    const wasShown = this.#stage.piece?.id === piece.id;
    if (wasShown) this.#stage.piece = null;
    const undo = async () => {
      await ask(`/api/pieces/${piece.id}/restore`, { method: "POST" });
      this.#changes++;
      this.list.put(piece);
      if (wasShown && this.#stage.piece === null) this.#stage.piece = piece;
    };
    this.#panel.say(`${piece.name || piece.style} is deleted.`, { action: { label: "Undo", run: () => void this.#panel.attempt(undo()), takesFocus } });
  }
}
