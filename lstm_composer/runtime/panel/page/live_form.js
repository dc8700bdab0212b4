// @ts-check
// What Live begins with: who plays, where to, and whose time counts. What can be turned while it plays is elsewhere.
import { el, icon } from "./dom.js";
import { Fields } from "./fields.js";

/** @typedef {import("./api.js").StyleRow} StyleRow */
/** @typedef {{id: string, title: string, problem: string}} Choice */
/** @typedef {{outputs: Choice[], ports: string[], syncs: Choice[], parameters: import("./live_controls.js").ParameterRow[], scales: string[]}} Choices */
/** @typedef {Record<string, unknown>} PlayRequest */

const METERS = ["2/4", "3/4", "4/4", "5/4", "3/8", "6/8", "9/8", "12/8"];
const FORMS = ["AB", "ABA", "AABA", "AABB", "ABAC", "ABACA"];
const LISTENS = [["off", "No"], ["continue", "Goes on from what I play"], ["answer", "Answers in turns"]];
const MOST_PLAYERS = 8;
const SEED_ALLOWED = "a whole number of at most 16 digits, or nothing: then it is a new one each time";
const STORED = "live";

export class LiveForm {
  #styles;
  #style = el("select", { id: "live-style", "data-field": "style" });
  #about = el("p", { class: "about" });
  #others = el("div", { class: "players" });
  #tempo = el("input", { type: "number", id: "live-tempo", "data-field": "tempo_bpm", min: 20, max: 400, step: "any", inputmode: "decimal" });
  #meter = el("select", { id: "live-meter", "data-field": "meter" });
  #output = el("select", { id: "live-output" });
  #port = el("select", { id: "live-port", "data-field": "existing_port" });
  #sync = el("select", { id: "live-sync" });
  #lead = el("input", { type: "checkbox" });
  #listen = el("select", { id: "live-listen" });
  #form = el("input", { type: "text", id: "live-form", "data-field": "form", list: "live-forms", maxlength: 64, placeholder: "free", autocomplete: "off", spellcheck: "false" });
  #sectionBars = el("input", { type: "number", id: "live-section", "data-field": "section_bars", min: 1, max: 64, value: 8, inputmode: "numeric" });
  #seed = el("input", { type: "text", id: "live-seed", inputmode: "numeric", pattern: "[0-9]{1,16}", "data-field": "seed", "data-allowed": SEED_ALLOWED, placeholder: "new each time", autocomplete: "off" });
  #portField = field("Plays into", this.#port);
  #hasPorts = false;
  #label = el("span", {}, "Play");
  button = el("button", { type: "submit", class: "button primary compose" }, icon("play"), this.#label);
  element;
  fields;

  /**
   * @param {StyleRow[]} styles
   * @param {Choices} choices
   * @param {() => void} play
   */
  constructor(styles, choices, play) {
    this.#styles = styles;
    for (const { name } of styles) this.#style.add(new Option(name, name));
    for (const meter of METERS) this.#meter.add(new Option(meter, meter));
    for (const [id, title] of LISTENS) this.#listen.add(new Option(title, id));
    this.#port.add(new Option("whatever is connected to ours", ""));
    for (const port of choices.ports) this.#port.add(new Option(port, port));
    this.#hasPorts = choices.ports.length > 0;
    fill(this.#output, choices.outputs);
    fill(this.#sync, choices.syncs);
    this.element = this.#laidOut(choices);
    this.fields = new Fields(this.element);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      play();
    });
    this.element.addEventListener("input", () => this.#shown());
    this.#restore();
    this.#shown();
  }

  /**
   * Choose a style of a list that may have grown since.
   * @param {string} style
   * @param {StyleRow[]} styles
   */
  choose(style, styles) {
    this.#styles = styles;
    this.#style.replaceChildren(...styles.map(({ name }) => new Option(name, name)));
    this.#style.value = style;
    this.#others.replaceChildren();
    this.#shown();
  }

  /** @param {Choices} choices */
  #laidOut(choices) {
    const missing = [...choices.outputs, ...choices.syncs].filter(({ problem }) => problem);
    const why = [...new Set(missing.map(({ problem }) => problem))].join(" · ");
    const add = el("button", { type: "button", class: "button quiet", onclick: () => this.#addPlayer() }, "Add a player");
    return el(
      "form",
      { class: "card form", "aria-label": "What to play" },
      el("div", { class: "field" }, label("Style", this.#style), this.#style, this.#about),
      this.#others,
      el("div", { class: "field" }, label("Heard by", this.#output), this.#output, why ? el("p", { class: "about" }, `Not here: ${why}`) : null),
      this.#portField,
      el("div", { class: "pair" }, field("Tempo", this.#tempo), field("Meter", this.#meter)),
      el(
        "details",
        { class: "more" },
        el("summary", {}, icon("sliders"), el("span", {}, "Sync, form, players, seed")),
        el(
          "div",
          { class: "more-fields" },
          field("Whose tempo", this.#sync),
          el("label", { class: "check" }, this.#lead, el("span", {}, "Lead others by a MIDI clock")),
          field("Plays together with me", this.#listen),
          el("div", { class: "pair" }, field("Form", this.#form), field("Bars a section", this.#sectionBars)),
          field("Seed", this.#seed),
          add,
        ),
      ),
      this.button,
      el("datalist", { id: "live-forms" }, ...FORMS.map((form) => el("option", { value: form }))),
    );
  }

  #addPlayer() {
    const count = this.#others.children.length;
    if (count >= MOST_PLAYERS - 1) return;
    const style = el("select", { "aria-label": `Style of player ${count + 2}` });
    for (const { name } of this.#partners()) style.add(new Option(name, name));
    const remove = el("button", { type: "button", class: "button quiet", onclick: () => row.remove() }, "Remove");
    const row = el("div", { class: "with-buttons" }, style, remove);
    this.#others.append(row);
  }

  /** Styles that can play together with the one that is chosen. */
  #partners() {
    const bundle = this.#styles.find(({ name }) => name === this.#style.value)?.bundle;
    return this.#styles.filter((style) => style.bundle === bundle);
  }

  #shown() {
    const style = this.#styles.find(({ name }) => name === this.#style.value);
    if (!style) return;
    this.#about.textContent = `Usually ${Math.round(style.tempo_bpm)} bpm in ${style.meter}.`;
    this.#tempo.placeholder = `${Math.round(style.tempo_bpm)} (usual)`;
    const meter = this.#meter.value;
    if (this.#meter.options[0].value !== "") this.#meter.add(new Option("", ""), 0);
    this.#meter.options[0].text = `${style.meter} (usual)`;
    if (!meter) this.#meter.value = "";
    this.#sync.disabled = this.#lead.checked;
    this.#portField.hidden = !this.#hasPorts || !["port", "both"].includes(this.#output.value);
    localStorage.setItem(STORED, JSON.stringify(this.#kept()));
  }

  /** Whether something is playing: then the button begins anew. @param {boolean} playing */
  set playing(playing) {
    this.#label.textContent = playing ? "Play this instead" : "Play";
    this.button.classList.toggle("primary", !playing);
  }

  /** @param {boolean} busy */
  set busy(busy) {
    this.button.classList.toggle("busy", busy);
    this.button.disabled = busy;
  }

  /** Where the music goes. */
  get output() {
    return this.#output.value;
  }

  /** What is asked for. @returns {PlayRequest} */
  get request() {
    const others = [...this.#others.querySelectorAll("select")].map(({ value }) => value);
    const players = [this.#style.value, ...others].map((style, index) => ({ style, channel: index + 1 + Number(index >= 9) }));
    const asked = {
      style: others.length ? undefined : this.#style.value,
      players: others.length ? players : undefined,
      tempo_bpm: Number(this.#tempo.value) || undefined,
      meter: this.#meter.value || undefined,
      seed: this.#seed.value ? Number(this.#seed.value) : undefined,
      form: this.#form.value.trim() || undefined,
      section_bars: this.#form.value.trim() ? Number(this.#sectionBars.value) || undefined : undefined,
      output: this.#output.value,
      existing_port: this.#port.value || undefined,
      sync: this.#lead.checked ? undefined : this.#sync.value,
      clock_out: this.#lead.checked || undefined,
      listen: this.#listen.value === "off" ? undefined : this.#listen.value,
    };
    return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  }

  #kept() {
    return { style: this.#style.value, tempo: this.#tempo.value, meter: this.#meter.value, output: this.#output.value };
  }

  #restore() {
    const first = this.#styles.find(({ name }) => name === "chopin") ?? this.#styles[0];
    if (first) this.#style.value = first.name;
    try {
      const stored = JSON.parse(localStorage.getItem(STORED) ?? "{}");
      if (this.#styles.some(({ name }) => name === stored.style)) this.#style.value = stored.style;
      this.#tempo.value = stored.tempo ?? "";
      this.#meter.value = METERS.includes(stored.meter) ? stored.meter : "";
      const output = [...this.#output.options].find(({ value, disabled }) => value === stored.output && !disabled);
      if (output) this.#output.value = output.value;
    } catch {
      localStorage.removeItem(STORED);
    }
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {Choice[]} choices
 */
function fill(select, choices) {
  for (const { id, title, problem } of choices) {
    const option = new Option(title, id);
    option.disabled = problem !== "";
    select.add(option);
  }
}

/**
 * @param {string} text
 * @param {HTMLElement} control
 */
function field(text, control) {
  return el("div", { class: "field" }, label(text, control), control);
}

/**
 * @param {string} text
 * @param {HTMLElement} control
 */
function label(text, control) {
  return el("div", { class: "label" }, el("label", { for: control.id }, text));
}
