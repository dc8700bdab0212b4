"""The key of a piece: drawn from what the style is used to, the same each time, or the player's."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.generation.ensemble import Ensemble, Plan
from lstm_composer.runtime.generation.free_voice import FreeVoice, make_advance
from lstm_composer.runtime.generation.voice_state import FreeState
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.key_estimation import KEYS
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.piece_keys import drawn, key_number, shares_of
from lstm_composer.runtime.music.piece_memory import NO_KEY
from lstm_composer.runtime.music.scales import SCALES
from lstm_composer.runtime.parameters.parameters import Parameters
from tests.runtime.free_music import free_of

BAR = 96
C_OR_G_MINOR = tuple(0.75 if key == 0 else 0.25 if key == 19 else 0.0 for key in range(24))
EVEN = (1 / 24,) * 24
KNOBS = Parameters(style=(1.0,), temperature=(0.0,) * 4, min_p=0.02)


def players(engine: Engine, voices: int = 1, shares: tuple[float, ...] | None = EVEN, **plan: Any) -> Ensemble:
    """Greedy players of the known network, whose scale begins on the tonic of the key that it is told."""
    has_memory = engine.card.network.memory > 0
    controls = GraphInputs(style=(1.0,), shortest_piece_bars=1, has_memory=has_memory, style_keys=(shares,))
    return Ensemble(engine, [controls] * voices, Plan(**plan))


def notes_until(advance: Any, place: Any, tick: int) -> list[Note]:
    notes: list[Note] = []
    while place.onset < tick:
        note, place = advance(place)
        notes += [] if note is None else [note]
    return notes


def one_note(advance: Any, place: Any) -> tuple[Note, Any]:
    note, after = advance(place)
    assert isinstance(note, Note)
    return note, after


def tonics(ensemble: Ensemble, seed: int, bars: int = 35, knobs: Parameters = KNOBS) -> list[int]:
    """Pitch class on which each piece of the first voice begins: a piece of the known network lasts ten bars."""
    notes = notes_until(ensemble.advance(knobs, seed), ensemble.start(), bars * BAR)
    return [note.pitch % 12 for note in notes if note.onset % (10 * BAR) == 0 and note.voice == 0]


@given(seed=st.integers(0, 2**64 - 1), piece=st.integers(0, 10**6), keys=st.sets(st.integers(0, 23), min_size=1))
def test_a_key_that_the_style_never_uses_is_never_drawn(seed: int, piece: int, keys: set[int]) -> None:
    shares = tuple(1 / len(keys) if key in keys else 0.0 for key in range(24))
    assert drawn(shares, seed, piece) in keys
    assert drawn(shares, seed, piece) == drawn(shares, seed, piece)


def test_keys_are_drawn_as_often_as_the_style_uses_them() -> None:
    found = Counter(drawn(C_OR_G_MINOR, seed, piece) for seed in range(20) for piece in range(20))
    assert found.keys() == {0, 19}
    assert 0.7 < found[0] / 400 < 0.8


def test_nothing_is_drawn_where_nothing_is_known() -> None:
    assert drawn(None, 1, 1) == NO_KEY
    assert shares_of([(0.5, 0.5)], (None, None)) is None
    assert shares_of([(1.0, 0.0)], (None, EVEN)) is None
    assert shares_of([(1.0,)], ()) is None


def test_a_mix_uses_the_keys_of_its_styles_by_their_weights() -> None:
    only_c, only_d = (tuple(float(key == one) for key in range(24)) for one in (0, 2))
    assert shares_of([(0.25, 0.75, 0.0)], (only_c, only_d, EVEN)) == tuple(
        0.25 if key == 0 else 0.75 if key == 2 else 0.0 for key in range(24)
    )
    assert shares_of([(1.0, 0.0), (0.0, 1.0)], (only_c, None)) == only_c
    both = shares_of([(1.0, 0.0), (0.0, 1.0)], (only_c, only_d))
    assert both is not None
    assert both[0] == both[2] == 1.0


@pytest.mark.parametrize(
    ("key", "number"),
    [
        *((key, number) for number, key in enumerate(KEYS)),
        *(("G", 7), ("C harmonic-minor", 12), ("C melodic-minor", 12), ("A dorian", 21), ("E phrygian", 16)),
        *(("F lydian", 5), ("G mixolydian", 7), ("B locrian", NO_KEY), ("C major-pentatonic", 0)),
        *(("A minor-pentatonic", 21), ("E blues", 16), ("C whole-tone", NO_KEY), ("C octatonic", NO_KEY)),
        ("C chromatic", NO_KEY),
    ],
)
def test_the_nearest_key(key: str, number: int) -> None:
    assert key_number(key) == number


def test_every_scale_has_a_nearest_key_or_none() -> None:
    assert {key_number(f"C {scale}") for scale in SCALES} == {0, 12, NO_KEY}


def test_every_piece_draws_its_own_and_always_the_same(remembering: Engine) -> None:
    found = tonics(players(remembering), 5)
    assert found == [drawn(EVEN, 5, piece) % 12 for piece in range(4)]
    assert found == tonics(players(remembering), 5)
    assert len(set(found)) > 1
    assert tonics(players(remembering), 6) != found


def test_a_style_that_tells_no_keys_has_none(remembering: Engine) -> None:
    assert tonics(players(remembering, shares=None), 5) == [0] * 4


def test_a_network_without_a_memory_is_told_no_key(tiny: Engine) -> None:
    assert tonics(players(tiny), 5) == [0] * 4


def test_voices_share_one_key(remembering: Engine) -> None:
    ensemble = players(remembering, voices=3)
    notes = notes_until(ensemble.advance(KNOBS, 5), ensemble.start(), 12 * BAR)
    begin = {note.pitch % 12 for note in notes if note.onset in (0, 10 * BAR)}
    assert begin == {drawn(EVEN, 5, 0) % 12}


def test_the_players_key_goes_before_and_off_returns_to_the_pieces_own(remembering: Engine) -> None:
    ensemble = players(remembering)
    free = ensemble.advance(KNOBS, 5)
    set_ = ensemble.advance(Parameters(style=(1.0,), temperature=(0.0,) * 4, min_p=0.02, key="E major"), 5)
    place = ensemble.start()
    note, after = one_note(set_, place)
    assert note.pitch % 12 == 4
    own = drawn(EVEN, 5, 0)
    note, _ = one_note(free, after)
    assert (note.pitch - own) % 12 in {0, 2, 4, 5, 7, 9, 11}
    assert free_of(after).key is None
    _, begun = free(place)
    _, turned = set_(begun)
    assert free_of(begun).key == free_of(turned).key == own


def test_a_piece_keeps_its_key_when_the_styles_are_turned(remembering: Engine) -> None:
    only = [tuple(float(key == one) for key in range(24)) for one in (2, 9)]
    first = GraphInputs(style=(1.0, 0.0), has_memory=True, style_keys=tuple(only), shortest_piece_bars=1)
    second = GraphInputs(style=(0.0, 1.0), has_memory=True, style_keys=tuple(only), shortest_piece_bars=1)
    one, other = FreeVoice(remembering, first, 1), FreeVoice(remembering, second, 1)
    begun = FreeState(remembering.start(), key=one.key_of(FreeState(remembering.start())))
    assert (one.key_of(begun), other.key_of(begun)) == (2, 2)
    assert other.key_of(FreeState(remembering.start(), piece=1)) == 9


@pytest.mark.parametrize("bar", [5, 1000])
def test_gone_to_from_far_the_key_is_that_of_the_beginning(remembering: Engine, bar: int) -> None:
    ensemble = players(remembering)
    advance, start = ensemble.advance(KNOBS, 5), ensemble.start()
    far = ensemble.anew(start, start, bar * BAR)
    note, place = one_note(advance, far)
    assert note.pitch % 12 == drawn(EVEN, 5, 0) % 12
    assert free_of(place).key == drawn(EVEN, 5, 0)


def test_music_that_is_gone_on_with_tells_its_key(remembering: Engine) -> None:
    phrase = [Note(24 * index, 62 + step, 24, 80) for index, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0))]
    assert free_of(players(remembering).after(phrase, 3 * BAR)).key == KEYS.index("D major")
    assert free_of(players(remembering).after([], 3 * BAR)).key is None


def test_an_ending_is_on_the_tonic_that_the_network_was_told(remembering: Engine) -> None:
    ensemble = players(remembering, end_tick=4 * BAR)
    notes = notes_until(ensemble.advance(KNOBS, 5), ensemble.start(), 4 * BAR)
    assert min(note for note in notes if note.onset == 3 * BAR).pitch % 12 == drawn(EVEN, 5, 0) % 12


def test_what_is_drawn_stays_in_the_place(remembering: Engine) -> None:
    controls = GraphInputs(style=(1.0,), has_memory=True, style_keys=(EVEN,))
    advance, place = make_advance(remembering, controls, 5), FreeState(remembering.start())
    for _ in range(3):
        _, place = advance(place)
    assert place.key == drawn(EVEN, 5, 0)
