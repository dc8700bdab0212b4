// @ts-check
// The controls of Compose: what music is asked for.
import { el, icon, iconButton } from "./dom.js";
import { Fields } from "./fields.js";

/** @typedef {import("./api.js").ComposeRequest} ComposeRequest */
/** @typedef {import("./api.js").StyleRow} StyleRow */

const METERS = ["2/4", "3/4", "4/4", "5/4", "3/8", "6/8", "9/8", "12/8"];
const KEYS = ["C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F"];
const MINOR_KEYS = ["A", "E", "B", "F#", "C#", "G#", "Eb", "Bb", "F", "C", "G", "D"];
const FORMS = ["AB", "ABA", "AABA", "AABB", "ABAC", "ABACA"];
const LENGTHS = [4, 8, 16, 24, 32, 64];
const SEEDS = 2 ** 32;
const SEED_ALLOWED = "a whole number of at most 16 digits, or nothing: then it is a new one each time";
const STORED = "compose";

export class ComposeForm {
  /** @type {StyleRow[]} */
  #styles;
  #style = select([]);
  #about = el("p", { class: "about" });
  #other = select([["", "nothing else"]]);
  #share = range(0, 100, 5, 50);
  #shareText = el("output", { class: "value" });
  #bars = el("input", { type: "number", min: 1, max: 512, value: 16, inputmode: "numeric", required: true });
  #temperature = range(0, 2, 0.05, 1);
  #temperatureText = el("output", { class: "value" });
  #density = range(-1, 1, 0.1, 0);
  #densityText = el("output", { class: "value" });
  #tempo = el("input", { type: "number", min: 20, max: 400, step: "any", inputmode: "decimal" });
  #meter = select([]);
  #key = select([["", "any"], ...KEYS.map((key) => pair(`${key} major`)), ...MINOR_KEYS.map((key) => pair(`${key} minor`))]);
  #form = el("input", { type: "text", "data-field": "form", list: "forms", maxlength: 64, placeholder: "free", autocomplete: "off", spellcheck: "false" });
  #sectionBars = el("input", { type: "number", min: 1, max: 64, value: 4, inputmode: "numeric" });
  #ending = el("input", { type: "checkbox" });
  #seed = el("input", { type: "text", inputmode: "numeric", pattern: "[0-9]{1,16}", "data-allowed": SEED_ALLOWED, placeholder: "new each time", autocomplete: "off" });
  #turnedTemperature = false;
  /** The form itself; Compose submits it. */
  element;
  button;
  fields;

  /**
   * @param {StyleRow[]} styles
   * @param {() => void} compose
   */
  constructor(styles, compose) {
    this.#styles = styles;
    for (const { name } of styles) this.#style.add(new Option(name, name));
    this.button = el("button", { type: "submit", class: "button primary compose" }, icon("play"), el("span", {}, "Compose"));
    this.button.title = "Compose (C)";
    for (const [name, control] of Object.entries({ style: this.#style, meter: this.#meter })) control.dataset.field = name;
    this.element = this.#laidOut();
    this.fields = new Fields(this.element);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      compose();
    });
    this.element.addEventListener("input", () => this.#shown());
    this.#style.addEventListener("input", () => this.#chosen());
    this.#temperature.addEventListener("input", () => (this.#turnedTemperature = true));
    this.#restore();
    this.#chosen();
  }

  /** Take another list of styles: one has been trained since, or is gone. @param {StyleRow[]} styles */
  set styles(styles) {
    if (JSON.stringify(styles) === JSON.stringify(this.#styles)) return;
    const { value } = this.#style;
    this.#styles = styles;
    this.#style.replaceChildren(...styles.map(({ name }) => new Option(name, name)));
    if (this.#row(value)) this.#style.value = value;
    this.#chosen();
  }

  #laidOut() {
    const forms = el("datalist", { id: "forms" }, ...FORMS.map((form) => el("option", { value: form })));
    const lengths = el("datalist", { id: "lengths" }, ...LENGTHS.map((bars) => el("option", { value: bars })));
    this.#bars.setAttribute("list", "lengths");
    const die = iconButton("die", "Roll a seed", () => {
      this.#seed.value = String(Math.floor(Math.random() * SEEDS));
      this.#shown();
    }, { short: true });
    const clear = iconButton("close", "A new seed each time", () => {
      this.#seed.value = "";
      this.#shown();
    }, { short: true });
    return el(
      "form",
      { class: "card form", "aria-label": "What to compose" },
      el("div", { class: "field" }, label("Style", this.#style, "style"), this.#style, this.#about),
      field("Mixed with", this.#other, "other"),
      el("div", { class: "field mix" }, label("How much of it", this.#share, "share", this.#shareText), this.#share),
      el(
        "div",
        { class: "pair" },
        field("Bars", this.#bars, "bars"),
        el("label", { class: "check" }, this.#ending, el("span", {}, "Close on the tonic")),
      ),
      el(
        "div",
        { class: "field" },
        label("Temperature", this.#temperature, "temperature", this.#temperatureText),
        this.#temperature,
        el("div", { class: "ends", "aria-hidden": "true" }, el("span", {}, "safer"), el("span", {}, "bolder")),
      ),
      el(
        "details",
        { class: "more" },
        el("summary", {}, icon("sliders"), el("span", {}, "Tempo, meter, key, form, seed")),
        el(
          "div",
          { class: "more-fields" },
          el("div", { class: "pair" }, field("Tempo", this.#tempo, "tempo"), field("Meter", this.#meter, "meter")),
          field("Key", this.#key, "key"),
          el("div", { class: "pair" }, field("Form", this.#form, "form"), field("Bars a section", this.#sectionBars, "section")),
          el(
            "div",
            { class: "field" },
            label("Density", this.#density, "density", this.#densityText),
            this.#density,
            el("div", { class: "ends", "aria-hidden": "true" }, el("span", {}, "few notes"), el("span", {}, "many")),
          ),
          el("div", { class: "field" }, label("Seed", this.#seed, "seed"), el("div", { class: "with-buttons" }, this.#seed, die, clear)),
        ),
      ),
      this.button,
      forms,
      lengths,
    );
  }

  /** Fill the lists that follow from the style. */
  #chosen() {
    const style = this.#row(this.#style.value);
    if (!style) return;
    const { value } = this.#other;
    const others = this.#styles.filter(({ name, bundle }) => bundle === style.bundle && name !== style.name);
    this.#other.replaceChildren(new Option("nothing else", ""), ...others.map(({ name }) => new Option(name, name)));
    this.#other.value = others.some(({ name }) => name === value) ? value : "";
    const meter = this.#meter.value;
    const usual = new Option(`${style.meter} (usual)`, "");
    this.#meter.replaceChildren(usual, ...METERS.map((name) => new Option(name, name)));
    this.#meter.value = METERS.includes(meter) ? meter : "";
    this.#tempo.placeholder = `${Math.round(style.tempo_bpm)} (usual)`;
    if (!this.#turnedTemperature) this.#temperature.value = String(style.temperature);
    const pieces = style.pieces === 1 ? "one piece" : `${style.pieces} pieces`;
    this.#about.textContent = `Learned from ${pieces}; usually ${Math.round(style.tempo_bpm)} bpm in ${style.meter}.`;
    this.#shown();
  }

  #shown() {
    const share = Number(this.#share.value);
    /** @type {HTMLElement} */ (this.#share.parentElement).hidden = !this.#other.value;
    this.#shareText.textContent = `${share} % ${this.#other.value}`;
    this.#temperatureText.textContent = Number(this.#temperature.value).toFixed(2);
    const density = Number(this.#density.value);
    this.#densityText.textContent = density === 0 ? "as learned" : density.toFixed(1);
    localStorage.setItem(STORED, JSON.stringify(this.request));
  }

  /** @param {string} name */
  #row(name) {
    return this.#styles.find((style) => style.name === name);
  }

  /** What is asked for. @returns {ComposeRequest} */
  get request() {
    const asked = {
      style: this.#style.value,
      other_style: this.#other.value || undefined,
      other_share: this.#other.value ? Number(this.#share.value) / 100 : undefined,
      bars: Number(this.#bars.value) || undefined,
      tempo_bpm: Number(this.#tempo.value) || undefined,
      meter: this.#meter.value || undefined,
      key: this.#key.value || undefined,
      form: this.#form.value.trim() || undefined,
      section_bars: this.#form.value.trim() ? Number(this.#sectionBars.value) || undefined : undefined,
      ending: this.#ending.checked || undefined,
      temperature: this.#turnedTemperature ? Number(this.#temperature.value) : undefined,
      density: Number(this.#density.value) || undefined,
      seed: this.#seed.value ? Number(this.#seed.value) : undefined,
    };
    return /** @type {ComposeRequest} */ (Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)));
  }

  /** Fill in what was asked for another time. @param {ComposeRequest} request */
  set request(request) {
    if (this.#row(request.style)) this.#style.value = request.style;
    this.#turnedTemperature = request.temperature !== undefined;
    if (request.temperature !== undefined) this.#temperature.value = String(request.temperature);
    this.#chosen();
    this.#other.value = request.other_style ?? "";
    this.#share.value = String(Math.round((request.other_share ?? 0.5) * 100));
    this.#bars.value = String(request.bars ?? 16);
    this.#tempo.value = request.tempo_bpm === undefined ? "" : String(request.tempo_bpm);
    this.#meter.value = request.meter ?? "";
    this.#key.value = request.key ?? "";
    this.#form.value = request.form ?? "";
    this.#sectionBars.value = String(request.section_bars ?? 4);
    this.#ending.checked = request.ending ?? false;
    this.#density.value = String(request.density ?? 0);
    this.#seed.value = request.seed === undefined ? "" : String(request.seed);
    this.#shown();
  }

  /** What was asked for when the page was last open. */
  #restore() {
    const first = this.#styles.find(({ name }) => name === "chopin") ?? this.#styles[0];
    if (first) this.#style.value = first.name;
    try {
      const stored = JSON.parse(localStorage.getItem(STORED) ?? "null");
      if (stored) this.request = stored;
    } catch {
      localStorage.removeItem(STORED);
    }
  }
}

/** @param {string} text @returns {[string, string]} */
function pair(text) {
  return [text, text];
}

/** @param {[value: string, text: string][]} options */
function select(options) {
  const made = el("select");
  for (const [value, text] of options) made.add(new Option(text, value));
  return made;
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} step
 * @param {number} value
 */
function range(low, high, step, value) {
  return el("input", { type: "range", min: low, max: high, step, value });
}

/**
 * @param {string} text
 * @param {HTMLElement} control
 * @param {string} name
 */
function field(text, control, name) {
  return el("div", { class: "field" }, label(text, control, name), control);
}

/**
 * @param {string} text
 * @param {HTMLElement} control
 * @param {string} name
 * @param {HTMLElement} [value] What stands at the label's right.
 */
function label(text, control, name, value) {
  control.id = `compose-${name}`;
  return el("div", { class: "label" }, el("label", { for: control.id }, text), value);
}
