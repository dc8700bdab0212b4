// @ts-check
// The sound of the page: notes are given with the time at which they shall be heard, and are played in that frame.

import { PanelError } from "./api.js";

/** @typedef {{pitch: number, velocity: number, begin: number, end: number, voice?: number}} TimedNote Seconds by `now`. */
/** @typedef {[seconds: number, on: boolean, channel: number, pitch: number, velocity: number]} Stroke A key goes down or up. */

// As loud as our own sampler (`lstm-composer play --sound`) plays the same piano; the limiter adds the rest.
const BOOST = 3.6;
const LIMITER = { threshold: -8, knee: 8, ratio: 12, attack: 0.002, release: 0.2 };
const PERCUSSION = 9; // the channel that a SoundFont player takes for drums
const FULL_VOLUME = 1;
/** How many times the two clocks are compared, and how often at the most: single sights are off by a millisecond. */
const SIGHTS = 60;
const SIGHT_MILLISECONDS = 20;
/**
 * Which of the sights in order is believed, as a share of them. The audio is held up now and then and catches up again,
 * and is never early: what it says meanwhile is a quarter of a second off, and is passed over for about a second.
 */
const BELIEVED = 0.9;
/** What the browser says of the output is used if it is not older: it says nothing new where nothing is heard. */
const FRESH_MILLISECONDS = 200;

/** A browser without an audio device, or one that does not allow sound, only lets you wait. */
const PATIENCE_MILLISECONDS = 8000;
const SILENT = "nothing can be heard here: see that this machine has an audio device, and that the browser allows this page to sound";

const NO_WORKLET = "this browser cannot play the piano: use a newer one; music is made and kept all the same";

/** Says "volume" when its loudness has changed. */
export class Sound extends EventTarget {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AudioWorkletNode | null} */
  #piano = null;
  /** @type {GainNode | null} */
  #gain = null;
  /** @type {AnalyserNode | null} For who wants to see what is heard. */
  analyser = null;
  /** @type {Promise<void> | null} */
  #preparing = null;
  /** How far the sound's clock, as it is heard, was seen to be ahead of the page's, in seconds. @type {number[]} */
  #sights = [];
  #sightAt = 0;
  #ahead = 0;
  #volume = Number(localStorage.getItem("volume") ?? FULL_VOLUME);

  /**
   * Get ready to sound, which takes a moment; a browser lets nothing be heard before the user has pressed something.
   * @returns {Promise<void>}
   */
  prepare() {
    this.#preparing ??= this.#prepare().catch((error) => {
      this.#preparing = null;
      throw error;
    });
    return this.#preparing;
  }

  async #prepare() {
    if (!("AudioWorkletNode" in window)) throw new PanelError(NO_WORKLET);
    const context = new AudioContext({ latencyHint: "balanced" });
    const [bytes] = await Promise.all([
      fetch("/piano.sf3").then((response) => response.arrayBuffer()),
      context.audioWorklet.addModule("/page/piano_worklet.js"),
    ]);
    const piano = new AudioWorkletNode(context, "piano", { numberOfInputs: 0, outputChannelCount: [2] });
    const boost = new GainNode(context, { gain: BOOST });
    const limiter = new DynamicsCompressorNode(context, LIMITER);
    const gain = new GainNode(context, { gain: this.#volume ** 2 });
    const analyser = new AnalyserNode(context, { fftSize: 4096 });
    piano.connect(boost).connect(limiter).connect(gain).connect(analyser).connect(context.destination);
    this.#decode(bytes.slice(0), piano.port);
    const ready = new Promise((resolve) => {
      piano.port.onmessage = resolve;
    });
    piano.port.postMessage({ kind: "bank", bytes }, [bytes]);
    await ready;
    [this.#context, this.#piano, this.#gain, this.analyser] = [context, piano, gain, analyser];
  }

  /**
   * @param {ArrayBuffer} bytes
   * @param {MessagePort} port
   */
  #decode(bytes, port) {
    const decoder = new Worker("/page/piano_decoder.js", { type: "module" });
    decoder.onmessage = ({ data }) => {
      if (data.kind === "done") {
        decoder.terminate();
        port.postMessage({ kind: "warm" });
      } else {
        port.postMessage(data, [data.data.buffer]);
      }
    };
    decoder.postMessage(bytes, [bytes]);
  }

  /** Begin to sound; to be called where the user has just pressed something. */
  async resume() {
    await this.prepare();
    if (!this.running) this.#sights = []; // its clock stood still
    const patience = new Promise((_, refuse) => setTimeout(() => refuse(new PanelError(SILENT)), PATIENCE_MILLISECONDS));
    patience.catch(() => undefined); // where it is answered in time, nobody hears of it
    await Promise.race([this.#context?.resume(), patience]);
  }

  /** The time on the clock of the sound, in seconds: the next frame to be computed. */
  get now() {
    return this.#context?.currentTime ?? 0;
  }

  /** The time of what is heard at this moment: what is computed now is heard later by the latency of the output. */
  get heard() {
    const context = this.#context;
    return context ? context.currentTime - (context.outputLatency || context.baseLatency || 0) : 0;
  }

  /**
   * The time, by the clock of `now`, of what is heard at a time of `performance.now`: earlier than `now` is then, by the
   * latency of the output. To a fraction of a millisecond, for who asks again and again.
   * @param {number} milliseconds
   */
  timeAt(milliseconds) {
    const at = performance.now();
    if (this.#context && (at >= this.#sightAt + SIGHT_MILLISECONDS || !this.#sights.length)) {
      this.#sightAt = at;
      const { contextTime = 0, performanceTime = 0 } = this.#context.getOutputTimestamp();
      const isFresh = contextTime > 0 && at - performanceTime < FRESH_MILLISECONDS;
      this.#sights.push(isFresh ? contextTime - performanceTime / 1000 : this.heard - at / 1000);
      if (this.#sights.length > SIGHTS) this.#sights.shift();
      this.#ahead = [...this.#sights].sort((one, other) => one - other)[Math.floor(BELIEVED * (this.#sights.length - 1))];
    }
    return milliseconds / 1000 + this.#ahead;
  }

  /** How long before it is heard a sound is computed, in seconds. */
  get latency() {
    return this.#context ? Math.max(0, this.now - this.timeAt(performance.now())) : 0;
  }

  /** Whether anything is heard. */
  get running() {
    return this.#context?.state === "running";
  }

  /**
   * Play notes, each at its time; what lies in the past is played at once.
   * @param {TimedNote[]} notes
   */
  play(notes) {
    const strokes = notes.flatMap(({ pitch, velocity, begin, end, voice = 0 }) => {
      const channel = voice < PERCUSSION ? voice : (voice + 1) % 16;
      return [
        [begin, true, channel, pitch, velocity],
        [end, false, channel, pitch, 0],
      ];
    });
    this.strokes(/** @type {Stroke[]} */ (strokes));
  }

  /** Have keys go down and up, each at its time. @param {Stroke[]} strokes */
  strokes(strokes) {
    if (strokes.length) this.#piano?.port.postMessage({ kind: "play", strokes });
  }

  /** Let go of all keys, and forget what was still to come. */
  silence() {
    this.#piano?.port.postMessage({ kind: "silence" });
  }

  /** Loudness 0..1, as a fader has it; kept for the next time. */
  get volume() {
    return this.#volume;
  }

  set volume(volume) {
    this.#volume = volume;
    localStorage.setItem("volume", String(volume));
    this.dispatchEvent(new Event("volume"));
    if (this.#gain && this.#context) {
      this.#gain.gain.setTargetAtTime(volume ** 2, this.#context.currentTime, 0.02);
    }
  }
}
