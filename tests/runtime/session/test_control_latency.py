"""When a turn is heard, in ticks: controller bytes, the dispatcher and the style that ships, on a fake clock."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lstm_composer.runtime.generation.ensemble import Ensemble
from lstm_composer.runtime.generation.voice import Advance
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.midi.messages import Kind, Message, Sent
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Meter, tick_seconds
from lstm_composer.runtime.music.scales import pitch_classes
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.playback.intake import HORIZON_TICKS
from lstm_composer.runtime.session.live_control import ControllableStyle
from lstm_composer.runtime.session.loading import LoadedComposer
from lstm_composer.runtime.session.settings import MusicSettings, PlaySettings
from lstm_composer.runtime.testing import FakeSession
from tests.runtime.one_style import BASE, OneStyle

BEAT, BAR = TICKS_PER_QUARTER, 4 * TICKS_PER_QUARTER
TEMPO = 200.0
"""Fast: then the most ticks pass while a message is on its way."""
LENGTH = 12 * BAR
SEED = 5
Turn = bytes | str
Script = dict[int, list[Turn]]
"""What is turned at which tick."""


def heard(
    steerable: ControllableStyle, script: Script, *, lead_seconds: float = 0.0, user_map: Path | None = None
) -> list[Sent]:
    """Play `LENGTH` ticks, and return the beginnings of notes as they were sent."""
    ensemble = steerable.ensemble
    composer = LoadedComposer(
        style="bach",
        device="cpu",
        tempo_bpm=TEMPO,
        meter=Meter(4, 4),
        advance=ensemble.advance(steerable.parameters, SEED),
        cursor=ensemble.start(),
        end_tick=LENGTH,
        controllable=steerable,
    )
    settings = PlaySettings(music=MusicSettings(style="bach", seed=SEED), sync="internal", map=user_map)
    played = FakeSession(settings, composer, lead_seconds=lead_seconds)
    told_before = len(played.told)
    for tick, turns in script.items():
        played.at(tick, *turns)
    played.play()
    assert played.told[told_before:] == []
    assert played.session.dispatcher.late_notes == played.session.dispatcher.missed_notes == 0
    return [one for one in played.sent if one.message.kind is Kind.NOTE_ON]


@pytest.fixture(scope="module")
def bach() -> ControllableStyle:
    """A trained network that remembers the piece."""
    controls = GraphInputs(style=(1.0,), temperature=(1.0,) * 4, min_p=0.01, has_memory=True)
    return steerable_by(Ensemble(OneStyle(BASE, "bach"), [controls]), 1)


def steerable_by(ensemble: Ensemble, styles: int) -> ControllableStyle:
    weights = tuple(float(index == 0) for index in range(styles))
    return ControllableStyle(
        parameters=Parameters(style=weights, temperature=(1.0,) * 4, min_p=0.01),
        styles=["bach", "joplin"][:styles],
        ensemble=ensemble,
    )


@dataclass(frozen=True)
class Case:
    """A turn in mid-bar and what every note has to be that starts a beat later or after that."""

    turns: list[Turn]
    obeyed: Callable[[Message], bool]


CASES = {
    "register": Case([bytes([0xB0, 75, 60]), bytes([0xB0, 76, 67])], lambda message: 60 <= message.number <= 67),
    "key": Case(["key Eb minor"], lambda message: message.number % 12 in pitch_classes("Eb minor")),
    "velocity": Case([bytes([0xB0, 70, 0]), bytes([0xB0, 11, 33])], lambda message: message.value == 33),
    "mute": Case([bytes([0xB0, 80, 127])], lambda message: False),
}


@pytest.mark.parametrize("lead_seconds", [0.0, 0.1])
@pytest.mark.parametrize("at", [3 * BAR + 7, 4 * BAR + 53])
@pytest.mark.parametrize("name", CASES)
def test_a_knob_that_is_turned_in_mid_bar_is_heard_within_a_beat(
    bach: ControllableStyle, name: str, at: int, lead_seconds: float
) -> None:
    case = CASES[name]
    usual = heard(bach, {}, lead_seconds=lead_seconds)
    turned = heard(bach, {at: case.turns}, lead_seconds=lead_seconds)
    assert [one.message for one in turned if one.message.tick < at] == [
        one.message for one in usual if one.message.tick < at
    ]
    late = [one.message for one in turned if one.message.tick >= at + BEAT]
    assert [message for message in late if not case.obeyed(message)] == []
    assert len(late) > 20 or name == "mute"
    # Without the turn it would have been otherwise: a test that cannot fail shows nothing.
    assert not all(case.obeyed(one.message) for one in usual if at + BEAT <= one.message.tick < at + BAR)


def test_only_what_was_on_its_way_is_not_reached(bach: ControllableStyle) -> None:
    at = 4 * BAR + 53
    turned = heard(bach, {at: [bytes([0xB0, 80, 127])]})
    assert max(one.message.tick for one in turned) < at + HORIZON_TICKS


def test_turns_fifty_times_a_second_do_not_hold_up_the_music(bach: ControllableStyle) -> None:
    every = round(1 / 50 / tick_seconds(TEMPO)) or 1
    turns: Script = {tick: [bytes([0xB0, 1, 64 + tick % 8])] for tick in range(BAR, 8 * BAR, every)}
    turns[8 * BAR + 1] = [bytes([0xB0, 75, 60]), bytes([0xB0, 76, 67])]
    sent = heard(bach, turns)
    assert all(60 <= one.message.number <= 67 for one in sent if one.message.tick >= 8 * BAR + 1 + BEAT)
    for bar in range(LENGTH // BAR):
        assert any(bar * BAR <= one.message.tick < (bar + 1) * BAR for one in sent)


def test_a_controller_of_the_users_map_is_heard_within_a_beat(bach: ControllableStyle, tmp_path: Path) -> None:
    at = 4 * BAR + 53
    (tmp_path / "my.toml").write_text(
        "[controllers]\n"
        "20 = {knob = 'register-low', low = 36, high = 60, channel = 3}\n"
        "21 = {knob = 'register-high', low = 84, high = 67}\n"
    )
    turns: list[Turn] = [bytes([0xB2, 20, 127]), bytes([0xB7, 21, 127])]
    turned = heard(bach, {at: turns}, user_map=tmp_path / "my.toml")
    assert {one.message.number for one in turned if one.message.tick >= at + BEAT} <= set(range(60, 68))


@pytest.fixture
def low_and_high(tiny: Engine) -> ControllableStyle:
    """Two styles that can be told apart: one plays below 60, the other from there on."""

    class TwoStyles(Ensemble):
        def advance(self, knobs: Parameters, seed: int) -> Advance:
            register = (60, 90) if knobs.style[1] > knobs.style[0] else (30, 59)
            return super().advance(replace(knobs, style=(1.0,), register=register), seed)

    return steerable_by(TwoStyles(tiny, [GraphInputs(style=(1.0,), shortest_piece_bars=1000)]), 2)


@pytest.mark.parametrize("at", [2 * BAR + 1, 2 * BAR + 50, 3 * BAR - 2 * HORIZON_TICKS])
@pytest.mark.parametrize("turn", [bytes([0xC0, 1]), bytes([0xCF, 1]), "style joplin"])
def test_a_style_changes_on_the_bar_line(low_and_high: ControllableStyle, at: int, turn: Turn) -> None:
    usual, sent = heard(low_and_high, {}), heard(low_and_high, {at: [turn]})
    bar_line = 3 * BAR
    assert [one.message for one in sent if one.message.tick < bar_line] == [
        one.message for one in usual if one.message.tick < bar_line
    ]
    assert {one.message.number >= 60 for one in usual} == {False}
    after = [one.message for one in sent if one.message.tick >= bar_line]
    assert all(message.number >= 60 for message in after)
    assert bar_line <= after[0].tick < bar_line + BAR


def test_a_style_that_comes_too_late_for_a_bar_line_waits_for_the_next(low_and_high: ControllableStyle) -> None:
    sent = heard(low_and_high, {3 * BAR - 2: [bytes([0xC0, 1])]})
    assert {one.message.number >= 60 for one in sent if one.message.tick < 4 * BAR} == {False}
    assert {one.message.number >= 60 for one in sent if one.message.tick >= 4 * BAR} == {True}
