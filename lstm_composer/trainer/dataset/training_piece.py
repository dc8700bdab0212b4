"""A piece as the arrays that the network trains on.

A piece of N notes is N + 1 steps: at step i the network is told event i - 1 (the start event at step 0) and what
followed from it, and predicts event i (the end event at step N).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.music.bars import bar_numbers, bar_positions
from lstm_composer.runtime.music.event_encoding import (
    END,
    LADDER,
    PITCHES,
    SILENT,
    START,
    Event,
    encode,
    meter_class,
    quantise,
)
from lstm_composer.trainer.pieces.key_of_piece import key_class, transposed_key
from lstm_composer.trainer.pieces.piece import Piece
from lstm_composer.trainer.pieces.recollection import recollect

IntArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class EncodedPiece:
    """One piece of N notes as arrays of N + 1 steps.

    Attributes:
        name: The piece.
        style: Index of its style.
        event: int32 [N+1, 4], classes of the previous event (delta, pitch, duration, velocity).
        position: int32 [N+1], ticks since the bar line at the previous onset.
        meter: int32 [N+1], meter class at the previous onset.
        remaining: int16 [N+1, 128], ticks for which each pitch still sounds at the previous onset; 0 and below: ticks
            since it ended, no lower than SILENT.
        target: int32 [N+1, 4], classes of the event to predict.
        next_position: int32 [N+1], ticks since the bar line at the onset to predict.
        bar: int32 [N+1], bar lines since the beginning at the previous onset.
        candidates: int16 [N+1, CANDIDATES, FIELDS], what the piece's own past suggests, see
            `trainer.pieces.recollection`.
        times: int16 [N+1], how often the passage before has been there already, likewise.
        key: Its key, 0..11 major from C on, 12..23 minor, 24 where none is clear.

    """

    name: str
    style: int
    event: IntArray
    position: IntArray
    meter: IntArray
    remaining: NDArray[np.int16]
    target: IntArray
    next_position: IntArray
    bar: IntArray
    candidates: NDArray[np.int16]
    times: NDArray[np.int16]
    key: int

    @property
    def steps(self) -> int:
        """Steps in the sequence: its notes and the end."""
        return len(self.target)

    @property
    def notes(self) -> int:
        """Notes in the piece."""
        return self.steps - 1


def encode_piece(piece: Piece, style: int = 0) -> EncodedPiece:
    """Lay a piece out as a sequence; positions come from the piece's own meters."""
    notes = quantise(piece.notes)
    classes = _event_classes(encode(notes))
    onsets = [0, *(note.onset for note in notes)]
    bars = bar_positions(piece.meters, onsets)
    position = np.array([position for position, _ in bars], np.int32)
    past = recollect(classes[1:-1], onsets, [meter.ticks_per_bar for _, meter in bars])
    return EncodedPiece(
        name=piece.name,
        style=style,
        event=classes[:-1],
        position=position,
        meter=np.array([meter_class(meter) for _, meter in bars], np.int32),
        remaining=remaining_table(classes[1:-1], onsets),
        target=classes[1:],
        next_position=np.append(position[1:], 0).astype(np.int32),
        bar=np.array(bar_numbers(piece.meters, onsets), np.int32),
        candidates=past.candidates,
        times=past.times,
        key=key_class(piece),
    )


def _event_classes(events: list[Event]) -> IntArray:
    """Class rows [N+2, 4] of start event, events and end event."""
    rows = [START, *events, END]
    return np.array([(e.delta, e.pitch, e.duration, e.velocity) for e in rows], np.int32)


def remaining_table(events: IntArray, onsets: list[int]) -> NDArray[np.int16]:
    """Ticks for which each pitch still sounds after each of the first i events.

    Args:
        events: [N, 4] classes.
        onsets: N + 1 positions in ticks: of the start, then of each event.

    Returns:
        int16 [N+1, 128]; see `Sequence.remaining`.

    """
    table = np.full((len(events) + 1, PITCHES), SILENT, np.int16)
    for step, (_, pitch, duration, _) in enumerate(events, start=1):
        table[step] = np.maximum(table[step - 1] - min(onsets[step] - onsets[step - 1], LADDER[-1]), SILENT)
        table[step, pitch] = LADDER[duration]
    return table


ARRAYS = ("event", "position", "meter", "remaining", "target", "next_position", "bar", "candidates", "times")
"""The attributes of a sequence that hold something for each of its steps."""


def part_of(sequence: EncodedPiece, start: int, stop: int) -> EncodedPiece:
    """Return the steps from `start` to `stop` of a sequence; the arrays are views of its own."""
    return replace(sequence, **{name: getattr(sequence, name)[start:stop] for name in ARRAYS})


def transposed(sequence: EncodedPiece, semitones: int) -> EncodedPiece:
    """The same piece `semitones` higher; no pitch may leave 0..127 (see `transposition_range`)."""
    if semitones == 0:
        return sequence
    event, target, suggested = sequence.event.copy(), sequence.target.copy(), sequence.candidates.copy()
    for classes in (event, target):
        sounding = classes[:, 1] < PITCHES
        classes[sounding, 1] += semitones
    pitches = suggested[..., 1]
    pitches[pitches < PITCHES] += semitones
    pitches[(pitches < 0) | (pitches > PITCHES)] = PITCHES
    return replace(
        sequence,
        event=event,
        target=target,
        remaining=np.roll(sequence.remaining, semitones, axis=1),
        candidates=suggested,
        key=transposed_key(sequence.key, semitones),
    )


def transposition_range(sequence: EncodedPiece, lowest: int = -5, highest: int = 6) -> range:
    """Semitones by which a piece may be moved: all twelve keys by default, as far as its pitches stay in 0..127."""
    pitches = sequence.target[:-1, 1]
    return range(max(lowest, -int(pitches.min())), min(highest, PITCHES - 1 - int(pitches.max())) + 1)
