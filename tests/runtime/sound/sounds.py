"""What the tests of the sound share: messages, loudness, and a SoundFont of one sample."""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.sound.soundfont import Generator

RATE = 44_100
CLICK_FRAMES = 441  # ten milliseconds


def on(key: int, velocity: int = 80, channel: int = 1) -> Message:
    return Message(0, Kind.NOTE_ON, channel, key, velocity)


def off(key: int, channel: int = 1) -> Message:
    return Message(0, Kind.NOTE_OFF, channel, key, 64)


def control(number: int, value: int, channel: int = 1) -> Message:
    return Message(0, Kind.CONTROL, channel, number, value)


def decibels(sound: NDArray[np.floating[Any]]) -> float:
    """Loudness below full scale; -inf for silence."""
    with np.errstate(divide="ignore"):
        return float(20 * np.log10(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))))


def soundfont_bytes(
    frames: Sequence[int], zones: Sequence[dict[int, int]], loop: tuple[int, int] = (0, 0), root: int = 60
) -> bytes:
    """A SoundFont 2 file of one sample: a preset with one zone, and an instrument with those that are given."""
    rows = [[*zone.items(), (int(Generator.SAMPLE), 0)] for zone in zones]
    places = np.cumsum([0, *map(len, rows)])
    bags = b"".join(struct.pack("<HH", place, 0) for place in places)
    generators = b"".join(struct.pack("<Hh", number, amount) for row in rows for number, amount in row)
    sample = struct.pack("<20sIIIIIBbHH", b"click", 0, len(frames), *loop, RATE, root, 0, 0, 1)
    tables = {
        "phdr": b"".join(struct.pack("<20sHHHIII", *row, 0, 0, 0) for row in ((b"preset", 0, 0, 0), (b"EOP", 0, 0, 1))),
        "pbag": struct.pack("<HHHH", 0, 0, 1, 0),
        "pmod": bytes(10),
        "pgen": struct.pack("<HhHh", Generator.INSTRUMENT, 0, 0, 0),
        "inst": struct.pack("<20sH20sH", b"instrument", 0, b"EOI", len(rows)),
        "ibag": bags,
        "imod": bytes(10),
        "igen": generators + bytes(4),
        "shdr": sample + struct.pack("<20sIIIIIBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0),
    }  # fmt: skip
    content = b"sfbk" + _listed("sdta", {"smpl": np.array(frames, "<i2").tobytes()}) + _listed("pdta", tables)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def _listed(kind: str, chunks: dict[str, bytes]) -> bytes:
    parts = [
        name.encode() + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for name, data in chunks.items()
    ]
    inside = kind.encode() + b"".join(parts)
    return b"LIST" + struct.pack("<I", len(inside)) + inside


def begins(loud: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Frames at which something begins to be loud."""
    return np.flatnonzero(np.diff(loud.astype(int), prepend=0) > 0)
