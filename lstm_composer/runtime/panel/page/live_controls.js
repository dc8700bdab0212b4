// @ts-check
// Everything that can be turned while it plays: a control for each row of the table that the server sends.
import { capital, el, icon } from "./dom.js";
import { clearAt, tellAt } from "./fields.js";

/** @typedef {import("./live_link.js").LiveLink} LiveLink */
/** @typedef {import("./live_link.js").Control} Control */
/**
 * @typedef {object} ParameterRow A row of the table of parameters.
 * @property {string} name
 * @property {string} kind
 * @property {string} help
 * @property {number} low
 * @property {number} high
 * @property {boolean} can_be_off
 * @property {number[]} bars
 * @property {string | null} part_of
 * @property {string} command
 * @property {boolean} controllable
 * @property {number[]} controllers
 * @property {boolean} on_bar_line
 * @property {"network" | "expression" | "sound"} stage
 */
/** @typedef {{element: HTMLElement, show: (value: string) => void}} Knob A control, and what has it show a value. */
/** @typedef {(line: string) => void} Turn Has a command line take effect. */

const STAGES = { network: "What it plays", expression: "How it plays", sound: "This computer's own sound" };
/** Kinds whose controls are elsewhere on the page. */
const ELSEWHERE = new Set(["trigger", "bars", "switch", "style"]);
const TONICS = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
const HEADS_HELP = "Each part of a note by itself";
/** A knob that is being turned is not moved by what comes back. */
const HELD_MILLISECONDS = 600;
const TURNING_MILLISECONDS = 60;

export class LiveControls {
  #link;
  #table;
  #scales;
  #say;
  /** @type {Map<string, Knob>} */
  #knobs = new Map();
  /** @type {Map<string, HTMLButtonElement>} */
  #learners = new Map();
  /** @type {Map<string, HTMLButtonElement>} */
  #forgetters = new Map();
  #learning = "";
  /** What sounds without a page: there is nothing to turn where nothing does. @type {HTMLElement | null} */
  #soundCard = null;
  element = el("div", { class: "knobs" });

  /**
   * @param {LiveLink} link
   * @param {ParameterRow[]} table
   * @param {string[]} scales
   * @param {(text: string) => void} say
   */
  constructor(link, table, scales, say) {
    this.#link = link;
    this.#table = table;
    this.#scales = scales;
    this.#say = say;
    for (const [stage, title] of Object.entries(STAGES)) {
      const rows = table.filter((row) => row.stage === stage && row.part_of === null && !ELSEWHERE.has(row.kind));
      if (!rows.length) continue;
      const grid = el("div", { class: "knob-grid" }, ...rows.map((row) => this.#made(row)));
      const card = el("section", { class: "card knob-card", "aria-label": title }, el("h3", {}, title), grid);
      if (stage === "sound") this.#soundCard = card;
      this.element.append(card);
    }
    link.addEventListener("state", () => this.show());
    link.addEventListener("said", (event) => this.#said(/** @type {CustomEvent} */ (event).detail));
    this.soundsHere = false;
    this.show();
  }

  /** Whether what plays has a sound of this computer's own. @param {boolean} soundsHere */
  set soundsHere(soundsHere) {
    if (this.#soundCard) this.#soundCard.hidden = !soundsHere;
  }

  /** Show where everything stands. */
  show() {
    const controls = this.#link.snapshot?.controls ?? [];
    this.element.toggleAttribute("inert", !controls.length);
    for (const { name, value, controllers } of controls) {
      this.#knobs.get(name)?.show(value);
      this.#showLearner(name, controllers);
    }
  }

  /**
   * Turn something, and tell what is wrong if it is refused: at its control, if it has one here.
   * @param {string} line
   */
  async turn(line) {
    const { taken, said } = await this.#link.command(line);
    const named = line.split(" ").find((word) => this.#knobs.has(word));
    const control = named ? this.element.querySelector(`[data-name="${named}"] :is(input, select)`) : null;
    if (control instanceof HTMLElement) taken ? clearAt(control) : tellAt(control, capital(said));
    else if (!taken) this.#say(capital(said));
  }

  /** @param {ParameterRow} row */
  #made(row) {
    const title = titleOf(row.name);
    const value = el("span", { class: "value" });
    const turn = paced((line) => void this.turn(line));
    const knob = this.#knob(row, title, value, turn);
    this.#knobs.set(row.name, knob);
    const heads = this.#table.filter((part) => part.part_of === row.name && part.kind === "head");
    return el(
      "div",
      { class: "field knob", "data-name": row.name },
      el("div", { class: "label" }, el("span", { id: `knob-${row.name}` }, title), value),
      knob.element,
      el("div", { class: "knob-foot" }, el("span", { class: "about" }, row.help), this.#learners_of(row)),
      heads.length ? this.#heads(row, heads, turn) : null,
    );
  }

  /**
   * @param {ParameterRow} row
   * @param {string} title
   * @param {HTMLElement} value
   * @param {Turn} turn
   * @returns {Knob}
   */
  #knob(row, title, value, turn) {
    if (row.kind === "key") return keyKnob(title, value, this.#scales, turn);
    if (row.kind === "register") return registerKnob(row, title, value, turn);
    return rangeKnob(row, title, value, turn);
  }

  /**
   * A knob for each head: its own temperature.
   * @param {ParameterRow} row
   * @param {ParameterRow[]} heads
   * @param {Turn} turn
   */
  #heads(row, heads, turn) {
    const knobs = heads.map((head) => {
      const [title, value] = [titleOf(head.name.slice(row.name.length + 1)), el("span", { class: "value" })];
      const knob = rangeKnob(head, `${titleOf(row.name)} of ${title}`, value, paced((line) => turn(line)));
      const label = el("div", { class: "label" }, el("span", {}, title), value);
      const element = el("div", { class: "field", "data-name": head.name }, label, knob.element, this.#learners_of(head));
      return { element, show: knob.show };
    });
    const whole = /** @type {Knob} */ (this.#knobs.get(row.name));
    this.#knobs.set(row.name, {
      element: whole.element,
      show: (value) => {
        const values = value.split(" ");
        whole.show(values[0]);
        for (const [index, knob] of knobs.entries()) knob.show(values[index] ?? values[0]);
      },
    });
    const summary = el("summary", {}, icon("sliders"), el("span", {}, HEADS_HELP));
    return el("details", { class: "more heads" }, summary, el("div", { class: "more-fields" }, ...knobs.map((one) => one.element)));
  }

  /**
   * Buttons by which a controller is learnt for a row, or for each of its parts that a controller turns.
   * @param {ParameterRow} row
   */
  #learners_of(row) {
    const parts = this.#table.filter((part) => part.part_of === row.name && part.kind !== "head");
    const rows = [row, ...parts].filter(({ controllable }) => controllable);
    return el("span", { class: "learners" }, ...rows.flatMap((one) => this.#learner(one)));
  }

  /** @param {ParameterRow} row */
  #learner(row) {
    const title = titleOf(row.name);
    const button = el("button", {
      type: "button",
      class: "chip",
      title: `Press, and move a controller: it turns ${title} from then on`,
      onclick: () => void this.#learn(row.name),
    });
    const forget = el("button", {
      type: "button",
      class: "chip",
      title: `Forget what was learnt for ${title}`,
      onclick: () => void this.turn(`unlearn ${row.name}`),
    }, "Forget");
    forget.hidden = true;
    this.#learners.set(row.name, button);
    this.#forgetters.set(row.name, forget);
    this.#showLearner(row.name, row.controllers);
    return [button, forget];
  }

  /**
   * @param {string} name
   * @param {number[]} numbers Controllers that turn it, or a part of it.
   */
  #showLearner(name, numbers) {
    const row = this.#table.find((one) => one.name === name);
    const button = this.#learners.get(name);
    const forget = this.#forgetters.get(name);
    if (!row || !button || !forget) return;
    const short = row.part_of === null ? "" : `${titleOf(name.slice(row.part_of.length + 1))} `;
    const known = numbers.length ? `CC ${numbers.join(", ")}` : "Learn";
    button.textContent = this.#learning === name ? "Move a controller…" : `${short}${known}`;
    button.setAttribute("aria-label", `${button.textContent}: learn a controller for ${titleOf(name)}`);
    button.setAttribute("aria-pressed", String(this.#learning === name));
    forget.hidden = numbers.every((number) => row.controllers.includes(number)) || row.part_of !== null;
  }

  /** @param {string} name */
  async #learn(name) {
    const again = this.#learning === name;
    this.#learning = again ? "" : name;
    for (const row of this.#table) this.#showLearner(row.name, this.#numbers(row));
    await this.turn(again ? "learn off" : `learn ${name}`);
  }

  /** @param {ParameterRow} row */
  #numbers(row) {
    return this.#link.snapshot?.controls.find(({ name }) => name === row.name)?.controllers ?? row.controllers;
  }

  /** @param {{line: string, before: boolean}} said */
  #said({ line, before }) {
    if (before || !this.#learning || !line.startsWith(`${this.#learning} is turned by`)) return;
    this.#learning = "";
    this.show();
  }
}

/**
 * A slider from low to high; where it can be off, a box beside it.
 * @param {ParameterRow} row
 * @param {string} title
 * @param {HTMLElement} value
 * @param {Turn} turn
 * @returns {Knob}
 */
function rangeKnob(row, title, value, turn) {
  const step = row.kind === "whole" ? 1 : 0.01;
  const high = row.kind === "temperature" || row.kind === "head" ? Math.min(row.high, 2) : row.high;
  const range = el("input", { type: "range", min: row.low, max: high, step, value: (row.low + high) / 2, "aria-label": title, "aria-description": row.help });
  const off = row.can_be_off ? el("input", { type: "checkbox", "aria-label": `${title} as made` }) : null;
  let held = -HELD_MILLISECONDS;
  range.addEventListener("input", () => {
    held = performance.now();
    if (off) off.checked = false;
    value.textContent = shown(range.value, row);
    turn(`${row.command} ${range.value}`);
  });
  off?.addEventListener("input", () => {
    held = performance.now();
    value.textContent = off.checked ? "" : shown(range.value, row);
    turn(`${row.command} ${off.checked ? "off" : range.value}`);
  });
  const element = off ? el("div", { class: "knob-off" }, range, el("label", { class: "check" }, off, el("span", {}, "as made"))) : range;
  return {
    element,
    show: (said) => {
      if (performance.now() - held < HELD_MILLISECONDS) return;
      const isOff = said === "off";
      if (off) off.checked = isOff;
      if (!isOff) range.value = said;
      value.textContent = isOff ? "" : shown(said, row);
    },
  };
}

/**
 * @param {string} said
 * @param {ParameterRow} row
 */
function shown(said, row) {
  return row.kind === "whole" ? String(Math.round(Number(said))) : Number(said).toFixed(2);
}

/**
 * The lowest and the highest pitch.
 * @param {ParameterRow} row
 * @param {string} title
 * @param {HTMLElement} value
 * @param {Turn} turn
 * @returns {Knob}
 */
function registerKnob(row, title, value, turn) {
  const ends = ["lowest", "highest"].map((end) =>
    el("input", { type: "range", min: row.low, max: row.high, step: 1, "aria-label": `${title}, ${end} pitch` }),
  );
  const [lowest, highest] = ends;
  let held = -HELD_MILLISECONDS;
  const name = () => {
    const pitches = ends.map(({ value: pitch }) => Number(pitch));
    value.textContent = pitches[0] === row.low && pitches[1] === row.high ? "all" : pitches.map(pitchName).join(" – ");
    for (const [index, end] of ends.entries()) end.setAttribute("aria-valuetext", pitchName(pitches[index]));
  };
  for (const end of ends) {
    end.addEventListener("input", () => {
      held = performance.now();
      if (end === lowest && Number(lowest.value) > Number(highest.value)) highest.value = lowest.value;
      if (end === highest && Number(highest.value) < Number(lowest.value)) lowest.value = highest.value;
      name();
      turn(`${row.command} ${lowest.value} ${highest.value}`);
    });
  }
  return {
    element: el("div", { class: "two-ends" }, lowest, highest),
    show: (said) => {
      if (performance.now() - held < HELD_MILLISECONDS) return;
      const [low, high = low] = said.split(" ");
      [lowest.value, highest.value] = [low, high];
      name();
    },
  };
}

/**
 * A tonic and a scale, or none.
 * @param {string} title
 * @param {HTMLElement} value
 * @param {string[]} scales
 * @param {Turn} turn
 * @returns {Knob}
 */
function keyKnob(title, value, scales, turn) {
  const tonic = el("select", { "aria-label": `${title}: tonic` });
  for (const name of ["off", ...TONICS]) tonic.add(new Option(name === "off" ? "any" : name, name));
  const scale = el("select", { "aria-label": `${title}: scale` });
  for (const name of scales) scale.add(new Option(name.replaceAll("-", " "), name));
  const send = () => {
    scale.disabled = tonic.value === "off";
    turn(tonic.value === "off" ? "key off" : `key ${tonic.value} ${scale.value}`);
  };
  for (const part of [tonic, scale]) part.addEventListener("input", send);
  return {
    element: el("div", { class: "pair" }, tonic, scale),
    show: (said) => {
      if (document.activeElement === tonic || document.activeElement === scale) return;
      const [name, ...rest] = said.split(" ");
      const known = [...tonic.options].some((option) => option.value === name);
      tonic.value = known ? name : "off";
      scale.value = rest.join("-") || "major";
      scale.disabled = tonic.value === "off";
      value.textContent = said === "off" || known ? "" : said;
    },
  };
}

/** The name of a pitch, C4 being middle C. @param {number} pitch */
function pitchName(pitch) {
  return `${["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"][pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

/** @param {string} name */
function titleOf(name) {
  const words = name.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * Have a knob that is turned fast send its first place at once, and then the last one now and then, and not every one.
 * @param {Turn} turn
 * @returns {Turn}
 */
function paced(turn) {
  /** @type {string | null} */
  let last = null;
  let waits = false;
  const send = () => {
    waits = last !== null;
    if (last !== null) turn(last);
    last = null;
    if (waits) setTimeout(send, TURNING_MILLISECONDS);
  };
  return (line) => {
    last = line;
    if (!waits) send();
  };
}
