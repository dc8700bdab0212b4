// Our own, for `make page-types`: the synthesizer as far as the page uses it.

interface Sample {
  readonly originalKey: number;
  readonly sampleRate: number;
  getAudioData(): Float32Array<ArrayBuffer>;
  setAudioData(data: Float32Array, sampleRate: number): void;
}
interface SoundBank {
  readonly samples: Sample[];
}
export declare const SoundBankLoader: { fromArrayBuffer(bytes: ArrayBuffer): SoundBank };
export declare class SpessaSynthProcessor {
  constructor(sampleRate: number, options?: { effectsEnabled?: boolean; eventsEnabled?: boolean });
  readonly processorInitialized: Promise<void>;
  readonly soundBankManager: { addSoundBank(bank: SoundBank, id: string): void };
  process(left: Float32Array, right: Float32Array, start?: number, count?: number): void;
  noteOn(channel: number, pitch: number, velocity: number): void;
  noteOff(channel: number, pitch: number): void;
  stopAllChannels(force: boolean): void;
}
