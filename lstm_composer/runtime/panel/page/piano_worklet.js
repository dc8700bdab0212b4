// @ts-check
// The piano, on the thread of the audio: what it is told to play takes effect in its own sample frame.
import { SoundBankLoader, SpessaSynthProcessor } from "./vendor/spessasynth_core.js";

/** @typedef {{frame: number, on: boolean, channel: number, pitch: number, velocity: number}} Stroke */

/** How much is played for nobody before the first note is heard. */
const WARMING_BLOCKS = 160;
const BLOCK_FRAMES = 128;
const WARMING_CHANNELS = 16;

class Piano extends AudioWorkletProcessor {
  #synth = new SpessaSynthProcessor(sampleRate, { effectsEnabled: false, eventsEnabled: false });
  /** @type {Stroke[]} By frame, ends before beginnings: a note that is struck again ends first. */
  #coming = [];
  #hasPlayed = false;
  /** How many blocks are still to be played for nobody. */
  #warming = 0;
  #unheard = new Float32Array(BLOCK_FRAMES);
  /** @type {{samples: {setAudioData(data: Float32Array, rate: number): void}[]} | null} */
  #bank = null;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#take(data);
  }

  /** @param {any} told */
  async #take(told) {
    if (told.kind === "play") this.#queue(told.strokes);
    else if (told.kind === "silence") this.#silence();
    else if (told.kind === "warm") this.#warming = this.#hasPlayed ? 0 : WARMING_BLOCKS;
    else if (told.kind === "sample") this.#bank?.samples[told.index]?.setAudioData(told.data, told.rate);
    else if (told.kind === "bank") {
      await this.#synth.processorInitialized;
      const bank = SoundBankLoader.fromArrayBuffer(told.bytes);
      this.#bank = bank;
      this.#synth.soundBankManager.addSoundBank(bank, "piano");
      this.port.postMessage({ kind: "ready" });
    }
  }

  /** @param {[seconds: number, on: boolean, channel: number, pitch: number, velocity: number][]} strokes */
  #queue(strokes) {
    for (const [seconds, on, channel, pitch, velocity] of strokes) {
      this.#coming.push({ frame: Math.round(seconds * sampleRate), on, channel, pitch, velocity });
    }
    this.#coming.sort((one, other) => one.frame - other.frame || Number(one.on) - Number(other.on));
  }

  #silence() {
    this.#coming.length = 0;
    this.#synth.stopAllChannels(false);
  }

  /**
   * Play a block of a note that nobody hears: the browser compiles while it plays for the first time, which held the audio up
   * for a tenth of a second at the first notes of sixteen voices. As soon as something is to sound, it is over.
   */
  #warmUp() {
    if (this.#coming.length) this.#warming = 0;
    else {
      this.#warming -= 1;
      const [channel, pitch] = [this.#warming % WARMING_CHANNELS, 36 + (this.#warming * 7) % 49];
      this.#synth.noteOn(channel, pitch, 30 + (this.#warming % 90));
      this.#synth.process(this.#unheard, this.#unheard, 0, this.#unheard.length);
      this.#synth.noteOff(channel, pitch);
    }
    if (!this.#warming) this.#synth.stopAllChannels(true);
  }

  /**
   * @param {Float32Array[][]} _
   * @param {Float32Array[][]} outputs
   */
  process(_, [[left, right]]) {
    if (this.#warming) this.#warmUp();
    if (this.#warming) return true;
    const frames = left.length;
    let done = 0;
    let taken = 0;
    while (taken < this.#coming.length && this.#coming[taken].frame < currentFrame + frames) {
      const stroke = this.#coming[taken++];
      const at = Math.max(done, stroke.frame - currentFrame);
      if (at > done) this.#synth.process(left, right, done, at - done);
      done = at;
      if (stroke.on) this.#synth.noteOn(stroke.channel, stroke.pitch, stroke.velocity);
      else this.#synth.noteOff(stroke.channel, stroke.pitch);
    }
    if (taken) this.#hasPlayed = true;
    if (taken) this.#coming.splice(0, taken);
    if (done < frames) this.#synth.process(left, right, done, frames - done);
    return true;
  }
}

registerProcessor("piano", Piano);
