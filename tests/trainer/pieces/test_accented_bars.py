"""Bar lines from accents: a pickup that a MIDI file does not show ends bar 1 all the same."""

from itertools import accumulate, chain, repeat
from pathlib import Path

import mido
import pytest

from lstm_composer.runtime.music.bars import MeterChange, bar_positions, in_order
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.formats.midi_reader import read_midi
from lstm_composer.trainer.pieces.accented_bars import accented_bars

STRONG, WEAK = 105, 80
EIGHTH = 12


def tune(*lengths: int, loud_at_bar_lines: bool = True) -> list[Note]:
    """Notes of an eighth that fill measures of these lengths, the first of each accented, as abc2midi has them."""
    starts = list(accumulate(lengths, initial=0))
    loud = set(starts if loud_at_bar_lines else ())
    return [
        Note(onset, 60 + onset // EIGHTH % 12, EIGHTH, STRONG if onset in loud else WEAK)
        for onset in range(0, starts[-1], EIGHTH)
    ]


def bar_lines(notes: list[Note], meter: Meter) -> list[int]:
    """Where notes begin bars, as they were before they were moved."""
    shift, changes = accented_bars(notes, [MeterChange(0, meter)])
    moved = [note.onset + shift for note in notes]
    places = bar_positions(in_order(changes), moved)
    return [note.onset for note, (place, _) in zip(notes, places, strict=True) if place == 0]


@pytest.mark.parametrize("pickup", [EIGHTH, 24, 36, 60, 84])
def test_a_pickup_ends_bar_1(pickup: int) -> None:
    notes = tune(pickup, *repeat(96, 8))
    assert bar_lines(notes, Meter()) == [pickup + 96 * bar for bar in range(8)]


def test_a_rest_before_the_first_note_is_part_of_the_pickup() -> None:
    notes = [Note(n.onset + EIGHTH, n.pitch, n.duration, n.velocity) for n in tune(*repeat(96, 8))]
    shift, changes = accented_bars(notes, [MeterChange(0, Meter())])
    assert shift == 84
    assert in_order(changes) == (MeterChange(0, Meter()),)


def test_a_bar_that_a_repeat_sign_cuts_in_two_is_one_bar() -> None:
    # A jig with a pickup of an eighth before each of its two parts.
    part = [EIGHTH, *repeat(72, 7), 60]
    notes = tune(*part, *part)
    assert bar_lines(notes, Meter(6, 8)) == [EIGHTH + 72 * bar for bar in range(16)]


def test_a_bar_that_is_cut_short_moves_the_bar_lines() -> None:
    notes = tune(*repeat(96, 8), 48, *repeat(96, 8))
    assert bar_lines(notes, Meter()) == [*range(0, 9 * 96, 96), *range(8 * 96 + 48, 16 * 96 + 48, 96)]


@pytest.mark.parametrize(
    "notes",
    [
        pytest.param(tune(*repeat(96, 8), loud_at_bar_lines=False), id="one velocity"),
        pytest.param(tune(*repeat(48, 16)), id="two accents a bar"),
        pytest.param(tune(24, *repeat(120, 8)), id="accents that follow another meter"),
        pytest.param(tune(24, 96, 96), id="too few bars"),
        pytest.param(
            [Note(n.onset, n.pitch, n.duration, n.velocity - n.onset // 96) for n in tune(24, *repeat(96, 16))],
            id="too many velocities",
        ),
        pytest.param(
            list(chain(tune(24, *repeat(96, 3)), (Note(24 + 96 * 3 + at, 60, 12, WEAK) for at in range(0, 960, 12)))),
            id="accents in the beginning only",
        ),
    ],
)
def test_music_whose_accents_say_nothing_stays_as_it_is(notes: list[Note]) -> None:
    meters = [MeterChange(0, Meter())]
    assert accented_bars(notes, meters) == (0, meters)


def test_meters_that_change_stay_as_they_are() -> None:
    meters = [MeterChange(0, Meter()), MeterChange(96, Meter(3, 4))]
    assert accented_bars(tune(24, *repeat(96, 8)), meters) == (0, meters)


def test_a_file_with_a_pickup_is_read_so(tmp_path: Path) -> None:
    track = mido.MidiTrack()
    for note in tune(24, *repeat(72, 8)):
        track.append(mido.Message("note_on", note=note.pitch, velocity=note.velocity))
        track.append(mido.Message("note_off", note=note.pitch, time=note.duration))
    track.insert(0, mido.MetaMessage("time_signature", numerator=3, denominator=4))
    path = tmp_path / "pickup.mid"
    mido.MidiFile(ticks_per_beat=24, tracks=[track]).save(path)
    piece = read_midi(path, path.name)
    assert piece.notes[0].onset == 48
    assert piece.meters == (MeterChange(0, Meter(3, 4)),)
