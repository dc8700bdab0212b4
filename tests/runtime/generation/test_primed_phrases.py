"""Giving the network notes: it goes on as if it had made them itself."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.generation.ensemble import Ensemble
from lstm_composer.runtime.generation.free_voice import FreeVoice, make_advance
from lstm_composer.runtime.generation.priming import GRIDS, after_last_long_rest, primed_state, snap_to_grid
from lstm_composer.runtime.generation.voice import NoteWithState, note_stream
from lstm_composer.runtime.generation.voice_state import FreeState
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.midi.writer import midi_bytes
from lstm_composer.runtime.music.event_encoding import VELOCITY_STEP
from lstm_composer.runtime.music.notes import Meter, Note, without_overlaps
from lstm_composer.runtime.session.loading import load_composer
from tests.runtime.free_music import free_of
from tests.runtime.one_style import asked_of

BAR = 96
WARM = GraphInputs(style=(1.0,), min_p=0.02, shortest_piece_bars=1000)
Make = Callable[..., Any]

NOTES = st.lists(
    st.builds(Note, st.integers(0, 2000), st.integers(0, 127), st.integers(1, 300), st.integers(1, 127)), max_size=40
)


def stream(engine: Engine, seed: int, count: int) -> list[NoteWithState[FreeState]]:
    advance = make_advance(engine, asked_of(engine, WARM), seed)
    return list(islice(note_stream(advance, FreeState(engine.start())), count))


@pytest.mark.parametrize("seed", range(4))
def test_fed_with_its_own_notes_it_is_where_it_was(bach: Engine, seed: int) -> None:
    placed = stream(bach, seed, 60)
    # Where an event made no note, or a chord was not made upwards, the notes tell less than the network remembers.
    whole = next(
        (
            index
            for index, one in enumerate(placed)
            if index and (one.before.number != index or one.note < placed[index - 1].note)
        ),
        len(placed) - 1,
    )
    assert whole > 8
    before = placed[whole - 1].before
    notes = [one.note for one in placed[: whole - 1]]
    cursor = primed_state(bach, FreeVoice(bach, asked_of(bach, WARM), seed + 100), notes, FreeState(bach.start()))
    assert (cursor.onset, cursor.number, cursor.last_end) == (before.onset, before.number, before.last_end)
    for name, expected in before.network.tensors.items():
        np.testing.assert_allclose(cursor.network.tensors[name], expected, atol=1e-5)
    # So the music that comes is the music that would have come.
    advance = make_advance(bach, asked_of(bach, WARM), seed)
    after, expected_after = (list(islice(note_stream(advance, place), 8)) for place in (cursor, before))
    assert [one.note for one in after] == [one.note for one in expected_after]


def test_how_loud_a_phrase_is_reaches_the_network(bach: Engine) -> None:
    def event_after(velocity: int) -> int:
        notes = [Note(0, 60, 24, velocity)]
        player = FreeVoice(bach, asked_of(bach, WARM), 0)
        return int(primed_state(bach, player, notes, FreeState(bach.start())).network.event[0, 3])

    assert [event_after(velocity) for velocity in (1, 64, 127)] == [0, 64 // VELOCITY_STEP, 127 // VELOCITY_STEP]


@given(notes=NOTES)
def test_any_phrase_can_be_given(tiny: Engine, notes: list[Note]) -> None:
    ensemble = Ensemble(tiny, [WARM])
    tick = 2400
    place = ensemble.after(snap_to_grid(notes), tick)
    assert free_of(place).not_before == tick
    assert tick - BAR <= place.onset <= tick


@given(notes=NOTES)
def test_a_phrase_is_moved_onto_a_grid(notes: list[Note]) -> None:
    moved = snap_to_grid(notes)
    assert moved == without_overlaps(moved)
    assert all(any(note.onset % grid == 0 for grid in GRIDS) and note.duration >= 1 for note in moved)
    assert {note.pitch for note in moved} == {note.pitch for note in notes}


@pytest.mark.parametrize(
    ("played", "meant"),
    [((1, 23), (0, 24)), ((13, 11), (12, 12)), ((9, 6), (8, 8)), ((15, 9), (16, 8)), ((47, 2), (48, 6))],
)
def test_sixteenths_and_triplets_are_what_a_player_means(played: tuple[int, int], meant: tuple[int, int]) -> None:
    assert snap_to_grid([Note(played[0], 60, played[1], 80)]) == [Note(meant[0], 60, meant[1], 80)]


def test_what_comes_before_a_long_rest_is_left_out() -> None:
    notes = [Note(0, 60, 24, 80), Note(400, 62, 24, 80), Note(700, 64, 24, 80), Note(1100, 65, 24, 80)]
    assert after_last_long_rest(notes) == notes[3:]
    assert after_last_long_rest(notes[:3]) == notes[1:3]
    assert after_last_long_rest([]) == []


@pytest.fixture
def primer(tmp_path: Path) -> Path:
    """Five quarters in 3/4 at 90 bpm: the music goes on in bar 3."""
    path = tmp_path / "primer.mid"
    notes = [Note(24 * index, 60 + index, 24, 80) for index in range(5)]
    path.write_bytes(midi_bytes(notes, tempo_bpm=90, meter=Meter(3, 4), end_tick=144))
    return path


def test_a_primer_is_gone_on_with_from_bar_1(music: Make, primer: Path, made: Make) -> None:
    prepared = load_composer(music(primer=primer, bars=2, temperature=1.0))
    assert prepared.tempo_bpm == pytest.approx(90)
    assert prepared.meter == Meter(3, 4)
    before = free_of(prepared.cursor)
    assert (before.onset, before.not_before, before.piece_start) == (-48, 0, -144)
    notes = made(prepared.advance, prepared.cursor, prepared.end_tick)
    assert notes[0].onset == 0
    usual = load_composer(music(bars=2, temperature=1.0, meter=Meter(3, 4)))
    assert notes != made(usual.advance, usual.cursor, usual.end_tick)


def test_the_known_music_is_taken_up_in_the_scale(music: Make, primer: Path, made: Make) -> None:
    prepared = load_composer(music(primer=primer, bars=1, tempo_bpm=77.0, meter=Meter(4, 4)))
    notes = made(prepared.advance, prepared.cursor, 48)
    assert prepared.tempo_bpm == 77.0
    assert notes[0].pitch == 65  # the scale's next after 64


def test_what_is_no_primer_is_one_line(composer: Make, tmp_path: Path) -> None:
    empty, corrupt = tmp_path / "empty.mid", tmp_path / "corrupt.mid"
    mido.MidiFile().save(empty)
    corrupt.write_bytes(b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0MTrk\x00\x00\xff\xff\x00\x90")
    for path, says in (
        (empty, "has no notes"),
        (corrupt, "corrupt.mid is damaged"),
        (tmp_path / "no.mid", "no.mid"),
    ):
        done = composer("write", "--style", "scale", "--bars", "1", "-o", "out.mid", "--primer", path)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
        assert says in done.stderr
    assert not (tmp_path / "out.mid").exists()


def test_a_primer_of_a_thousand_notes_is_given_from_its_end(tiny: Engine) -> None:
    notes = [Note(24 * index, 60 + index % 2, 24, 80) for index in range(1000)]
    place = Ensemble(tiny, [WARM]).after(notes, 24 * 1000)
    assert place.onset == 24 * 999
    assert free_of(place).number == 512 + 1
