"""Endings: the last bar is one chord on the tonic, in the bass too, held to the end."""

from collections.abc import Callable
from typing import Any

import pytest

from lstm_composer.runtime.generation.ensemble import Plan
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.music.notes import Note, end_of
from lstm_composer.runtime.music.scales import pitch_classes

BAR, BARS = 96, 5
END, LAST = BARS * BAR, (BARS - 1) * BAR
D_MINOR_TRIAD = {2, 5, 9}
Make = Callable[..., Any]


def last_bar(notes: list[Note], voice: int = 0) -> list[Note]:
    return [note for note in notes if note.end > LAST and note.voice == voice]


def is_on_d_minor(chord: list[Note]) -> bool:
    """One chord: together, to the end, the tonic lowest, nothing but the triad."""
    pitches = [note.pitch for note in chord]
    together = {(note.onset, note.end) for note in chord} == {(LAST, END)}
    return together and min(pitches) % 12 == 2 and {pitch % 12 for pitch in pitches} <= D_MINOR_TRIAD


@pytest.mark.parametrize("voices", [1, 2])
@pytest.mark.parametrize("form", [None, "AABA"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("network", ["tiny", "bach"])
def test_the_last_bar_is_a_chord_on_the_tonic(
    request: pytest.FixtureRequest, stage: Make, made: Make, network: str, seed: int, form: str | None, voices: int
) -> None:
    engine = request.getfixturevalue(network)
    plan = Plan(form=form, section_bars=1, end_tick=END)
    played = stage(engine, seed=seed, voices=voices, plan=plan, turns=["key D minor"], bars=BARS)
    written = made(played.ensemble.advance(played.steering.parameters, seed), played.ensemble.start(), END)
    notes = played.play()
    for voice in range(voices):
        assert is_on_d_minor(last_bar(notes, voice)), last_bar(notes, voice)
        assert is_on_d_minor(last_bar(written, voice))
    assert played.starts() == sorted((one.onset, one.voice + 1, one.pitch, one.velocity) for one in written)
    assert {note.pitch % 12 for note in notes} <= pitch_classes("D minor")
    assert end_of(notes) == END


def test_a_bass_that_would_sound_on_is_struck_again(tiny: Engine, stage: Make) -> None:
    """The network has a C of a half note, which it does not strike again while it sounds."""
    for seed in range(20):
        played = stage(tiny, seed=seed, plan=Plan(end_tick=END), turns=["register 62 62", "density 1"], bars=BARS)
        chord = last_bar(played.play())
        assert [note.onset for note in chord] == [LAST] * len(chord)
        assert chord


@pytest.mark.parametrize(("register", "lowest", "highest"), [("72 84", 72, 84), ("30 50", 30, 50), ("60 64", 60, 64)])
def test_the_chord_keeps_to_the_register(bach: Engine, stage: Make, register: str, lowest: int, highest: int) -> None:
    turns = ["key D minor", f"register {register}"]
    chord = last_bar(stage(bach, plan=Plan(end_tick=END), turns=turns, bars=BARS).play())
    assert all(lowest <= note.pitch <= highest for note in chord)
    assert is_on_d_minor(chord)


def test_without_a_tonic_in_the_register_it_ends_on_one_all_the_same(bach: Engine, stage: Make) -> None:
    turns = ["key D minor", "register 64 72"]
    chord = last_bar(stage(bach, plan=Plan(end_tick=END), turns=turns, bars=BARS).play())
    assert chord[0].pitch % 12 == 2


def test_a_single_bar_is_the_chord(bach: Engine, stage: Make) -> None:
    notes = stage(bach, plan=Plan(end_tick=BAR), turns=["key D minor"], bars=1).play()
    assert {(note.onset, note.end) for note in notes} == {(0, BAR)}
    assert notes[0].pitch % 12 == 2


@pytest.mark.parametrize("variation", [0.0, 0.6])
def test_it_ends_although_bars_are_held(bach: Engine, stage: Make, variation: float) -> None:
    turns = ["key D minor", f"variation {variation}"]
    played = stage(bach, plan=Plan(form="AB", section_bars=2, end_tick=END), turns=turns, bars=BARS)
    played.at(BAR + 30, "hold 1")
    assert is_on_d_minor(last_bar(played.play()))


def test_a_key_turned_before_the_last_bar_is_the_one_it_ends_in(bach: Engine, stage: Make) -> None:
    played = stage(bach, plan=Plan(end_tick=END), bars=BARS)
    played.at(LAST - 40, "key D minor")
    assert is_on_d_minor(last_bar(played.play()))


def test_the_lead_in_comes_before_the_bars(bach: Engine, stage: Make) -> None:
    plan = Plan(end_tick=END, first_tick=2 * BAR)
    notes = stage(bach, plan=plan, turns=["key D minor"], bars=BARS).play()
    assert 2 * BAR <= notes[0].onset < 3 * BAR
    assert is_on_d_minor(last_bar(notes))
