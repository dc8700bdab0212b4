// @ts-check
// The Help tab: how to get the music into a DAW, the keys, and what this machine has for playing.
import { ask } from "./api.js";
import { el, icon, iconButton } from "./dom.js";

/** @typedef {{name: string, tried: boolean, steps: string[]}} Daw Menus are between asterisks. */

const START = "Start playing on the tab *Live*, into the port *LSTM Composer*.";
/** @type {Daw[]} In short; docs/daw.md has a page for each. */
const DAWS = [
  {
    name: "Ableton Live",
    tried: false,
    steps: [
      START,
      "*Settings > Link, Tempo & MIDI*: at the input *LSTM Composer* switch *Track* on and leave *Sync* off.",
      "Make a MIDI track with an instrument, and choose *LSTM Composer* under *MIDI From*.",
      "Arm the track: you hear it, and can record it.",
      "To have it follow your tempo, switch *Sync* on at the output that leads to us, or use Link.",
    ],
  },
  {
    name: "Ardour",
    tried: true,
    steps: [
      START,
      "Make a MIDI track with a synthesizer on it.",
      "In *MIDI Connections* connect *LSTM Composer* with the track's input.",
      "Arm the track and the session, and roll.",
      "To have it follow your tempo: *Preferences > Transport > Generate*, the MIDI clock generator, and connect its port with ours.",
    ],
  },
  {
    name: "Bitwig Studio",
    tried: false,
    steps: [
      START,
      "*Settings > Controllers > Add controller*: *Generic*, a MIDI keyboard, with *LSTM Composer* as its input.",
      "Make an instrument track, choose that keyboard as its input, and arm it.",
      "To have it follow your tempo: *Settings > Synchronization*, *MIDI Sync (OUT)*, the MIDI clock in the row of our input.",
    ],
  },
  {
    name: "Cubase",
    tried: false,
    steps: [
      START,
      "*Studio > Studio Setup > MIDI Port Setup*: *LSTM Composer* must be visible.",
      "Make an instrument track; in the Inspector choose *LSTM Composer* under *Input Routing*, and record-enable it.",
      "To have it follow your tempo: *Transport > Project Synchronization Setup > Destinations*, our input under *MIDI Clock Destinations*.",
    ],
  },
  {
    name: "FL Studio",
    tried: false,
    steps: [
      START,
      "*Options > MIDI Settings*: select *LSTM Composer* in the list of inputs, and *Enable* it.",
      "Select the channel with the instrument that is to play, and record notes.",
      "To have it follow your tempo, switch *Send master sync* on for the output to our input, and for no other.",
    ],
  },
  {
    name: "Logic Pro",
    tried: false,
    steps: [
      START,
      "Make a software instrument track, select it and arm it: Logic listens to all inputs.",
      "To have it follow your tempo: *File > Project Settings > Synchronization > MIDI*, *LSTM Composer* as *Destination*, *Clock* on.",
    ],
  },
  {
    name: "REAPER",
    tried: false,
    steps: [
      START,
      "*Options > Preferences > MIDI Devices*: right-click *LSTM Composer* in the list of inputs, and enable it.",
      "Make a track with an instrument, choose *LSTM Composer* as its MIDI input, arm it, and switch monitoring on.",
      "To have it follow your tempo: right-click our input in the list of outputs, *Send clock/SPP to this device*.",
    ],
  },
  {
    name: "Another one",
    tried: false,
    steps: [
      START,
      "Switch the MIDI input *LSTM Composer* on in the program's MIDI settings.",
      "Make a track with an instrument, choose that input, and arm the track or switch monitoring on.",
    ],
  },
];
const KEYS = [
  ["C", "compose"],
  ["Space", "play and pause"],
  ["← →", "a beat back and on; with Shift a bar"],
  ["Home End", "to the beginning and the end"],
  ["N", "Live: a new idea with the next bar"],
  ["M", "Live: mute"],
  ["Esc", "Live: panic, which ends at once what sounds"],
];
const STORED = "daw";

/**
 * @param {HTMLElement} section
 * @param {import("./app.js").Panel} panel
 * @returns {import("./app.js").Tab}
 */
export function start(section, panel) {
  const list = el("ul", { class: "findings", "aria-busy": "true" }, el("li", { class: "meta" }, "Looking …"));
  const look = async () => {
    list.setAttribute("aria-busy", "true");
    const { findings } = await ask("/api/help");
    list.replaceChildren(...findings.map(finding));
    list.removeAttribute("aria-busy");
  };
  const again = iconButton("again", "Look again", () => void panel.attempt(look()));
  section.append(
    el("div", { class: "column" }, daws(), keys()),
    el("section", { class: "card prose", "aria-label": "This machine" }, el("header", { class: "row" }, el("h2", {}, "This machine"), again), list),
  );
  void panel.attempt(look());
  return {};
}

function daws() {
  const choice = el("select", { id: "help-daw" }, ...DAWS.map(({ name }) => new Option(name, name)));
  const stored = localStorage.getItem(STORED);
  if (DAWS.some(({ name }) => name === stored)) choice.value = stored ?? "";
  const steps = el("ol", {});
  const tried = el("p", { class: "meta" });
  const show = () => {
    const daw = DAWS.find(({ name }) => name === choice.value) ?? DAWS[0];
    steps.replaceChildren(...daw.steps.map((step) => el("li", {}, ...withMenus(step))));
    tried.textContent = daw.tried ? "Recorded into by our own tests." : "Taken from its manual, and not tried by us: names may differ.";
    localStorage.setItem(STORED, daw.name);
  };
  choice.addEventListener("input", show);
  show();
  return el(
    "section",
    { class: "card prose", "aria-label": "Into your DAW" },
    el("h2", {}, "Into your DAW"),
    el("h3", {}, "A piece that you have composed"),
    el("p", {}, "Drag the button ", el("strong", {}, "MIDI"), " of a piece onto a track, or press it and open the file that is kept."),
    el("h3", {}, "Live, while it is made"),
    el("div", { class: "field" }, el("div", { class: "label" }, el("label", { for: "help-daw" }, "Your DAW")), choice),
    steps,
    tried,
    el("p", { class: "meta" }, "Windows programs cannot make MIDI ports: there, first make a loopback named LSTM Composer, in Windows’ MIDI settings or with loopMIDI. Of a pair, choose side B in the DAW."),
  );
}

function keys() {
  const rows = KEYS.map(([names, does]) =>
    el("div", {}, el("dt", {}, ...names.split(" ").map((name) => el("kbd", {}, name))), el("dd", {}, does)),
  );
  return el("section", { class: "card prose", "aria-label": "Keys" }, el("h2", {}, "Keys"), el("dl", { class: "keys" }, ...rows));
}

/** @param {string} text Menus between asterisks. */
function withMenus(text) {
  return text.split("*").map((part, index) => (index % 2 ? el("strong", {}, part) : part));
}

/** @param {{name: string, ok: boolean, detail: string}} found */
function finding({ name, ok, detail }) {
  return el(
    "li",
    { class: ok ? "good" : "lacking" },
    icon(ok ? "check" : "dash"),
    el("div", {}, el("strong", {}, name), " ", el("span", { class: "said" }, ok ? "" : "(not here) "), el("p", { class: "meta" }, detail)),
  );
}
