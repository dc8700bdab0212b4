"""What is done to times when a message is sent: a human hand's delays, and a latency to be early by."""

from collections.abc import Callable
from typing import Any

import pytest

from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.playback.expression import LATEST_SECONDS, LOUDEST, apply_expression, humanise_delay_seconds

BAR, BARS = 96, 5
Make = Callable[..., Any]
LEADS = pytest.mark.parametrize("lead_seconds", [0.0, 0.1])


def placed(message: Message) -> tuple[int, Kind, int, int]:
    return (message.tick, message.kind, message.channel, message.number)


@LEADS
@pytest.mark.parametrize("amount", [0.3, 1.0])
def test_a_human_hand_is_late_and_never_early_and_keeps_the_order(
    bach: Engine, stage: Make, amount: float, lead_seconds: float
) -> None:
    played = stage(bach, bars=BARS, turns=[f"humanise {amount}"], lead_seconds=lead_seconds)
    usual = stage(bach, bars=BARS, lead_seconds=lead_seconds)
    played.play(), usual.play()
    notes, usual_notes = (
        [one.message for one in side.sent if one.message.kind != Kind.CONTROL] for side in (played, usual)
    )
    assert [placed(one) for one in notes] == [placed(one) for one in usual_notes]
    late = [one.sent_seconds - played.transport.seconds_at(one.message.tick) for one in played.sent[: len(notes)]]
    assert all(-1e-9 <= seconds <= amount * LATEST_SECONDS + 1e-9 for seconds in late)
    assert max(late) - min(late) > amount * LATEST_SECONDS / 2
    times = [when for _, when in played.port.sent]
    assert times == sorted(times)
    assert played.dispatcher.worst_lateness_seconds == pytest.approx(0.0, abs=1e-9)
    assert played.dispatcher.late_notes == played.dispatcher.missed_notes == 0


def test_what_starts_and_ends_together_does_so_under_a_human_hand(bach: Engine, stage: Make) -> None:
    played = stage(bach, bars=BARS, turns=["humanise 1"], voices=2)
    played.play()
    times: dict[int, set[float]] = {}
    for one in played.sent:
        if one.message.tick < BARS * BAR:
            times.setdefault(one.message.tick, set()).add(one.due_seconds)
    assert {len(due) for due in times.values()} == {1}


@pytest.mark.parametrize("tick", [0, 1, 24, 10**6])
def test_a_delay_is_the_same_each_time(tick: int) -> None:
    assert humanise_delay_seconds(tick, 0.0) == 0.0
    assert 0.0 <= humanise_delay_seconds(tick, 1.0) == humanise_delay_seconds(tick, 1.0) <= LATEST_SECONDS
    assert humanise_delay_seconds(tick, 0.5) == pytest.approx(humanise_delay_seconds(tick, 1.0) / 2)


def test_a_human_hand_changes_loudness_a_little_and_nothing_else() -> None:
    knobs = Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.0, humanise=1.0)
    notes = [Note(6 * index, 40 + index % 40, 12, velocity) for index, velocity in enumerate((1, 5, 64, 127) * 50)]
    human = apply_expression(notes, knobs, Meter(4, 4))
    assert [(one.onset, one.pitch, one.duration) for one in human] == [
        (one.onset, one.pitch, one.duration) for one in notes
    ]
    changes = [one.velocity - two.velocity for one, two in zip(human, notes, strict=True)]
    assert max(map(abs, changes)) <= LOUDEST
    assert len(set(changes)) > 10
    assert all(1 <= one.velocity <= 127 for one in human)


@LEADS
@pytest.mark.parametrize("early_seconds", [0.004, 0.25, -0.5])
def test_with_a_latency_every_message_is_early_by_the_same(
    bach: Engine, stage: Make, early_seconds: float, lead_seconds: float
) -> None:
    played = stage(bach, bars=BARS, early_seconds=early_seconds, lead_seconds=lead_seconds)
    usual = stage(bach, bars=BARS, lead_seconds=lead_seconds)
    assert played.play() == usual.play()
    for one in played.sent[:-2]:
        assert one.sent_seconds == pytest.approx(played.transport.seconds_at(one.message.tick) - early_seconds)
    assert played.dispatcher.late_notes == played.dispatcher.missed_notes == 0
    assert played.left_on() == set()


@LEADS
@pytest.mark.parametrize("voices", [1, 2])
def test_the_first_notes_after_a_start_are_there_at_once(
    bach: Engine, stage: Make, voices: int, lead_seconds: float
) -> None:
    played = stage(bach, voices=voices, lead_seconds=lead_seconds)
    played.play(6 * BAR)
    heard = played.stream.heard(0, 4 * BAR)
    for bar in (0, 3, 0, 1):
        played.stream.locate(bar * BAR)  # and nobody makes anything
        assert played.stream.take_before(bar * BAR + 30) == [
            note for note in heard if bar * BAR <= note.onset < bar * BAR + 30
        ]
        assert played.stream.wait_until_made(bar * BAR + 30, 0.0)
