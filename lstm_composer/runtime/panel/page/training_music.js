// @ts-check
// What a style is learned from: files dropped or chosen, what of them can be read, and what is asked of the training.
import { ask, upload } from "./api.js";
import { el, icon, iconButton } from "./dom.js";
import { clearAt, Fields, tellAt } from "./fields.js";

/** @typedef {import("./training.js").Details} Details */
/** @typedef {import("./training.js").LeftOut} LeftOut */

const AT_ONCE = 4;
const MINUTES = 10;
const FEW = 10;
const NO_MUSIC = "There is no music yet: drop MIDI files or scores here, or choose them.";
const WAITING = "It begins as soon as all files are taken in.";

export class TrainingMusic {
  #panel;
  #work;
  #kinds;
  #mostBytes;
  /** @type {Details | null} */
  #details = null;
  /** Files that the panel would not take, by training. @type {Map<string, LeftOut[]>} */
  #refused = new Map();
  #uploading = false;
  /** Ends when all files that were dropped have been taken in; null where none are on their way. @type {Promise<void> | null} */
  #taking = null;
  #input = el("input", { type: "file", multiple: true, hidden: true });
  #folder = el("input", { type: "file", webkitdirectory: true, hidden: true });
  #drop = el("div", { class: "drop field" });
  #choose = iconButton("file", "Choose files", () => this.#input.click(), { class: "button" });
  #bar = el("progress", { "aria-label": "Files taken in", max: 1, value: 0, hidden: true });
  #said = el("p", { class: "meta", role: "status" });
  #files = el("ul", { class: "files" });
  #name = el("input", { type: "text", id: "style-name", "data-field": "name", maxlength: 100, required: true, autocomplete: "off", spellcheck: "false", placeholder: "what it will be called" });
  #fromBase = el("input", { type: "radio", name: "from", value: "base", checked: true });
  #fromNothing = el("input", { type: "radio", name: "from", value: "nothing" });
  #minutes = el("input", { type: "number", id: "style-minutes", "data-field": "minutes", min: 1, max: 1440, value: MINUTES, required: true, inputmode: "numeric" });
  #train = el("button", { type: "submit", class: "button primary compose" }, icon("school"), el("span", {}, "Train"));
  /** What the form waits for, once it is sent. */
  #waits = el("p", { class: "about waits", role: "status" });
  element;

  /**
   * @param {import("./app.js").Panel} panel
   * @param {import("./training.js").Work} work
   * @param {import("./training.js").All} all
   */
  constructor(panel, work, all) {
    this.#panel = panel;
    this.#work = work;
    this.#kinds = all.kinds;
    this.#mostBytes = all.most_file_bytes;
    this.#train.disabled = Boolean(all.missing);
    this.#input.accept = all.kinds.join(",");
    this.element = el("div", { class: "column" }, this.#dropCard(), this.#trainForm());
  }

  /** @param {Details} details */
  show(details) {
    if (this.#details?.id !== details.id) {
      this.#name.value = details.name;
      this.#waits.textContent = "";
    }
    this.#details = details;
    const learned = new Map((details.pieces ?? []).map((piece) => [piece.name, piece.notes]));
    const refused = this.#refused.get(details.id) ?? [];
    const said = this.#uploading ? this.#said.textContent : summary(details, details.left_out.length + refused.length);
    if (said !== this.#said.textContent) this.#said.textContent = said;
    this.#said.classList.toggle("problem-text", details.phase === "failed");
    this.#files.replaceChildren(
      ...details.left_out.map(({ name, reason }) => this.#row(name, `it ${reason}`, true)),
      ...refused.map(({ name, reason }) => this.#row(name, reason, true)),
      ...details.files
        .filter(({ name }) => !details.left_out.some((one) => one.name === name))
        .map(({ name }) => this.#row(name, described(name, learned, details), false)),
    );
    this.#files.hidden = !this.#files.childElementCount;
  }

  #dropCard() {
    const folder = iconButton("folder", "Choose a folder", () => this.#folder.click(), { class: "button" });
    for (const input of [this.#input, this.#folder]) {
      input.addEventListener("change", () => {
        void this.#panel.attempt(this.#takeIn([...(input.files ?? [])]));
        input.value = "";
      });
    }
    const kinds = `MIDI files and scores are read: ${this.#kinds.join(" ")}`;
    this.#drop.append(
      icon("upload"),
      el("p", { class: "drop-title" }, "Drop music here"),
      el("p", { class: "meta" }, kinds),
      el("div", { class: "buttons" }, this.#choose, folder, this.#input, this.#folder),
    );
    this.#drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.#drop.classList.add("over");
    });
    this.#drop.addEventListener("dragleave", () => this.#drop.classList.remove("over"));
    this.#drop.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#drop.classList.remove("over");
      if (event.dataTransfer) void this.#panel.attempt(this.#takeIn(dropped(event.dataTransfer)));
    });
    return el(
      "section",
      { class: "card music", "aria-label": "Music to learn from" },
      el("h2", {}, "Music to learn from"),
      el("p", { class: "about" }, "One kind of music, played by one kind of instrument. Ten pieces are enough to begin with."),
      this.#drop,
      this.#bar,
      this.#said,
      this.#files,
    );
  }

  #trainForm() {
    const choice = (/** @type {HTMLInputElement} */ input, /** @type {string} */ name, /** @type {string} */ about) =>
      el("label", { class: "start-from" }, input, el("span", {}, el("strong", {}, name), el("span", { class: "about" }, about)));
    const form = el(
      "form",
      { class: "card training-form", "aria-label": "How to train" },
      el("h2", {}, "Train"),
      el("div", { class: "field" }, el("label", { class: "label", for: "style-name" }, "Name of the style"), this.#name),
      el(
        "fieldset",
        {},
        el("legend", { class: "label" }, "Start from"),
        choice(this.#fromBase, "What the shipped styles have in common", "Minutes, and a few pieces will do."),
        choice(this.#fromNothing, "Nothing", "Learns from your music alone: many pieces, and an hour or more."),
      ),
      el("div", { class: "field" }, el("label", { class: "label", for: "style-minutes" }, "Minutes at the most"), this.#minutes),
      el("p", { class: "about" }, "It ends sooner when it no longer grows better. It goes on when this page or the panel is closed."),
      this.#train,
      this.#waits,
    );
    const fields = new Fields(form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (fields.valid) void this.#panel.attempt(this.#start(), fields);
    });
    return form;
  }

  /** Begin to train: at once, or when the files that are on their way have been taken in, or it would learn from some of them. */
  async #start() {
    const details = this.#details;
    if (!details || this.#train.getAttribute("aria-disabled") === "true") return;
    this.#train.setAttribute("aria-disabled", "true");
    try {
      if (this.#taking) this.#waits.textContent = WAITING;
      while (this.#taking) await this.#taking.catch(() => undefined);
      if (this.#details?.id !== details.id) return; // another style is looked at: this one is not begun unseen
      if (!this.#details.files.length) {
        tellAt(this.#choose, NO_MUSIC);
        this.#choose.focus();
        return;
      }
      await this.#work.request(details.id, "start", {
        name: this.#name.value.trim(),
        from_base: this.#fromBase.checked,
        minutes: this.#minutes.valueAsNumber || MINUTES,
      });
    } finally {
      this.#waits.textContent = "";
      this.#train.removeAttribute("aria-disabled");
    }
  }

  /**
   * Send files, after those that are on their way already, then have them looked through.
   * @param {File[] | Promise<File[]>} gathering
   */
  async #takeIn(gathering) {
    const details = this.#details;
    if (!details) return;
    const taking = this.#takeInAfter(this.#taking, gathering, details);
    this.#taking = taking;
    try {
      await taking;
    } finally {
      if (this.#taking === taking) this.#taking = null;
    }
  }

  /**
   * @param {Promise<void> | null} before
   * @param {File[] | Promise<File[]>} gathering
   * @param {Details} details
   */
  async #takeInAfter(before, gathering, details) {
    await before?.catch(() => undefined); // it has said itself what was wrong
    const files = await gathering;
    if (!files.length) return;
    clearAt(this.#choose);
    await this.#send(files, details);
    await this.#lookThrough(details);
  }

  /**
   * Send files, a few at a time.
   * @param {File[]} files
   * @param {Details} details
   */
  async #send(files, details) {
    const music = files.filter((file) => this.#kinds.some((kind) => file.name.toLowerCase().endsWith(kind)) && !file.name.startsWith("."));
    const others = files.length - music.length;
    if (others) this.#panel.say(`${counted(others, "file")} of other kinds ${others === 1 ? "is" : "are"} passed over.`);
    const waiting = [...music];
    const refused = this.#refused.get(details.id) ?? [];
    this.#refused.set(details.id, refused);
    this.#uploading = true;
    this.#bar.hidden = false;
    this.#bar.max = Math.max(1, music.length);
    this.#bar.value = 0;
    const send = async () => {
      for (let file = waiting.shift(); file; file = waiting.shift()) {
        try {
          if (file.size > this.#mostBytes) throw new Error(`is too large: at most ${this.#mostBytes >> 20} MiB are taken`);
          await upload(`/api/training/files/${details.id}?name=${encodeURIComponent(file.name)}`, file);
        } catch (error) {
          refused.push({ name: file.name, reason: error instanceof Error ? error.message : "could not be read" });
        }
        this.#bar.value++;
        this.#said.textContent = `${this.#bar.value} of ${music.length} files`;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, send));
    this.#uploading = false;
    this.#bar.hidden = true;
  }

  /** @param {Details} details */
  async #lookThrough({ id }) {
    const { files } = await ask(this.#work.path(id));
    if (files.length) await this.#work.request(id, "look");
    else await this.#work.refresh();
  }

  /** @param {string} name */
  async #remove(name) {
    const details = this.#details;
    if (!details) return;
    this.#refused.set(details.id, (this.#refused.get(details.id) ?? []).filter((one) => one.name !== name));
    const isThere = details.files.some((file) => file.name === name);
    if (isThere) await ask(`/api/training/files/${details.id}?name=${encodeURIComponent(name)}`, { method: "DELETE" });
    await this.#lookThrough(details);
  }

  /**
   * @param {string} name
   * @param {string} about
   * @param {boolean} isLeftOut
   */
  #row(name, about, isLeftOut) {
    return el(
      "li",
      { class: isLeftOut ? "left-out" : null },
      el("span", { class: "file-name" }, name),
      el("span", { class: "meta" }, isLeftOut ? `left out: ${about}` : about),
      iconButton("close", `Remove ${name}`, () => void this.#panel.attempt(this.#remove(name)), { short: true }),
    );
  }
}

/**
 * @param {string} name
 * @param {Map<string, number>} learned
 * @param {Details} details
 */
function described(name, learned, details) {
  const notes = learned.get(name);
  if (notes !== undefined) return counted(notes, "note");
  const parts = (details.pieces ?? []).filter((piece) => piece.name.startsWith(`${name}#`));
  return parts.length ? counted(parts.length, "piece") : "";
}

/**
 * @param {Details} details
 * @param {number} leftOut
 */
function summary(details, leftOut) {
  if (details.phase === "looking") return `Looking at ${counted(details.files.length, "file")}...`;
  if (details.phase === "failed") return `The training has failed: ${details.line}`;
  if (!details.pieces) return details.files.length ? `${counted(details.files.length, "file")}. ${details.line}` : "";
  const notes = details.pieces.reduce((sum, piece) => sum + piece.notes, 0);
  const few = details.pieces.length < FEW ? " A few more would help." : "";
  const without = leftOut ? `, ${leftOut} left out` : "";
  return `${counted(details.pieces.length, "piece")} to learn from, ${notes.toLocaleString("en")} notes${without}.${few}`;
}

/**
 * @param {number} count
 * @param {string} what
 */
function counted(count, what) {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

/**
 * The files that were dropped, those in folders too.
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry !== null && entry !== undefined);
  if (!entries.length) return [...transfer.files];
  /** @type {File[]} */
  const found = [];
  for (const entry of entries) await walk(/** @type {FileSystemEntry} */ (entry), found);
  return found;
}

/**
 * @param {FileSystemEntry} entry
 * @param {File[]} found
 */
async function walk(entry, found) {
  if (entry.isFile) {
    found.push(await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject)));
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}
