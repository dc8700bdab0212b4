"""The samples of a SoundFont in memory, decoded when they are needed."""

import threading
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from runtime.sound.miniaudio_library import miniaudio
from runtime.sound.soundfont import Sample, SoundFont

FADE_FRAMES: Final = 48
"""A millisecond: a sample that does not begin or end at zero would click."""
GUARD_FRAMES: Final = 2
"""Silence after each sample, for an interpolation that reads one frame past its place."""

Frames = NDArray[np.int16]


class SampleBank:
    """All samples one after another in one array of 16-bit frames, so that many voices are read from it in one step.

    An array of the whole size is there from the start; the system gives it memory as samples are decoded into it.

    Attributes:
        frames: The samples, mono; zero where nothing has been decoded.
        offsets: First frame of each sample in `frames`.
        lengths: Frames of each.

    """

    def __init__(self, font: SoundFont) -> None:
        """Reserve the room; nothing is decoded yet."""
        self._font = font
        self.lengths = [_frame_count(font.data, sample) for sample in font.samples]
        ends = np.cumsum([length + GUARD_FRAMES for length in self.lengths])
        self.offsets: list[int] = [0, *ends[:-1].tolist()]
        self.frames: Frames = np.zeros(int(ends[-1]), np.int16)
        self._is_decoded = [False] * len(font.samples)
        self._locks = [threading.Lock() for _ in font.samples]

    def is_decoded(self, number: int) -> bool:
        """Tell whether a sample can be played."""
        return self._is_decoded[number]

    def decode(self, number: int) -> None:
        """Decode a sample, unless that has been done; waits for another thread that is at it."""
        with self._locks[number]:
            if self._is_decoded[number]:
                return
            sample, begin = self._font.samples[number], self.offsets[number]
            frames = _decoded(self._font.data, sample)[: self.lengths[number]].astype(np.float32)
            rise = np.linspace(0, 1, FADE_FRAMES, endpoint=False, dtype=np.float32)
            frames[:FADE_FRAMES] *= rise[: len(frames)]
            if sample.loop_end == sample.loop_start:
                frames[-FADE_FRAMES:] *= rise[::-1][-len(frames) :]
            self.frames[begin : begin + len(frames)] = frames.round()
            self._is_decoded[number] = True

    def decode_all(self, order: Iterable[int], stop: threading.Event) -> None:
        """Decode samples one after another until `stop` is set."""
        for number in order:
            if stop.is_set():
                return
            self.decode(number)


def _frame_count(data: memoryview, sample: Sample) -> int:
    if not sample.is_vorbis:
        return sample.end - sample.start
    # The last page of an Ogg stream says how many frames there are up to its end (RFC 3533, granule position).
    page = bytes(data[sample.start : sample.end]).rfind(b"OggS")
    if page < 0:
        raise ValueError("a sample is no Ogg stream")
    return int.from_bytes(data[sample.start + page + 6 : sample.start + page + 14], "little")


def _decoded(data: memoryview, sample: Sample) -> NDArray[Any]:
    if not sample.is_vorbis:
        return np.frombuffer(data, "<i2")[sample.start : sample.end]
    sound = miniaudio.vorbis_read(bytes(data[sample.start : sample.end]))
    return np.frombuffer(sound.samples, np.int16)[:: sound.nchannels]
