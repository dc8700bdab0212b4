"""The samples of a SoundFont in memory, decoded when they are needed and as far as they are."""

import threading
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.sound.soundfont import Sample, SoundFont
from lstm_composer.runtime.system.miniaudio_library import miniaudio

FADE_FRAMES: Final = 48
"""A millisecond: a sample that does not begin or end at zero would click."""
GUARD_FRAMES: Final = 2
"""Silence after each sample, for an interpolation that reads one frame past its place."""
_CHUNK_FRAMES: Final = 32_768  # decoded at once

Frames = NDArray[np.int16]


class SampleBank:
    """All samples one after another in one array of 16-bit frames, so that many voices are read from it in one step.

    An array of the whole size is there from the start; the system gives it memory as samples are decoded into it.

    Attributes:
        frames: The samples, mono; zero where nothing has been decoded.
        offsets: First frame of each sample in `frames`.
        lengths: Frames of each.
        decoded: How many frames of each have been decoded.

    """

    def __init__(self, font: SoundFont) -> None:
        """Reserve the room; nothing is decoded yet."""
        self._samples = font.samples
        self.lengths = [_frame_count(font.data, sample) for sample in font.samples]
        ends = np.cumsum([length + GUARD_FRAMES for length in self.lengths])
        self.offsets: NDArray[np.int64] = np.concatenate([[0], ends[:-1]])
        self.frames: Frames = np.zeros(int(ends[-1]), np.int16)
        self.decoded = np.zeros(len(font.samples), np.int64)
        self._decoders = [_chunks(font.data, sample) for sample in font.samples]
        self._locks = [threading.Lock() for _ in font.samples]

    def is_whole(self, number: int) -> bool:
        """Tell whether a sample has been decoded to its end."""
        return bool(self.decoded[number] == self.lengths[number])

    def decode(self, number: int, frames: int | None = None) -> None:
        """Decode a sample up to so many frames or a little more, or whole; waits for another thread that is at it."""
        length = self.lengths[number]
        wanted = length if frames is None else min(frames, length)
        with self._locks[number]:
            while self.decoded[number] < wanted:
                begin = int(self.decoded[number])
                self.decoded[number] = self._decode_chunk(number, begin, length)

    def _decode_chunk(self, number: int, begin: int, length: int) -> int:
        """Decode what comes after the first `begin` frames; returns how many there are then."""
        own = self.frames[self.offsets[number] :][:length]
        chunk = next(self._decoders[number], None)
        if chunk is None:  # shorter than it said
            end = length
        else:
            end = min(begin + len(chunk), length)
            own[begin:end] = chunk[: end - begin]
        if begin == 0:
            _fade(own[:FADE_FRAMES])
        if end == length and self._samples[number].loop_end == self._samples[number].loop_start:
            _fade(own[: -FADE_FRAMES - 1 : -1])
        return end


def _fade(frames: Frames) -> None:
    """Have frames rise from zero, in place."""
    frames[:] = (frames * np.linspace(0, 1, len(frames), endpoint=False)).round()


def _frame_count(data: memoryview, sample: Sample) -> int:
    if not sample.is_vorbis:
        return sample.end - sample.start
    # The last page of an Ogg stream says how many frames there are up to its end (RFC 3533, granule position).
    page = bytes(data[sample.start : sample.end]).rfind(b"OggS")
    if page < 0:
        raise ValueError("a sample is no Ogg stream")
    return int.from_bytes(data[sample.start + page + 6 : sample.start + page + 14], "little")


def _chunks(data: memoryview, sample: Sample) -> Iterator[NDArray[Any]]:
    """Yield a sample in pieces; nothing is decoded before the first is asked for."""
    if not sample.is_vorbis:
        yield np.frombuffer(data, "<i2")[sample.start : sample.end]
        return
    stream = bytes(data[sample.start : sample.end])
    yield from map(
        np.asarray,
        miniaudio.stream_memory(stream, miniaudio.SampleFormat.SIGNED16, 1, sample.rate, _CHUNK_FRAMES),
    )
