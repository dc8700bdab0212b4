"""Make lstm_composer/runtime/sound/piano.sf3: the grand piano of MuseScore_General, small enough to ship.

The source is MuseScore_General_Full.sf2 (MIT licence) of Debian's package musescore-general-soundfont-lossless
0.2.1-1; `COPYRIGHT.musescore-general.txt` beside the piano is that package's copyright file. What is done to it:

- Left and right of a sample become one in the middle. (Mono halves the size; the sampler spreads the keys itself.)
- A sample without a loop ends after eight seconds, its last two fifths faded out.
- Samples become Ogg Vorbis streams, as in SoundFont 3.
- Velocities 1 and 2, which sound nothing in the source, sound like 3.
- The loudest of its layers is 1.5 dB louder: on some keys a stroke at 108 was up to 1.3 dB softer than one at 107.

Run: pip install soundfile; python recipes/cut_piano.py MuseScore_General_Full.sf2 lstm_composer/runtime/sound/piano.sf3
"""

import io
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from lstm_composer.runtime.sound.soundfont import TABLES, Generator, sample_and_table_chunks

PROGRAM, BANK = 0, 0
LONGEST_SECONDS: Final = 8.0
FADED_SHARE: Final = 0.4
COMPRESSION: Final = 0.6  # of libsndfile: 0 is best, 1 is smallest
LOUDEST_LAYER: Final = 108  # the lowest velocity of that layer
LOUDEST_LAYER_CENTIBELS: Final = -38  # of attenuation, of which synthesizers take 0.4
LOWEST_VELOCITY: Final = 3
MONO, RIGHT, LEFT, VORBIS = 1, 2, 4, 0x10
NAME: Final = "LSTM Composer piano"

Table = NDArray[np.void]
Row = dict[int, int]


@dataclass(frozen=True, slots=True)
class Zone:
    """Generators in their order, which the format prescribes, and the modulators' rows."""

    generators: Row
    modulators: Table


@dataclass(frozen=True, slots=True)
class Owner:
    """A preset or an instrument: its row and its zones."""

    row: np.void
    zones: list[Zone]


def read_tables(path: Path) -> tuple[dict[str, memoryview], dict[str, Table]]:
    """Return the chunks of a SoundFont file and its tables."""
    chunks = dict(sample_and_table_chunks(memoryview(path.read_bytes())))
    return chunks, {name: np.frombuffer(chunks[name], np.dtype(fields)) for name, fields in TABLES.items()}


def owner(tables: Mapping[str, Table], level: str, index: int) -> Owner:
    """Return one preset (level "p") or instrument (level "i")."""
    heads = tables["phdr" if level == "p" else "inst"]
    bags, generators, modulators = (tables[level + name] for name in ("bag", "gen", "mod"))
    zones = []
    for bag in range(heads["bag"][index], heads["bag"][index + 1]):
        (first, first_moved), (last, last_moved) = bags[bag].item(), bags[bag + 1].item()
        zones.append(Zone(dict(generators[first:last].tolist()), modulators[first_moved:last_moved]))
    return Owner(heads[index], zones)


def changed_preset(preset: Owner, instruments: list[int]) -> Owner:
    """Number the instruments anew, and mend the velocities and the loudest layer."""
    zones = []
    usual = preset.zones[0].generators  # the first zone is for all others: they say what differs
    for zone in preset.zones:
        generators = dict(zone.generators)
        low, high = velocities(generators)
        if low == LOWEST_VELOCITY:
            generators[Generator.VELOCITY_RANGE] = 1 | high << 8
        if low == LOUDEST_LAYER:
            before = generators.get(Generator.ATTENUATION, usual.get(Generator.ATTENUATION, 0))
            generators[Generator.ATTENUATION] = before + LOUDEST_LAYER_CENTIBELS
        if Generator.INSTRUMENT in generators:
            generators[Generator.INSTRUMENT] = instruments.index(generators[Generator.INSTRUMENT])
        zones.append(Zone(ordered(generators), zone.modulators))
    return Owner(preset.row, zones)


def velocities(generators: Row) -> tuple[int, int]:
    """Lowest and highest velocity of a zone."""
    amount = generators.get(Generator.VELOCITY_RANGE, 127 << 8)
    return amount & 0x7F, amount >> 8 & 0x7F


def ordered(generators: Mapping[int, int]) -> Row:
    """Key range first, then velocity range; instrument or sample last (specification 2.04, 8.1.2)."""
    places: dict[int, int] = {
        Generator.KEY_RANGE: 0,
        Generator.VELOCITY_RANGE: 1,
        Generator.INSTRUMENT: 3,
        Generator.SAMPLE: 3,
    }
    return dict(sorted(generators.items(), key=lambda item: places.get(item[0], 2)))


def changed_instrument(instrument: Owner, tables: Mapping[str, Table], samples: dict[int, int]) -> Owner:
    """Leave out the right samples and all panorama, and number the samples anew; `samples` grows with each new one."""
    zones = []
    for zone in instrument.zones:
        generators = {number: amount for number, amount in zone.generators.items() if number != Generator.PAN}
        number = generators.get(Generator.SAMPLE)
        if number is not None:
            if tables["shdr"]["kind"][number] == RIGHT:
                continue
            generators[Generator.SAMPLE] = samples.setdefault(number, len(samples))
        zones.append(Zone(generators, zone.modulators))
    return Owner(instrument.row, zones)


def cut_sample(tables: Mapping[str, Table], frames: NDArray[Any], number: int) -> tuple[NDArray[Any], tuple[int, int]]:
    """Return a sample as one channel within -1..1, and its loop; one without a loop is cut and faded."""
    row = tables["shdr"][number]
    sound = frames[row["start"] : row["end"]] / 32768
    if row["kind"] == LEFT:
        other = tables["shdr"][row["link"]]
        right = frames[other["start"] : other["end"]] / 32768
        length = min(len(sound), len(right))
        sound = (sound[:length] + right[:length]) / 2
    longest = int(LONGEST_SECONDS * row["rate"])
    if len(sound) <= longest:
        return sound, (int(row["loop_start"] - row["start"]), int(row["loop_end"] - row["start"]))
    sound = sound[:longest].copy()
    faded = int(longest * FADED_SHARE)
    sound[-faded:] *= (np.cos(np.linspace(0, np.pi, faded)) + 1) / 2
    return sound, (0, 0)


def sample_chunk(tables: Mapping[str, Table], frames: NDArray[Any], numbers: Iterable[int]) -> tuple[bytes, Table]:
    """Return the streams of the samples one after another, and their table."""
    streams, rows = b"", []
    for number in numbers:
        row = tables["shdr"][number].copy()
        sound, (row["loop_start"], row["loop_end"]) = cut_sample(tables, frames, number)
        file = io.BytesIO()
        soundfile.write(file, sound, int(row["rate"]), format="OGG", subtype="VORBIS", compression_level=COMPRESSION)
        row["start"], row["end"] = len(streams), len(streams) + len(file.getvalue())
        row["link"], row["kind"] = 0, MONO | VORBIS
        streams += file.getvalue() + bytes(len(file.getvalue()) % 2)
        rows.append(row)
    end = np.zeros(1, tables["shdr"].dtype)
    end["name"] = b"EOS"
    return streams, np.array([*rows, *end], tables["shdr"].dtype)


def table_chunks(level: str, owners: list[Owner], tables: Mapping[str, Table]) -> Iterator[tuple[str, bytes]]:
    """Yield the four tables of presets or instruments."""
    head, dtype = ("phdr", "EOP") if level == "p" else ("inst", "EOI"), tables["phdr" if level == "p" else "inst"].dtype
    rows: list[np.void] = []
    bags: list[tuple[int, int]] = []
    generators: list[tuple[int, int]] = []
    modulators: list[tuple[int, ...]] = []
    for one in owners:
        row = one.row.copy()
        row["bag"] = len(bags)
        rows.append(row)
        for zone in one.zones:
            bags.append((len(generators), len(modulators)))
            generators += list(zone.generators.items())
            modulators += zone.modulators.tolist()
    end = np.zeros(1, dtype)
    end["name"], end["bag"] = head[1].encode(), len(bags)
    bags.append((len(generators), len(modulators)))
    yield head[0], np.array([*rows, *end], dtype).tobytes()
    for name, filled in (("bag", bags), ("mod", [*modulators, (0,) * 5]), ("gen", [*generators, (0, 0)])):
        yield level + name, np.array(filled, tables[level + name].dtype).tobytes()


def chunk(name: str, content: bytes) -> bytes:
    """Return a RIFF chunk."""
    return name.encode() + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def listed(name: str, chunks: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a LIST chunk of chunks."""
    return chunk("LIST", name.encode() + b"".join(chunk(*one) for one in chunks))


def words(text: bytes) -> bytes:
    """End a text with one or two zeros, so that it is of even length."""
    text = text.split(b"\0")[0] + b"\0"
    return text + bytes(len(text) % 2)


def cut(source: Path, output: Path) -> None:
    """Write the piano."""
    chunks, tables = read_tables(source)
    presets = tables["phdr"][:-1]
    index = int(np.flatnonzero((presets["program"] == PROGRAM) & (presets["bank"] == BANK))[0])
    preset = owner(tables, "p", index)
    numbers = list(dict.fromkeys(
        zone.generators[Generator.INSTRUMENT] for zone in preset.zones if Generator.INSTRUMENT in zone.generators
    ))  # fmt: skip
    samples: dict[int, int] = {}
    instruments = [changed_instrument(owner(tables, "i", number), tables, samples) for number in numbers]
    streams, headers = sample_chunk(tables, np.frombuffer(chunks["smpl"], "<i2"), samples)
    info = [("ifil", struct.pack("<HH", 3, 1)), ("isng", words(b"EMU8000")), ("INAM", words(NAME.encode()))]
    info += [(name, words(bytes(chunks[name]))) for name in ("ICMT", "ICOP")]
    tables_written = [
        *table_chunks("p", [changed_preset(preset, numbers)], tables),
        *table_chunks("i", instruments, tables),
        ("shdr", headers.tobytes()),
    ]
    content = b"sfbk" + listed("INFO", info) + listed("sdta", [("smpl", streams)]) + listed("pdta", tables_written)
    output.write_bytes(chunk("RIFF", content))
    print(f"{output}: {output.stat().st_size:,} bytes, {len(instruments)} instruments, {len(samples)} samples")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: cut_piano.py SOURCE.sf2 OUTPUT.sf3")
    cut(Path(sys.argv[1]), Path(sys.argv[2]))
