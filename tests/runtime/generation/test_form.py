"""Form: what returns is what it was, or nearly, whoever plays it and however it is heard."""

from collections.abc import Callable
from typing import Any

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.generation.ensemble import Plan
from lstm_composer.runtime.generation.form import MOST_LETTERS, read_form
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.scales import pitch_classes

BAR = 96
SECTION = 2 * BAR
Make = Callable[..., Any]


def plan(letters: str, section_bars: int = 2) -> Plan:
    return Plan(form=letters, section_bars=section_bars)


def parts(notes: list[Note], moved: Make, count: int, section: int = SECTION) -> list[list[tuple[int, ...]]]:
    return [moved(notes, number * section, (number + 1) * section) for number in range(count)]


def shared(first: list[tuple[int, ...]], second: list[tuple[int, ...]]) -> float:
    """Which share of the notes is the same."""
    keys = [{(onset, pitch) for onset, pitch, *_ in part} for part in (first, second)]
    return len(keys[0] & keys[1]) / max(1, len(keys[0]))


@pytest.mark.parametrize(
    ("text", "letters"), [("AABA", "AABA"), ("a a, b a", "AABA"), ("ABAC", "ABAC"), ("x", "X"), ("A" * 64, "A" * 64)]
)
def test_a_form_is_read(text: str, letters: str) -> None:
    assert read_form(text) == letters


@pytest.mark.parametrize("text", ["", " ", "A1", "AÄ", "A-B", "A" * (MOST_LETTERS + 1)])
def test_what_is_no_form_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="write 1 to 64 letters, such as AABA"):
        read_form(text)


@pytest.mark.parametrize("voices", [1, 2])
@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("network", ["tiny", "bach"])
def test_aaba_repeats_exactly_and_play_plays_what_write_writes(
    request: pytest.FixtureRequest, stage: Make, made: Make, moved: Make, network: str, seed: int, voices: int
) -> None:
    engine = request.getfixturevalue(network)
    played = stage(engine, voices=voices, seed=seed, plan=plan("AABA"), bars=10)
    written = made(played.ensemble.advance(played.steering.parameters, seed), played.ensemble.start(), 10 * BAR)
    played.play()
    assert played.starts() == sorted((one.onset, one.voice + 1, one.pitch, one.velocity) for one in written)
    a, again, b, last, first = parts(written, moved, 5)
    assert a == again == last == first
    assert b != a
    assert min(len(a), len(b)) > 2


def test_lengths_come_again_as_well(bach: Engine, stage: Make) -> None:
    notes = stage(bach, plan=plan("AAB"), bars=4).play()
    first, second = ([note for note in notes if start <= note.onset < start + SECTION] for start in (0, SECTION))
    assert [(one.onset + SECTION, one.duration) for one in first if one.end <= SECTION] == [
        (two.onset, two.duration) for one, two in zip(first, second, strict=True) if one.end <= SECTION
    ]


@pytest.mark.parametrize("seed", range(2))
def test_every_letter_has_its_own_music(bach: Engine, stage: Make, moved: Make, seed: int) -> None:
    played = stage(bach, seed=seed, plan=plan("ABACB"), bars=10)
    a, b, again, c, last = parts(played.play(), moved, 5)
    assert again == a
    assert last == b
    assert shared(b, c) < 0.5
    assert shared(a, b) < 0.5


def test_a_section_begins_on_its_bar_line(tiny: Engine, stage: Make, made: Make, moved: Make) -> None:
    """The event that would cross the bar line is drawn anew: it may not fall into the section before instead."""
    for seed in range(30):
        played = stage(tiny, seed=seed, plan=plan("AABACABA", 1))
        notes = made(played.ensemble.advance(played.steering.parameters, seed), played.ensemble.start(), 16 * BAR)
        first, *others = [moved(notes, bar * BAR, (bar + 1) * BAR) for bar in range(16) if "AABACABA"[bar % 8] == "A"]
        assert others == [first] * 9


def varied(engine: Engine, stage: Make, moved: Make, variation: float, seeds: range) -> float:
    """The share of notes that come again, on average."""
    shares = []
    for seed in seeds:
        played = stage(engine, seed=seed, plan=plan("AAAA", 4), turns=[f"variation {variation}"], bars=16)
        first, *others = parts(played.play(), moved, 4, 4 * BAR)
        shares += [shared(first, other) for other in others]
    return sum(shares) / len(shares)


def test_variation_keeps_most_notes_some_or_about_none(bach: Engine, stage: Make, moved: Make) -> None:
    little, half, much = (varied(bach, stage, moved, value, range(2)) for value in (0.3, 0.5, 1.0))
    assert 0.5 < little < 1.0
    assert little > half > much
    assert much < 0.35


@pytest.mark.parametrize("variation", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(2))
def test_variations_stay_in_order_and_in_their_sections(
    bach: Engine, stage: Make, made: Make, variation: float, seed: int
) -> None:
    played = stage(bach, seed=seed, plan=plan("AABA", 1), turns=[f"variation {variation}"])
    notes = made(played.ensemble.advance(played.steering.parameters, seed), played.ensemble.start(), 16 * BAR)
    assert [note.onset for note in notes] == sorted(note.onset for note in notes)


def test_variation_turned_while_it_plays_is_heard_from_the_next_section(bach: Engine, stage: Make, moved: Make) -> None:
    played = stage(bach, plan=plan("A"), bars=10)
    played.at(3 * BAR + 7, "variation 1")
    first, second, third, *_ = parts(played.play(), moved, 5)
    assert first == second
    assert shared(second, third) < 0.5


@pytest.mark.parametrize("turns", [[], ["variation 0.2"]])
def test_a_key_lock_turned_during_a_repeat_lets_no_foreign_pitch_through(
    bach: Engine, stage: Make, turns: list[str]
) -> None:
    played = stage(bach, plan=plan("AAB"), turns=turns, bars=12)
    played.at(2 * BAR + 5, "key E major")
    notes = [note for note in played.play() if note.onset >= 2 * BAR + 5 + 24]
    assert {note.pitch % 12 for note in notes} <= pitch_classes("E major")
    assert max(note.onset for note in notes) > 11 * BAR
    usual = stage(bach, plan=plan("AAB"), turns=turns, bars=4).play()
    assert not {note.pitch % 12 for note in usual} <= pitch_classes("E major")


def test_a_new_idea_begins_the_form_again(bach: Engine, stage: Make, moved: Make) -> None:
    played = stage(bach, plan=plan("AB"), bars=11)
    played.at(2 * BAR + 9, "new")
    notes = played.play()
    a, b = (moved(notes, start, start + SECTION) for start in (3 * BAR, 5 * BAR))
    assert moved(notes, 7 * BAR, 9 * BAR) == a
    assert moved(notes, 9 * BAR, 11 * BAR) == b
    assert shared(a, moved(notes, 0, SECTION)) < 0.5


@pytest.mark.parametrize("voices", [1, 2])
def test_going_back_plays_the_same_notes_after_a_form_has_returned(
    bach: Engine, stage: Make, moved: Make, voices: int
) -> None:
    played = stage(bach, voices=voices, plan=plan("AAB"), seed=3)
    played.fill()
    straight = take_all(played, 14 * BAR)
    for bar in (9, 2, 0, 5):
        played.stream.locate(bar * BAR)
        assert played.stream.take_before(bar * BAR + 1) == [note for note in straight if note.onset == bar * BAR]
        again = [*(note for note in straight if note.onset == bar * BAR), *take_all(played, 14 * BAR)]
        assert again == [note for note in straight if note.onset >= bar * BAR]


def take_all(played: Any, until: int) -> list[Note]:
    notes: list[Note] = []
    for tick in range(BAR // 4, until + 1, BAR // 4):
        played.fill()
        notes += played.stream.take_before(tick)
    return notes
