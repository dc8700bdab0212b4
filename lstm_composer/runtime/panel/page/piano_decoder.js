// @ts-check
// Decodes the piano's samples, off the thread of the audio, which would stumble over each one for some milliseconds.
import { SoundBankLoader, SpessaSynthProcessor } from "./vendor/spessasynth_core.js";

const MIDDLE = 60;

self.onmessage = async ({ data: bytes }) => {
  await new SpessaSynthProcessor(44100).processorInitialized; // the decoder is ready then
  const { samples } = SoundBankLoader.fromArrayBuffer(bytes);
  const order = samples.map((sample, index) => ({ sample, index }));
  order.sort((one, other) => Math.abs(one.sample.originalKey - MIDDLE) - Math.abs(other.sample.originalKey - MIDDLE));
  for (const { sample, index } of order) {
    const data = sample.getAudioData().slice();
    self.postMessage({ kind: "sample", index, data, rate: sample.sampleRate }, { transfer: [data.buffer] });
  }
  self.postMessage({ kind: "done" });
};
