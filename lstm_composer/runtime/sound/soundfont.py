"""SoundFont files: which samples a key sounds at a velocity, and by which numbers.

The format is that of the SoundFont Technical Specification 2.04 (Creative Technology, 2006). A file whose samples are
Ogg Vorbis streams (SoundFont 3, as MuseScore writes it) gives each sample's place in bytes instead of frames.
"""

import math
import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.errors import InputError


class Generator(IntEnum):
    """The generators that are read, by their numbers (specification, 8.1.2)."""

    FILTER_CUTOFF = 8  # absolute cents
    MODULATION_ENVELOPE_TO_FILTER = 11  # cents
    PAN = 17  # tenths of a percent, -500 left to 500 right
    VOLUME_ATTACK = 34  # timecents
    VOLUME_HOLD = 35  # timecents
    VOLUME_DECAY = 36  # timecents for 100 dB
    VOLUME_RELEASE = 38  # timecents for 100 dB
    INSTRUMENT = 41
    KEY_RANGE = 43
    VELOCITY_RANGE = 44
    ATTENUATION = 48  # centibels
    COARSE_TUNE = 51  # semitones
    FINE_TUNE = 52  # cents
    SAMPLE = 53
    SAMPLE_MODES = 54  # 1 and 3 loop
    ROOT_KEY = 58


DEFAULTS: Final[Mapping[Generator, int]] = {
    Generator.FILTER_CUTOFF: 13500,
    Generator.VOLUME_ATTACK: -12000,
    Generator.VOLUME_HOLD: -12000,
    Generator.VOLUME_DECAY: -12000,
    Generator.VOLUME_RELEASE: -12000,
    Generator.KEY_RANGE: 127 << 8,
    Generator.VELOCITY_RANGE: 127 << 8,
    Generator.ROOT_KEY: -1,
}
"""Values of generators that a file leaves out; 0 where none stands here (specification, 8.1.3)."""
_RANGES: Final = (Generator.KEY_RANGE, Generator.VELOCITY_RANGE)
_VELOCITY, _KEY = 2, 3  # sources of modulators

TABLES: Final[Mapping[str, Any]] = {
    "phdr": [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("reserved", "<u4", 3)],
    "pbag": [("generator", "<u2"), ("modulator", "<u2")],
    "pmod": [("source", "<u2"), ("target", "<u2"), ("amount", "<i2"), ("by", "<u2"), ("transform", "<u2")],
    "pgen": [("number", "<u2"), ("amount", "<i2")],
    "inst": [("name", "S20"), ("bag", "<u2")],
    "ibag": [("generator", "<u2"), ("modulator", "<u2")],
    "imod": [("source", "<u2"), ("target", "<u2"), ("amount", "<i2"), ("by", "<u2"), ("transform", "<u2")],
    "igen": [("number", "<u2"), ("amount", "<i2")],
    "shdr": [
        *[("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4")],
        *[("rate", "<u4"), ("root", "u1"), ("correction", "i1"), ("link", "<u2"), ("kind", "<u2")],
    ],
}
"""Fields of the records of each table (specification, 7)."""

Table = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Modulator:
    """How a key or a velocity moves a generator (specification, 8.2).

    Attributes:
        source: Its 16 bits: number, direction, polarity and curve.
        target: Number of the generator.
        amount: What is added to the generator where the source is at its most.

    """

    source: int
    target: int
    amount: int

    def value(self, key: int, velocity: int) -> float:
        """Return what is added to the generator for a key and a velocity, each 0..127."""
        place = {_VELOCITY: velocity, _KEY: key}.get(self.source & 0xFF)
        if place is None:
            return 0.0
        share = (127 - place) / 127 if self.source & 0x100 else place / 127
        curve = self.source >> 10
        if self.source & 0x200:
            sign, share = (1.0, 2 * share - 1) if share >= 0.5 else (-1.0, 1 - 2 * share)
            return self.amount * sign * _curved(curve, share)
        return self.amount * _curved(curve, share)


def _curved(curve: int, share: float) -> float:
    """Linear, concave, convex or switch, from 0 to 1 (specification, 9.5.3)."""
    match curve:
        case 1:
            return 1.0 if share >= 1 else min(1.0, -40 / 96 * math.log10(1 - share))
        case 2:
            return 0.0 if share <= 0 else max(0.0, 1 + 40 / 96 * math.log10(share))
        case 3:
            return float(share >= 0.5)
    return share


@dataclass(frozen=True, slots=True)
class Sample:
    """Where one sample lies in the file, and what it sounds.

    Attributes:
        start: First byte of an Ogg Vorbis stream in the sample chunk, or first frame of plain 16-bit samples.
        end: Past the last one.
        loop_start: First frame of the loop, from the sample's own first frame.
        loop_end: Past its last frame; equal to `loop_start` where there is no loop.
        rate: Frames a second.
        root: Key that it sounds when played as it is.
        correction: Cents to add to its pitch.
        is_vorbis: Whether it is an Ogg Vorbis stream.

    """

    start: int
    end: int
    loop_start: int
    loop_end: int
    rate: int
    root: int
    correction: int
    is_vorbis: bool


@dataclass(frozen=True, slots=True)
class Zone:
    """One sample with the keys and velocities it is for.

    Attributes:
        sample: Number of the sample.
        keys: Lowest and highest key.
        velocities: Lowest and highest velocity.
        generators: Values of preset and instrument added up, by number; defaults where neither says anything.
        modulators: Of both.

    """

    sample: int
    keys: tuple[int, int]
    velocities: tuple[int, int]
    generators: Mapping[int, int]
    modulators: tuple[Modulator, ...]

    def sounds(self, key: int, velocity: int) -> bool:
        """Tell whether a key at a velocity sounds this sample."""
        return self.keys[0] <= key <= self.keys[1] and self.velocities[0] <= velocity <= self.velocities[1]

    def value(self, generator: Generator, key: int, velocity: int) -> float:
        """Return a generator's value with what the modulators add to it."""
        moved = sum(one.value(key, velocity) for one in self.modulators if one.target == generator)
        return self.generators[generator] + moved


@dataclass(frozen=True, slots=True)
class SoundFont:
    """A SoundFont file.

    Attributes:
        samples: In the file's order.
        zones: Of the first preset.
        data: The sample chunk.

    """

    samples: tuple[Sample, ...]
    zones: tuple[Zone, ...]
    data: memoryview


def read_soundfont(path: Path) -> SoundFont:
    """Read the first preset of a SoundFont 2 or 3 file. The samples stay where they are, in the file.

    Raises:
        InputError: If it cannot be read.

    """
    try:
        with path.open("rb") as file:
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        chunks = dict(sample_and_table_chunks(content))
        tables = {name: np.frombuffer(chunks[name], np.dtype(fields)) for name, fields in TABLES.items()}
        return SoundFont(tuple(map(_sample, tables["shdr"][:-1])), tuple(_zones(tables)), chunks["smpl"])
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise InputError(f"{path} cannot be read as a SoundFont ({error}): name an .sf2 or .sf3 file") from error


def sample_and_table_chunks(content: memoryview) -> Iterator[tuple[str, memoryview]]:
    """Yield the innermost chunks of a RIFF file, name and content (specification, 3)."""
    if bytes(content[:4]) != b"RIFF" or bytes(content[8:12]) != b"sfbk":
        raise ValueError("it does not begin as one")
    for name, chunk in _chunks(content[12:]):
        if name == "LIST":
            yield from _chunks(chunk[4:])


def _chunks(content: memoryview) -> Iterator[tuple[str, memoryview]]:
    place = 0
    while place + 8 <= len(content):
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        yield bytes(content[place : place + 4]).decode("latin-1"), content[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _sample(row: Any) -> Sample:
    is_vorbis = bool(row["kind"] & 0x10)
    base = 0 if is_vorbis else int(row["start"])
    return Sample(
        start=int(row["start"]),
        end=int(row["end"]),
        loop_start=int(row["loop_start"]) - base,
        loop_end=int(row["loop_end"]) - base,
        rate=int(row["rate"]),
        root=int(row["root"]),
        correction=int(row["correction"]),
        is_vorbis=is_vorbis,
    )


def _zones(tables: Mapping[str, Table]) -> Iterator[Zone]:
    """Yield the preset's zones, each with those of its instrument that it shares keys and velocities with."""
    instruments = [list(_bags(tables, "i", tables["inst"]["bag"], index)) for index in range(len(tables["inst"]) - 1)]
    for preset in _bags(tables, "p", tables["phdr"]["bag"], 0):
        for inner in instruments[preset.generators[Generator.INSTRUMENT]]:
            yield _joined(preset, inner)


@dataclass(frozen=True, slots=True)
class _Bag:
    """Generators and modulators of one zone, those of its level's global zone behind them."""

    generators: Mapping[int, int]
    modulators: Mapping[tuple[int, int], Modulator]


def _bags(tables: Mapping[str, Table], level: str, first_bags: NDArray[Any], owner: int) -> Iterator[_Bag]:
    bags, generators, modulators = (tables[f"{level}{name}"] for name in ("bag", "gen", "mod"))
    behind = _Bag({}, {})
    for index in range(first_bags[owner], first_bags[owner + 1]):
        (first, first_moved), (last, last_moved) = bags[index].item(), bags[index + 1].item()
        own = dict(generators[first:last].tolist())
        moved = {
            (source, target): Modulator(source, target, amount)
            for source, target, amount, _, _ in modulators[first_moved:last_moved].tolist()
        }
        bag = _Bag({**behind.generators, **own}, {**behind.modulators, **moved})
        if index == first_bags[owner] and not {Generator.INSTRUMENT, Generator.SAMPLE} & own.keys():
            behind = bag
        else:
            yield bag


def _joined(preset: _Bag, inner: _Bag) -> Zone:
    """Put a preset's zone on top of an instrument's: ranges meet, all other values add up (specification, 9.4)."""
    generators: dict[int, int] = {
        number: inner.generators.get(number, DEFAULTS.get(number, 0)) + preset.generators.get(number, 0)
        for number in Generator
        if number not in _RANGES
    }
    ranges = [[_range(bag.generators.get(number, DEFAULTS[number])) for bag in (preset, inner)] for number in _RANGES]
    keys, velocities = ((max(a[0], b[0]), min(a[1], b[1])) for a, b in ranges)
    modulators = (*inner.modulators.values(), *preset.modulators.values())
    return Zone(generators[Generator.SAMPLE], keys, velocities, generators, modulators)


def _range(amount: int) -> tuple[int, int]:
    return amount & 0x7F, amount >> 8 & 0x7F
