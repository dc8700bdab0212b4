"""What the sustain pedal makes of a corpus, style by style, in three ways of reading the same files.

- keys: notes end where the keys are let go of;
- own track: the pedal counts for the notes of its own track alone, which is how version 0.1 read;
- channel: the pedal counts for its channel, whatever track it stands in, which is how files are played.

Run: python benchmarks/training/pedal.py FOLDER     (a folder for each style, such as recipes/base_corpus.py makes)
     python benchmarks/training/pedal.py --ends FOLDER     (why each note ends where it does, of the files that have a
         pedal)
"""

import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.common.tables import print_table
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.messages import SUSTAIN_PEDAL
from lstm_composer.runtime.midi.reader import LONGEST_HELD_TICKS, MidiMusic, music_of
from lstm_composer.runtime.midi.smf import TICK_SHIFT, MidiFile, parse_midi
from lstm_composer.runtime.music.bars import bar_positions, in_order
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, end_of, rescale_tick
from lstm_composer.trainer.pieces.piece import timing_of

CROWDED = 6
"""So many different pitch classes at once are more than one harmony, which has three to five."""


class Figures(NamedTuple):
    """Sums over the pieces of a style."""

    notes: int = 0
    ticks: int = 0  # of all notes
    sounding: int = 0  # ticks in which anything sounds
    longer_than_bar: int = 0
    restruck: int = 0  # ended by the next one of their pitch
    capped: int = 0
    crowded: int = 0  # ticks with CROWDED pitch classes or more

    def plus(self, other: "Figures") -> "Figures":
        """Add figure by figure."""
        return Figures(*(one + two for one, two in zip(self, other, strict=True)))


def keys_only(file: MidiFile) -> MidiFile:
    """Take the pedal away."""
    for track in file.tracks:
        kept = [one for one in track.events if (one >> 20 & 0xF, one >> 8 & 0x7F) != (0xB, SUSTAIN_PEDAL)]
        track.events = array("q", kept)
    return file


def own_tracks(file: MidiFile) -> MidiFile:
    """Give each track a keyboard of its own."""
    for number, track in enumerate(file.tracks):
        track.port = number
    return file


READINGS: dict[str, Callable[[MidiFile], MidiFile]] = {
    "keys": keys_only,
    "own track": own_tracks,
    "channel": lambda file: file,
}


def figures_of(music: MidiMusic) -> Figures:
    """Look at the notes of a piece."""
    meters = in_order(music.meters)
    notes = music.notes
    bars = [meter.ticks_per_bar for _, meter in bar_positions(meters, [note.onset for note in notes])]
    following: dict[int, int] = {}
    restruck = 0
    for note in reversed(notes):
        restruck += following.get(note.pitch) == note.end
        following[note.pitch] = note.onset
    classes = np.zeros((12, end_of(notes)), np.int16)
    for note in notes:
        classes[note.pitch % 12, note.onset : note.end] += 1
    at_once = (classes > 0).sum(axis=0)
    return Figures(
        notes=len(notes),
        ticks=sum(note.duration for note in notes),
        sounding=int((at_once > 0).sum()),
        longer_than_bar=sum(note.duration > bar for note, bar in zip(notes, bars, strict=True)),
        restruck=restruck,
        capped=sum(note.duration >= LONGEST_HELD_TICKS for note in notes),
        crowded=int((at_once >= CROWDED).sum()),
    )


def pedalled(file: MidiFile) -> bool:
    """Whether a pedal is pressed in a file."""
    return any(
        one >> 20 & 0xF == 0xB and one >> 8 & 0x7F == SUSTAIN_PEDAL and one & 0x7F >= 64
        for track in file.tracks
        for one in track.events
    )


def files_of(folder: Path) -> Iterator[bytes]:
    """Contents of all MIDI files below a folder that can be read."""
    for path in sorted(folder.rglob("*.mid")):
        data = path.read_bytes()
        try:
            if music_of(parse_midi(data)).notes:
                yield data
        except InputError:
            continue


class Ends(NamedTuple):
    """Notes by what ends them; those that nothing here explains would be a fault of the reader."""

    key: int = 0
    lift: int = 0
    struck_again: int = 0
    longest: int = 0
    unexplained: int = 0

    def plus(self, other: "Ends") -> "Ends":
        """Add figure by figure."""
        return Ends(*(one + two for one, two in zip(self, other, strict=True)))


def ends_of(data: bytes) -> tuple[Ends, float]:
    """Ask of each note why it ends, and how many seconds the file lasts."""
    file = parse_midi(data)
    ticks = {
        rescale_tick(one >> TICK_SHIFT, file.resolution)
        for track in file.tracks
        for one in track.events
        if is_lift(one)
    }
    last = max(rescale_tick(track.end_tick, file.resolution) for track in file.tracks)
    keys = {(note.onset, note.pitch): note.end for note in music_of(keys_only(parse_midi(data))).notes}
    music = music_of(file)
    struck = {(note.onset, note.pitch) for note in music.notes}
    found = Counter(
        "key"
        if keys.get((note.onset, note.pitch)) == note.end
        else "struck_again"
        if (note.end, note.pitch) in struck
        else "lift"
        if note.end in ticks or note.end == last
        else "longest"
        if note.duration == LONGEST_HELD_TICKS
        else "unexplained"
        for note in music.notes
    )
    return Ends(**found), timing_of(music.tempos, end_of(music.notes)).seconds


def is_lift(event: int) -> bool:
    """Whether a message lifts the pedal."""
    return (event >> 20 & 0xF, event >> 8 & 0x7F) == (0xB, SUSTAIN_PEDAL) and event & 0x7F < 64


def show_ends(folder: Path) -> None:
    """Print why notes end, for each folder."""
    rows = []
    for style in sorted(path for path in folder.iterdir() if path.is_dir()):
        total, seconds, pieces = Ends(), 0.0, 0
        for data in files_of(style):
            if pedalled(parse_midi(data)):
                ends, length = ends_of(data)
                total, seconds, pieces = total.plus(ends), seconds + length, pieces + 1
        if pieces:
            rows.append((style.name, pieces, f"{seconds / 60:.0f}", f"{sum(total):,}", *(f"{one:,}" for one in total)))
    print_table(
        ("folder", "pieces", "minutes", "notes", "key", "lift", "struck again", "16 quarters", "unexplained"), rows
    )


def main() -> None:
    """Read each style in each way."""
    if len(sys.argv) == 3 and sys.argv[1] == "--ends":
        show_ends(Path(sys.argv[2]))
        return
    if len(sys.argv) != 2:
        sys.exit("say which folder: one with a folder for each style")
    rows: list[tuple[str, ...]] = []
    for folder in sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir()):
        found: dict[str, Figures] = defaultdict(Figures)
        pieces = with_pedal = 0
        for data in files_of(folder):
            pieces += 1
            with_pedal += pedalled(parse_midi(data))
            for name, change in READINGS.items():
                found[name] = found[name].plus(figures_of(music_of(change(parse_midi(data)))))
        if pieces:
            rows.append(row_of(folder.name, pieces, with_pedal, [found[name] for name in READINGS]))
    head = ("style", "pieces", "with pedal", "notes")
    print("In each column: " + " / ".join(READINGS) + "\n")
    columns = (
        "quarters a note",
        "sounding at once",
        "longer than a bar, %",
        "restruck, %",
        "16 quarters, %",
        "crowded, %",
    )
    print_table((*head, *columns), rows)


def row_of(style: str, pieces: int, with_pedal: int, found: list[Figures]) -> tuple[str, ...]:
    """Show the figures of a style."""

    def shown(figure: Callable[[Figures], float], digits: int) -> str:
        return " / ".join(f"{figure(one):.{digits}f}" for one in found)

    return (
        style,
        str(pieces),
        str(with_pedal),
        " / ".join(f"{one.notes:,}" for one in found),
        shown(lambda one: one.ticks / one.notes / TICKS_PER_QUARTER, 2),
        shown(lambda one: one.ticks / one.sounding, 1),
        shown(lambda one: 100 * one.longer_than_bar / one.notes, 1),
        shown(lambda one: 100 * one.restruck / one.notes, 0),
        shown(lambda one: 100 * one.capped / one.notes, 2),
        shown(lambda one: 100 * one.crowded / one.sounding, 1),
    )


if __name__ == "__main__":
    main()
