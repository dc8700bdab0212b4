"""Several voices: each plays what it would alone, in one stream, and a knob that is turned reaches all."""

from collections.abc import Callable
from typing import Any

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.generation.ensemble import Ensemble, Plan
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.scales import pitch_classes
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.session.loading import voices_of
from tests.runtime.one_style import asked_of

BAR, SEED = 96, 11
Make = Callable[..., Any]
ENDLESS = GraphInputs(style=(1.0,), shortest_piece_bars=1000)
WARM = Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.02)


def each_alone(engine: Engine, made: Make, voices: int, until: int, plan: Plan | None = None) -> list[Note]:
    """What the voices would play one by one."""
    notes: list[Note] = []
    for voice in range(voices):
        one = Ensemble(engine, [asked_of(engine, ENDLESS)], plan)
        alone = made(one.advance(WARM, SEED + voice), one.start(), until)
        notes += [Note(note.onset, note.pitch, note.duration, note.velocity, voice) for note in alone]
    return sorted(notes, key=lambda note: (note.onset, note.voice, note.pitch))


@pytest.mark.parametrize("form", [None, "AAB"])
@pytest.mark.parametrize(
    ("network", "voices", "bars"), [("tiny", 2, 8), ("tiny", 16, 4), ("bach", 3, 4), ("bach", 16, 2)]
)
def test_each_voice_plays_what_it_would_alone(
    request: pytest.FixtureRequest, made: Make, network: str, voices: int, bars: int, form: str | None
) -> None:
    engine = request.getfixturevalue(network)
    plan = Plan(form=form, section_bars=1)
    ensemble = Ensemble(engine, [asked_of(engine, ENDLESS)] * voices, plan)
    notes = made(ensemble.advance(WARM, SEED), ensemble.start(), bars * BAR)
    assert [note.onset for note in notes] == sorted(note.onset for note in notes)
    ordered = sorted(notes, key=lambda note: (note.onset, note.voice, note.pitch))
    assert ordered == each_alone(engine, made, voices, bars * BAR, plan)
    assert {note.voice for note in notes} == set(range(voices))


def test_all_run_in_one_batch(tiny: Engine, monkeypatch: pytest.MonkeyPatch, made: Make) -> None:
    batches: list[int] = []
    step = tiny.step

    def counted(state: Any, controls: Any, noise: Any) -> Any:
        batches.append(len(state.position))
        return step(state, controls, noise)

    monkeypatch.setattr(tiny, "step", counted)
    ensemble = Ensemble(tiny, [GraphInputs(style=(1.0,))] * 16)
    made(ensemble.advance(WARM, SEED), ensemble.start(), 4 * BAR)
    assert max(batches) == 16
    assert sum(batches) / len(batches) > 4


def test_voices_are_sent_on_their_channels(bach: Engine, stage: Make, made: Make) -> None:
    played = stage(bach, voices=3, bars=3)
    notes = played.play()
    expected = each_alone(bach, made, 3, 3 * BAR)
    assert played.starts() == [(one.onset, one.voice + 1, one.pitch, one.velocity) for one in expected]
    assert {note.voice for note in notes} == {0, 1, 2}
    assert played.left_on() == set()


@pytest.mark.parametrize("at", [BAR + 7, 2 * BAR + 60])
def test_a_knob_reaches_all_voices_within_a_beat(bach: Engine, stage: Make, at: int) -> None:
    played = stage(bach, voices=4, bars=5)
    played.at(at, "key E major", "register 60 72")
    notes = [note for note in played.play() if note.onset >= at + 24]
    assert {note.voice for note in notes} == {0, 1, 2, 3}
    assert all(60 <= note.pitch <= 72 and note.pitch % 12 in pitch_classes("E major") for note in notes)


def test_notes_made_anew_as_before_are_the_same_in_all_voices(tiny: Engine, stage: Make) -> None:
    played = stage(tiny, voices=3, bars=6)
    for tick in range(10, 5 * BAR, 37):
        played.at(tick, f"variation {tick / 1000}")  # a knob of the network's, which asks nothing of it here
    assert played.play() == stage(tiny, voices=3, bars=6).play()


def test_a_new_idea_gives_every_voice_a_seed_of_its_own(tiny: Engine, stage: Make) -> None:
    played = stage(tiny, voices=2, bars=10)
    played.at(BAR + 5, "new")
    notes = played.play()
    parts = [
        [
            (note.onset % BAR, note.pitch)
            for note in notes
            if note.voice == voice and first <= note.onset < first + 4 * BAR
        ]
        for voice in (0, 1)
        for first in (0, 2 * BAR)
    ]
    assert len({tuple(part) for part in parts}) == 4


@pytest.mark.parametrize(
    ("text", "voices"),
    [
        ("bach@1,joplin@2", (("bach", 1), ("joplin", 2))),
        ("bach, joplin@9 ,bach", (("bach", 1), ("joplin", 9), ("bach", 3))),
        ("bach@16", (("bach", 16),)),
    ],
)
def test_voices_are_read(text: str, voices: tuple[tuple[str, int], ...]) -> None:
    assert voices_of(text) == voices


@pytest.mark.parametrize("text", ["", "@1", "bach@0", "bach@17", "bach@x", "bach@-1", ",".join(["bach@1"] * 17)])
def test_what_are_no_voices_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--voices"):
        voices_of(text)
