"""Playing together: who plays when, and what the network is given of what was played."""

from collections.abc import Callable
from typing import Any

import pytest

from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.session.call_and_response import LARGEST, CallAndResponse
from lstm_composer.runtime.session.settings import Mode

BAR, BEAT = 96, 24
Make = Callable[..., Any]


def exchange(mode: Mode, **changes: int) -> CallAndResponse:
    return CallAndResponse(mode=mode, bar_ticks=BAR, beat_ticks=BEAT, **changes)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[Note], int]]:
    """The phrases that the network is given, and for when."""
    return []


def listening(stage: Make, engine: Engine, given: list[tuple[list[Note], int]], mode: Mode, **changes: Any) -> Any:
    turns = {key: changes.pop(key) for key in ("turn_bars", "first_tick") if key in changes}
    played = stage(engine, listen=exchange(mode, **turns), **changes)
    after = played.responder._after

    def kept(notes: list[Note], tick: int) -> Any:
        given.append((notes, tick))
        return after(notes, tick)

    played.responder._after = kept
    return played


@pytest.mark.parametrize("lead_seconds", [0.0, 0.1])
def test_continue_is_silent_while_the_player_plays_and_goes_on_a_beat_after(
    bach: Engine, stage: Make, given: list[tuple[list[Note], int]], lead_seconds: float
) -> None:
    played = listening(stage, bach, given, "continue", bars=8, lead_seconds=lead_seconds)
    for tick, pitch, length in ((2 * BAR + 1, 60, 22), (2 * BAR + 25, 64, 20), (2 * BAR + 47, 67, 49)):
        played.hear(tick, pitch, length, 100)
    released = 3 * BAR
    notes = played.play()
    on_the_way = 2 * BAR + 1 + 8 + 5 + (lead_seconds > 0)
    assert [note for note in notes if on_the_way <= note.onset < released + BEAT] == []
    ours = [note for note in notes if note.onset >= released + BEAT]
    assert released + BEAT <= ours[0].onset <= released + 3 * BEAT
    phrase = [Note(2 * BAR, 60, 24, 100), Note(2 * BAR + 24, 64, 22, 100), Note(2 * BAR + 48, 67, 48, 100)]
    assert [[(one.onset, one.pitch, one.velocity) for one in notes] for notes, _ in given] == [
        [(one.onset, one.pitch, one.velocity) for one in phrase]
    ]
    assert given[0][1] % BEAT == 0
    assert given[0][1] <= ours[0].onset
    assert max(note.onset for note in notes) > 7 * BAR
    assert played.left_on() == set()


def test_a_key_that_is_held_holds_us_back(tiny: Engine, stage: Make, given: list[tuple[list[Note], int]]) -> None:
    played = listening(stage, tiny, given, "continue", bars=8)
    played.hear(BAR, 60, 4 * BAR)
    notes = played.play()
    assert [note for note in notes if BAR + 16 < note.onset < 5 * BAR + BEAT] == []
    assert [note for note in notes if note.onset >= 5 * BAR + BEAT]


def test_a_knob_turned_while_the_player_plays_does_not_make_us_play(
    tiny: Engine, stage: Make, given: list[tuple[list[Note], int]]
) -> None:
    played = listening(stage, tiny, given, "continue", bars=8)
    played.hear(BAR, 60, 3 * BAR)
    played.at(2 * BAR, "register 48 50")
    played.at(3 * BAR, "new")
    notes = played.play()
    assert [note for note in notes if BAR + 16 < note.onset < 4 * BAR + BEAT] == []
    after = [note.pitch for note in notes if note.onset >= 4 * BAR + BEAT]
    assert after
    assert set(after) <= {48, 49, 50}


def test_it_does_not_end_because_the_player_plays_near_the_end(
    tiny: Engine, stage: Make, given: list[tuple[list[Note], int]]
) -> None:
    played = listening(stage, tiny, given, "continue", bars=8)
    played.hear(7 * BAR - 30, 60, 10)
    notes = played.play()
    assert max(note.onset for note in notes) >= 7 * BAR + BEAT


def test_the_engine_fails_on_the_phrase_and_the_music_goes_on_all_the_same(tiny: Engine, stage: Make) -> None:
    played = stage(tiny, listen=exchange("continue"), bars=8)

    def fails(_notes: list[Note], _tick: int) -> Any:
        raise RuntimeError("out of memory")

    played.responder._after = fails
    played.hear(2 * BAR, 60, 20)
    assert max(note.onset for note in played.play()) > 7 * BAR


@pytest.mark.parametrize("turn_bars", [1, 2])
@pytest.mark.parametrize("lead_in", [0, 1, 5])
def test_answer_leaves_the_player_their_bars(
    bach: Engine, stage: Make, given: list[tuple[list[Note], int]], turn_bars: int, lead_in: int
) -> None:
    first = lead_in * BAR
    played = listening(stage, bach, given, "answer", bars=12, turn_bars=turn_bars, first_tick=first)
    for tick in range(first, 12 * BAR, 40):
        played.hear(tick, 60 + tick % 12, 30)
    notes = played.play()
    turn = turn_bars * BAR
    for note in notes:
        assert (note.onset - first) // turn % 2 == 1, note
        assert (note.end - 1 - first) // turn == (note.onset - first) // turn, note
    ours = range(first + turn, 12 * BAR, 2 * turn)
    assert {note.onset // turn * turn for note in notes if not lead_in} <= set(ours)
    assert [tick for _, tick in given if tick < 12 * BAR] == list(ours)
    for phrase, tick in given:
        assert phrase
        assert all(tick - turn <= note.onset < tick for note in phrase)
    assert played.left_on() == set()


def test_the_answer_begins_on_the_bar_line_and_follows_from_the_phrase(
    tiny: Engine, stage: Make, given: list[tuple[list[Note], int]]
) -> None:
    played = listening(stage, tiny, given, "answer", bars=4, turn_bars=1, turns=["temperature 0"])
    played.hear(49, 60, 20)
    played.hear(73, 62, 20)
    notes = [note for note in played.play() if note.onset < 2 * BAR]
    assert [(note.onset, note.pitch) for note in notes] == [(96, 64), (120, 65), (144, 67), (168, 69)]


def test_nobody_has_played_so_we_go_on_with_our_own(
    tiny: Engine, stage: Make, given: list[tuple[list[Note], int]]
) -> None:
    played = listening(stage, tiny, given, "answer", bars=8)
    assert {note.onset // (2 * BAR) % 2 for note in played.play()} == {1}
    assert given == []


def test_a_loop_of_two_turns_is_answered_each_time(
    tiny: Engine, stage: Make, given: list[tuple[list[Note], int]]
) -> None:
    played = stage(tiny, listen=exchange("answer", turn_bars=1))
    responder = played.responder
    now = [0]

    def after(notes: list[Note], tick: int) -> object:
        given.append((notes, tick))
        return played.ensemble.start()

    responder._tick_at, responder._now, responder._after = int, lambda: now[0], after
    for _ in range(3):
        for tick in range(0, 2 * BAR, 6):
            now[0] = tick
            if tick in (12, 36):
                responder.put(bytes([0x90 if tick == 12 else 0x80, 60, 90]), tick)
            responder.look()
    assert [tick for _, tick in given] == [BAR] * 3


def test_the_song_goes_back_before_we_have_gone_on(
    tiny: Engine, stage: Make, given: list[tuple[list[Note], int]]
) -> None:
    played = stage(tiny, listen=exchange("continue"))
    responder = played.responder
    now = [1000]

    def after(notes: list[Note], tick: int) -> object:
        given.append((notes, tick))
        return played.ensemble.start()

    responder._tick_at, responder._now, responder._after = int, lambda: now[0], after
    responder.put(bytes([0x90, 60, 90]), 980)
    responder.put(bytes([0x80, 60, 90]), 999)
    responder.look()
    assert (given, played.steering._is_silent) == ([], True)
    now[0] = 3
    responder.look()
    assert (len(given), played.steering._is_silent) == (1, False)


@pytest.mark.parametrize("mode", ["continue", "answer"])
def test_a_flood_of_notes_is_survived(tiny: Engine, stage: Make, mode: Mode) -> None:
    played = stage(tiny, listen=exchange(mode), bars=12)
    responder = played.responder

    def flood() -> None:
        for number in range(5 * LARGEST):
            kind = (0x90, 0x80, 0x9F, 0xB0, 0xF7)[number * 7 % 5]
            responder.put(bytes([kind, number * 31 % 128, number % 128][: 1 + number % 4]), played.clock.now())

    played.at(2 * BAR, flood)
    notes = played.play()
    assert [note for note in notes if note.onset >= 8 * BAR]
    assert played.left_on() == set()


def test_what_is_no_note_is_passed_over(tiny: Engine, stage: Make, given: list[tuple[list[Note], int]]) -> None:
    played = listening(stage, tiny, given, "continue", bars=3)
    for message in (b"", b"\x90", b"\x90\x3c", b"\xb0\x01\x02", b"\xf8", b"\x80\x3c\x00", b"\x90\x3c\x00"):
        played.at(BAR, lambda message=message: played.responder.put(message, played.clock.now()))
    assert played.play() == stage(tiny, bars=3).play()
    assert given == []
