"""Reading speed: our MIDI reader against music21's converter, on the same files in the same run.

Both read from the disk, without their caches and after their imports; of two runs the quicker counts. Our figure is of
`trainer.formats.midi_reader`, which also follows the pedal, the meters and the tempos; music21's is of
`converter.parse` alone.

Run: python benchmarks/training/midi_reading.py [FOLDER] [FILES]
"""

import random
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import mido
import music21

from benchmarks.common.tables import machine, print_table
from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.formats.midi_reader import read_midi

FILES, NOTES, RUNS = 8, 1500, 2
RESOLUTION = 480


def write_performance(path: Path, seed: int) -> None:
    """Two hands of NOTES notes each, with velocities, pedal and a tempo for each bar, in no composer's style."""
    draw = random.Random(seed)
    file = mido.MidiFile(ticks_per_beat=RESOLUTION)
    conductor = [mido.MetaMessage("time_signature", numerator=4, denominator=4)]
    bars = (
        mido.MetaMessage("set_tempo", tempo=draw.randrange(450_000, 650_000), time=RESOLUTION * 4) for _ in range(99)
    )
    file.tracks.append(mido.MidiTrack([*conductor, *bars]))
    for lowest in (36, 60):
        track = mido.MidiTrack()
        for _ in range(NOTES):
            pitch, length = lowest + draw.randrange(24), draw.choice([120, 240, 240, 480])
            track.append(mido.Message("note_on", note=pitch, velocity=draw.randrange(30, 110)))
            track.append(mido.Message("control_change", control=64, value=draw.choice([0, 127]), time=length // 2))
            track.append(mido.Message("note_off", note=pitch, time=length - length // 2))
        file.tracks.append(track)
    file.save(path)


def seconds(read: Callable[[], object]) -> float:
    """Time of the quickest of some runs: what the machine does besides only ever adds to it."""
    found = []
    for _ in range(RUNS):
        began = time.perf_counter()
        read()
        found.append(time.perf_counter() - began)
    return min(found)


def measure(path: Path) -> tuple[int, float, float]:
    """Notes of a file, our seconds and music21's."""
    notes = len(read_midi(path, path.name).notes)
    ours = seconds(lambda: read_midi(path, path.name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = seconds(lambda: music21.converter.parse(path, forceSource=True))
    return notes, ours, theirs


def files_in(folder: Path, count: int) -> list[Path]:
    """Some MIDI files of a folder that we can read, drawn from all of it."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".mid", ".midi"))
    random.Random(1).shuffle(paths)
    readable: list[Path] = []
    for path in paths:
        try:
            read_midi(path, path.name)
        except InputError:
            continue
        readable.append(path)
        if len(readable) == count:
            break
    return readable


def main() -> None:
    """Measure the files of a folder, or some made for it."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else made)
        if folder == Path(made):
            for seed in range(FILES):
                write_performance(folder / f"made{seed}.mid", seed)
        found = [measure(path) for path in files_in(folder, int(sys.argv[2]) if len(sys.argv) > 2 else FILES)]
    if not found:
        sys.exit(f"{folder} has no MIDI files that can be read")
    notes, ours, theirs = (sum(column) for column in zip(*found, strict=True))
    ratios = sorted(music21_seconds / our_seconds for _, our_seconds, music21_seconds in found)
    print(f"{len(found)} files, {notes:,} notes, one thread, {machine()}\n")
    rows = [
        ("ours", f"{ours:.3f}", f"{notes / ours:,.0f}", f"{theirs / ours:.0f}"),
        ("music21", f"{theirs:.3f}", f"{notes / theirs:,.0f}", "1"),
    ]
    print_table(("reader", "seconds", "notes/s", "times as fast"), rows)
    print(f"\nfile by file: {ratios[0]:.0f} to {ratios[-1]:.0f} times as fast")


if __name__ == "__main__":
    main()
