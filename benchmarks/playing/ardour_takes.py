"""What Ardour has recorded: its tempo map, and the notes of a take on its grid."""

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import mido

RATE: Final = 48_000


@dataclass(frozen=True, slots=True)
class TempoMap:
    """Which quarter is where.

    Attributes:
        points: (quarter, bpm) of each tempo, the first at quarter 0.

    """

    points: tuple[tuple[int, float], ...]

    def sample_at(self, quarter: float) -> float:
        """Return the sample of a position in quarters."""
        begins = self._begins()
        index = max(0, bisect_right(self.points, quarter, key=lambda point: point[0]) - 1)
        start, bpm = self.points[index]
        return begins[index] + (quarter - start) * RATE * 60 / bpm

    def quarter_at(self, sample: float) -> float:
        """Return the position of a sample in quarters."""
        begins = self._begins()
        index = max(0, bisect_right(begins, sample) - 1)
        start, bpm = self.points[index]
        return start + (sample - begins[index]) * bpm / (RATE * 60)

    def _begins(self) -> list[float]:
        begins = [0.0]
        for (start, bpm), (end, _) in zip(self.points, self.points[1:], strict=False):
            begins.append(begins[-1] + (end - start) * RATE * 60 / bpm)
        return begins


@dataclass(frozen=True, slots=True)
class TakenNote:
    """A note as Ardour has it.

    Attributes:
        pitch: MIDI note number.
        start: Sample of the session at which it starts.
        end: Sample at which it ends.

    """

    pitch: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Take:
    """What one recording left.

    Attributes:
        notes: By their starts.
        hanging: Pitches with a note-on that has no note-off, or a note-off without a note-on.

    """

    notes: list[TakenNote]
    hanging: list[int]


def read_take(path: Path, start_sample: float, tempo_map: TempoMap) -> Take:
    """Read a MIDI file of Ardour's; it counts in quarters by the session's tempo map."""
    file = mido.MidiFile(path)
    quarter = tempo_map.quarter_at(start_sample)
    sounding: dict[int, float] = {}
    notes, hanging = [], []
    for message in mido.merge_tracks(file.tracks):
        quarter += message.time / file.ticks_per_beat
        if message.type not in ("note_on", "note_off"):
            continue
        sample = tempo_map.sample_at(quarter)
        starts = message.type == "note_on" and message.velocity > 0
        if message.note in sounding:
            notes.append(TakenNote(message.note, sounding.pop(message.note), sample))
            hanging += [message.note] * starts
        elif not starts:
            hanging.append(message.note)
        if starts:
            sounding[message.note] = sample
    return Take(sorted(notes, key=lambda note: note.start), [*hanging, *sounding])
