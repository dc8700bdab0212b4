"""The sampler: messages in, sound out. It knows neither a clock nor a device; a frame is one step of `RATE`.

All voices are read from the sample bank in one step of numpy, so that sixty of them cost little more than one.
"""

from enum import IntEnum
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.midi.messages import ALL_NOTES_OFF, SUSTAIN_PEDAL, Kind, Message
from lstm_composer.runtime.sound.limiter import Limiter
from lstm_composer.runtime.sound.low_pass import LowPass
from lstm_composer.runtime.sound.piano import Piano, Stroke

RATE: Final = 44_100
"""Frames a second, those of the samples."""
BLOCK_FRAMES: Final = 2048
"""The most frames that are mixed in one step; within it an envelope is a straight line."""
POLYPHONY: Final = 64
"""Notes that sound at once; one more ends the one that is missed least."""
CHANNELS: Final = 16

_ROOM: Final = POLYPHONY + 32  # voices that fade after they were stolen are there too
_FADE_SECONDS: Final = 0.01  # a stolen voice falls by 60 dB in that time
_SILENT: Final = 1e-4  # a voice whose level has fallen to so much of full scale, 80 dB below it, is over
_LOUDNESS: Final = 2.0  # of the whole: most music peaks between a half and full scale; the limiter has the rest
_PAN_SHARE: Final = 0.35  # how far apart the lowest and the highest key sound: 0 in one place, 1 hard left and right
_NEPERS_PER_DECIBEL: Final = float(np.log(10) / 20)


class Controller(IntEnum):
    """The controllers that are understood (MIDI 1.0)."""

    VOLUME = 7
    PAN = 10
    EXPRESSION = 11
    SUSTAIN_PEDAL = SUSTAIN_PEDAL
    ALL_SOUND_OFF = 120
    RESET = 121
    ALL_NOTES_OFF = ALL_NOTES_OFF


_PEDAL_DOWN: Final = 64  # values from this on mean "down" (MIDI 1.0)
_USUAL_VOLUME: Final = 100  # of a channel that was told none (General MIDI)

_DOWN, _PEDALLED, _RELEASED, _FADING = range(4)
"""A voice's key is down; it is up and the pedal holds the voice; nothing holds it; it was stolen."""

_VOICE: Final[Any] = np.dtype([
    ("channel", "i4"), ("key", "i4"), ("state", "i4"), ("colour", "i4"), ("sample", "i4"),
    ("position", "f8"),  # frame of the bank that is heard next
    ("step", "f8"),  # frames of the bank for each of ours
    ("end", "f8"), ("loop", "f8"),  # where it ends or goes back by so many frames; 0: it does not
    ("left", "f4"), ("right", "f4"),  # gains
    ("level", "f8"),  # of the envelope, from 1
    ("hold", "f8"),  # frames until it falls
    ("decay", "f8"), ("release", "f8"),  # nepers a frame
    ("first", "f4"), ("second", "f4"),  # memory of the low-pass
])  # fmt: skip

_FRAME_NUMBERS: Final = np.arange(BLOCK_FRAMES, dtype=np.float64)

Sound = NDArray[np.float32]
"""What `Sampler.sound` returns: frames by two channels, left and right, within -1..1."""


class Sampler:
    """Sixteen channels of one piano.

    Note-on and note-off, the sustain pedal, volume, expression, panorama, reset, all sound off and all notes off are
    understood (MIDI 1.0); everything else is passed over.

    Attributes:
        volume: Factor of the whole, 0..1; a change is heard smoothly with the next block.

    """

    def __init__(self, piano: Piano, *, waits_for_samples: bool = True) -> None:
        """Begin silent.

        Args:
            piano: What sounds.
            waits_for_samples: Whether a sample that is not decoded yet is waited for; otherwise, for a sound card that
                does not wait, the nearest that is there sounds in its place.

        """
        self._piano = piano
        self._waits_for_samples = waits_for_samples
        self._voices = np.zeros(_ROOM, _VOICE)
        self._count = 0
        self._low_pass = LowPass(RATE)
        self._limiter = Limiter(RATE)
        self._pedal = [False] * CHANNELS
        self._pan = [0.0] * CHANNELS
        self._controls = [{Controller.VOLUME: _USUAL_VOLUME, Controller.EXPRESSION: 127} for _ in range(CHANNELS)]
        self._channel_gain = np.ones(CHANNELS)
        self._channel_gain_before = np.ones(CHANNELS)
        self.volume = 1.0
        self._volume_before: float | None = None

    @property
    def sounding_count(self) -> int:
        """Voices that sound at present, those that die away among them."""
        return self._count

    def set_volume(self, volume: float) -> None:
        """Set the loudness of the whole, 0..1; what a fader shows as half is heard as half."""
        self.volume = volume**2

    def take(self, message: Message) -> None:
        """Let a message take effect with the next frame."""
        channel = message.channel - 1
        match message.kind:
            case Kind.NOTE_ON if message.value:
                self._start(channel, message.number, message.value)
            case Kind.NOTE_ON | Kind.NOTE_OFF:
                self._let_go(channel, message.number)
            case Kind.CONTROL:
                self._control(channel, message.number, message.value)

    def sound(self, frames: int) -> Sound:
        """Return the next frames."""
        blocks = [self._block(min(BLOCK_FRAMES, frames - begin)) for begin in range(0, frames, BLOCK_FRAMES)]
        return np.concatenate(blocks) if len(blocks) > 1 else blocks[0] if blocks else np.zeros((0, 2), np.float32)

    def _start(self, channel: int, key: int, velocity: int) -> None:
        stroke = self._ready(self._piano.stroke(key, velocity))
        self._release(self._of_key(channel, key))  # one key, one string
        if stroke is None or not self._make_room():
            return
        bank = self._piano.bank
        begin = bank.offsets[stroke.sample]
        pan = float(np.clip((key - 60) / 60 * _PAN_SHARE + self._pan[channel], -1, 1))
        voice = self._voices[self._count]
        voice["channel"], voice["key"], voice["state"] = channel, key, _DOWN
        voice["sample"] = stroke.sample
        voice["colour"] = self._low_pass.colour(stroke.cutoff_hz)
        voice["position"] = begin
        voice["step"] = 2 ** ((key - stroke.root) / 12) * stroke.rate / RATE
        voice["end"] = begin + (stroke.loop[1] if stroke.loop else bank.lengths[stroke.sample])
        voice["loop"] = stroke.loop[1] - stroke.loop[0] if stroke.loop else 0
        # Constant power: a note is as loud wherever it stands.
        angle = (pan + 1) * np.pi / 4
        voice["left"], voice["right"] = stroke.gain * np.cos(angle), stroke.gain * np.sin(angle)
        voice["level"], voice["hold"] = 1.0, stroke.hold_seconds * RATE
        voice["decay"], voice["release"] = (
            decibels * _NEPERS_PER_DECIBEL / RATE for decibels in (stroke.decay_db, stroke.release_db)
        )
        voice["first"] = voice["second"] = 0.0
        self._count += 1

    def _ready(self, stroke: Stroke) -> Stroke | None:
        if self._waits_for_samples or self._piano.bank.is_whole(stroke.sample):
            return stroke
        return self._piano.nearest_decoded(stroke)

    def _make_room(self) -> bool:
        """End one voice where all are taken: what dies away first, of those the softest. False if none is left."""
        voices = self._voices[: self._count]
        heard = np.flatnonzero(voices["state"] != _FADING)
        if len(heard) >= POLYPHONY:
            loudness = voices["level"] * (voices["left"] + voices["right"]) + (voices["state"] < _RELEASED)
            self._fade(heard[[np.argmin(loudness[heard])]])
        return self._count < _ROOM

    def _of_key(self, channel: int, key: int) -> NDArray[np.intp]:
        voices = self._voices[: self._count]
        own = (voices["channel"] == channel) & (voices["key"] == key) & (voices["state"] < _RELEASED)
        return np.flatnonzero(own)

    def _let_go(self, channel: int, key: int) -> None:
        voices = self._of_key(channel, key)
        if self._pedal[channel]:
            self._voices["state"][voices] = _PEDALLED
        else:
            self._release(voices)

    def _release(self, voices: NDArray[np.intp]) -> None:
        self._voices["state"][voices] = _RELEASED

    def _fade(self, voices: NDArray[np.intp]) -> None:
        self._voices["state"][voices] = _FADING
        self._voices["release"][voices] = 60 * _NEPERS_PER_DECIBEL / (_FADE_SECONDS * RATE)

    def _control(self, channel: int, number: int, value: int) -> None:
        voices = self._voices[: self._count]
        own = voices["channel"] == channel
        match number:
            case Controller.VOLUME | Controller.EXPRESSION:
                self._controls[channel][Controller(number)] = value
                self._set_channel_gain(channel)
            case Controller.PAN:
                self._pan[channel] = max(-1.0, (value - 64) / 63)
            case Controller.SUSTAIN_PEDAL:
                self._pedal[channel] = value >= _PEDAL_DOWN
                if not self._pedal[channel]:
                    self._release(np.flatnonzero(own & (voices["state"] == _PEDALLED)))
            case Controller.ALL_SOUND_OFF:
                self._fade(np.flatnonzero(own & (voices["state"] != _FADING)))
            case Controller.RESET:
                self._control(channel, Controller.EXPRESSION, 127)
                self._control(channel, Controller.SUSTAIN_PEDAL, 0)
            case Controller.ALL_NOTES_OFF:
                for key in voices["key"][own & (voices["state"] == _DOWN)].tolist():
                    self._let_go(channel, key)

    def _set_channel_gain(self, channel: int) -> None:
        controls = self._controls[channel]
        usual = (_USUAL_VOLUME * 127) ** 2
        self._channel_gain[channel] = (controls[Controller.VOLUME] * controls[Controller.EXPRESSION]) ** 2 / usual

    def _block(self, frames: int) -> Sound:
        """Mix at most BLOCK_FRAMES frames."""
        sound = self._mixed(frames) if self._count else np.zeros((2, frames), np.float32)
        self._channel_gain_before[:] = self._channel_gain
        before = self.volume if self._volume_before is None else self._volume_before
        self._volume_before = self.volume
        sound *= np.float32(_LOUDNESS) * (np.float32(before) + np.float32(self.volume - before) * _ramp(frames))
        return self._limiter.limited(sound).T

    def _mixed(self, frames: int) -> Sound:
        voices = self._voices[: self._count]
        if self._waits_for_samples:
            self._decode(voices, frames)
        sound = self._read(voices, frames)
        self._low_pass.filter(sound, voices["colour"], voices["first"], voices["second"])
        begin, end = self._levels(voices, frames)
        # Within a block a level is a straight line: what it begins with, and a ramp to where it ends.
        sides = np.stack([voices["left"], voices["right"]])
        steady, rising = (np.einsum("sv,vf->sf", sides * gains, sound) for gains in (begin, end - begin))
        mixed: Sound = steady + rising * _ramp(frames)
        voices["position"] += voices["step"] * frames
        self._wrap(voices)
        self._sweep(voices)
        return mixed

    def _decode(self, voices: NDArray[np.void], frames: int) -> None:
        """Decode the samples as far as these frames need them."""
        bank = self._piano.bank
        needed = voices["position"] + voices["step"] * frames - bank.offsets[voices["sample"]] + 2
        for voice in np.flatnonzero(needed > bank.decoded[voices["sample"]]).tolist():
            bank.decode(int(voices["sample"][voice]), int(needed[voice]))

    def _read(self, voices: NDArray[np.void], frames: int) -> Sound:
        """Return each voice's frames, between two of the sample by a straight line; -32768..32767."""
        places = voices["step"][:, None] * _FRAME_NUMBERS[:frames]
        places += voices["position"][:, None]
        ends = np.flatnonzero(places[:, -1] >= voices["end"])
        for voice in ends.tolist():
            self._bend(places[voice], voices["end"][voice], voices["loop"][voice])
        whole = places.astype(np.int64)
        places -= whole
        bank = self._piano.bank.frames
        # No place is outside the bank: clip spares numpy the question.
        sound = bank.take(whole, mode="clip").astype(np.float32)
        slope = bank[1:].take(whole, mode="clip").astype(np.float32)
        slope -= sound
        slope *= places.astype(np.float32)
        sound += slope
        return sound

    @staticmethod
    def _bend(places: NDArray[np.float64], end: float, loop: float) -> None:
        """Have places at or past the end of a sample lead back into its loop, or else stay at the silence behind it."""
        over = places - end
        past = over >= 0
        places[past] = end - loop + over[past] % loop if loop else end

    def _levels(self, voices: NDArray[np.void], frames: int) -> tuple[Sound, Sound]:
        """Return each voice's level at the beginning and at the end of so many frames, for samples of 16 bits."""
        begin = voices["level"] * self._channel_gain_before[voices["channel"]]
        falls = np.where(voices["hold"] > 0, 0.0, voices["decay"])
        falls = np.where(voices["state"] < _RELEASED, falls, np.maximum(voices["release"], falls))
        voices["level"] *= np.exp(-falls * frames)
        voices["hold"] -= frames
        end = voices["level"] * self._channel_gain[voices["channel"]]
        return (begin / 32768).astype(np.float32), (end / 32768).astype(np.float32)

    def _wrap(self, voices: NDArray[np.void]) -> None:
        over = voices["position"] - voices["end"]
        back = np.flatnonzero((over >= 0) & (voices["loop"] > 0))
        voices["position"][back] -= (1 + over[back] // voices["loop"][back]) * voices["loop"][back]

    def _sweep(self, voices: NDArray[np.void]) -> None:
        """Take out the voices that are over."""
        over = (voices["level"] * (voices["left"] + voices["right"]) < _SILENT) | (
            (voices["loop"] == 0) & (voices["position"] >= voices["end"])
        )
        if over.any():
            left = np.flatnonzero(~over)
            self._voices[: len(left)] = voices[left]
            self._count = len(left)


@cache
def _ramp(frames: int) -> Sound:
    """A straight line to 1, which it reaches with the last frame."""
    return np.arange(1, frames + 1, dtype=np.float32) / np.float32(frames)
