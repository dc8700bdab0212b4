"""What a stranger on the port of a play could send to `monitor`: it is something that can be drawn, or one error.

And what somebody who was let in could send to a play: it is a message, or one error.
"""

import contextlib
import io
import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from lstm_composer.runtime.errors import ComposerError
from lstm_composer.runtime.monitor.following import ClockOffset, Picture
from lstm_composer.runtime.monitor.protocol import (
    Anchor,
    Answer,
    Command,
    Counts,
    Delta,
    Event,
    Hello,
    Ping,
    Pong,
    Said,
    Stop,
    Welcome,
    Whole,
    decode_from_play,
    decode_to_play,
    encode_message,
)
from lstm_composer.runtime.monitor.screen import view
from lstm_composer.runtime.monitor.snapshot import Control, LatenessHistogram, RollNote, Snapshot, Time, decode, encode

PLAIN = re.compile(rb"[\x20-\x7e]*\n")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["\x1b[31m", "\x9b2J", "\x7f", "[/bold]", "[red]", "\r\n", ":smile:", "\u202e", "𝄞", ""]
)
ANY_INTEGER = st.integers() | st.sampled_from([0, 1, -1, 127, 128, 2**53, 2**63, -(2**63), 2**64])
ANY_VALUE = st.recursive(
    st.none() | st.booleans() | ANY_INTEGER | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TICKS, COUNTS = st.integers(-(2**53), 2**53), st.integers(0, 2**53)
NOTES = st.lists(
    st.builds(RollNote, TICKS, st.integers(0, 127), TICKS, st.integers(0, 127), st.integers(1, 16)), max_size=4
).map(tuple)
LATENESS = st.integers(1, 4).flatmap(
    lambda limits: st.builds(
        LatenessHistogram,
        st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * limits),
        st.tuples(*[COUNTS] * (limits + 1)),
        st.floats(allow_nan=False, allow_infinity=False),
    )
)
SNAPSHOTS = st.builds(
    Snapshot,
    pid=COUNTS,
    style=TEXTS,
    seed=st.integers(0, 2**70),
    port=TEXTS,
    meter=TEXTS,
    ticks_per_bar=st.integers(1, 2**20),
    ticks_per_beat=st.integers(1, 2**20),
    time=st.builds(
        Time,
        source=st.sampled_from(["internal", "midi", "link"]),
        tempo_bpm=st.floats(allow_nan=False, allow_infinity=False),
        running=st.booleans(),
        tick=TICKS,
        bar=COUNTS,
        beat=TICKS,
    ),
    past=NOTES,
    sounding=NOTES,
    coming=NOTES,
    controls=st.lists(
        st.builds(Control, TEXTS, TEXTS, st.lists(st.integers(0, 127), max_size=3).map(tuple)), max_size=3
    ).map(tuple),
    lateness=LATENESS,
    notes=COUNTS,
    late_notes=COUNTS,
    missed_notes=COUNTS,
    rests=COUNTS,
    ahead_ticks=TICKS,
)
SECONDS = st.floats(-1e12, 1e12)
BYTES = st.integers(0, 127)
EVENTS = st.lists(
    st.builds(Event, COUNTS, TICKS, SECONDS, BYTES, BYTES, TICKS, SECONDS, st.integers(1, 16), BYTES), max_size=4
).map(tuple)
ANCHORS = st.builds(
    Anchor, TICKS, SECONDS, st.floats(0, 1e6), st.booleans(), st.sampled_from(["internal", "midi", "link"])
)
FROM_PLAY = st.one_of(
    st.builds(Welcome, COUNTS, COUNTS, st.lists(TEXTS, max_size=2).map(tuple)),
    st.builds(Whole, SECONDS, ANCHORS, SNAPSHOTS, EVENTS),
    st.builds(
        Delta,
        SECONDS,
        anchor=st.none() | ANCHORS,
        events=EVENTS,
        gone=st.lists(COUNTS, max_size=3).map(tuple),
        controls=st.lists(st.builds(Control, TEXTS, TEXTS, st.just(())), max_size=2).map(tuple),
        style=st.none() | TEXTS,
        seed=st.none() | st.integers(0, 2**70),
        counts=st.none() | st.builds(Counts, COUNTS, COUNTS, COUNTS, COUNTS, TICKS, LATENESS),
    ),
    st.builds(Pong, SECONDS, SECONDS, SECONDS),
    st.builds(Answer, st.booleans(), st.none() | COUNTS, TEXTS),
    st.builds(Said, TEXTS),
)
TO_PLAY = st.one_of(
    st.builds(Hello, st.integers(2, 99)), st.builds(Ping, SECONDS), st.builds(Command, COUNTS, TEXTS), st.builds(Stop)
)
SIZES = st.tuples(st.integers(1, 120), st.integers(1, 40))


def drawn(snapshot: Snapshot, width: int, height: int) -> str:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False, color_system=None)
    with console.capture() as screen:
        console.print(view(snapshot, width, height))
    return screen.get()


def looked_at(line: bytes) -> None:
    """As `monitor` does with a line, on the screen and with --json."""
    with contextlib.suppress(ComposerError):
        snapshot = decode(line)
        assert PLAIN.fullmatch(encode(snapshot))
        drawn(snapshot, 60, 22)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(line: bytes) -> None:
    looked_at(line)


@settings(deadline=None)
@given(SNAPSHOTS, SIZES)
def test_any_snapshot_can_be_said_and_drawn(snapshot: Snapshot, size: tuple[int, int]) -> None:
    line = encode(snapshot)
    assert PLAIN.fullmatch(line)
    assert decode(line) == snapshot
    screen = drawn(snapshot, *size)
    assert all(character.isprintable() or character == "\n" or not character.isascii() for character in screen)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", screen)


@settings(deadline=None)
@given(SNAPSHOTS, st.data())
def test_a_snapshot_of_which_something_is_wrong(snapshot: Snapshot, data: st.DataObject) -> None:
    said = json.loads(encode(snapshot))
    table = data.draw(st.sampled_from([said, said["time"], said["lateness"], *said["past"], *said["controls"]]))
    key = data.draw(st.sampled_from(sorted(table)))
    if data.draw(st.booleans()):
        table[key] = data.draw(ANY_VALUE)
    else:
        del table[key]
    looked_at(json.dumps(said).encode() + b"\n")


@settings(deadline=None)
@given(SNAPSHOTS, st.data())
def test_a_line_of_which_some_bytes_are_wrong(snapshot: Snapshot, data: st.DataObject) -> None:
    line = bytearray(encode(snapshot))
    for _ in range(data.draw(st.integers(1, 4))):
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.integers(0, 255))
    looked_at(bytes(line))


def followed(lines: list[bytes]) -> None:
    """As `monitor` does with the lines of protocol 2, on the screen."""
    picture, offset = Picture(), ClockOffset()
    with contextlib.suppress(ComposerError):
        for line in lines:
            message = decode_from_play(line)
            assert PLAIN.fullmatch(encode_message(message))
            picture.take(message)
            if isinstance(message, Pong):
                offset.add(message.sent, message.received, message.answered, 5.0)
    shown = picture.at(5.0 + (offset.seconds or 0.0))
    if shown is not None:
        drawn(shown, 60, 22)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=100), max_size=3))
def test_any_bytes_by_protocol_2(lines: list[bytes]) -> None:
    followed(lines)
    for line in lines:
        with contextlib.suppress(ComposerError):
            decode_to_play(line)


@settings(deadline=None)
@given(st.lists(FROM_PLAY, max_size=6))
def test_whatever_a_play_says_can_be_drawn(messages: list[Welcome | Whole | Delta | Pong | Answer | Said]) -> None:
    lines = [encode_message(message) for message in messages]
    assert [decode_from_play(line) for line in lines] == messages
    followed(lines)


@given(TO_PLAY)
def test_whatever_is_said_to_a_play_is_read_as_it_was(message: Hello | Ping | Command | Stop) -> None:
    line = encode_message(message)
    assert PLAIN.fullmatch(line)
    assert decode_to_play(line) == message


@settings(deadline=None)
@given(FROM_PLAY | TO_PLAY, st.data())
def test_a_message_of_which_some_bytes_are_wrong(message: Delta | Ping, data: st.DataObject) -> None:
    line = bytearray(encode_message(message))
    for _ in range(data.draw(st.integers(1, 4))):
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.integers(0, 255))
    followed([bytes(line)])
    with contextlib.suppress(ComposerError):
        decode_to_play(bytes(line))


@settings(deadline=None)
@given(FROM_PLAY | TO_PLAY, st.data())
def test_a_message_of_which_something_is_wrong(message: Delta | Ping, data: st.DataObject) -> None:
    said = json.loads(encode_message(message))
    key = data.draw(st.sampled_from(sorted(said)))
    said[key] = data.draw(ANY_VALUE)
    line = json.dumps(said).encode() + b"\n"
    followed([line])
    with contextlib.suppress(ComposerError):
        decode_to_play(line)
