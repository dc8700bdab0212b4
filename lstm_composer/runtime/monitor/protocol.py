"""The lines that a running `play` and who has connected to it say to each other: protocol 2, lines of JSON.

Who says nothing after the token is sent snapshots alone, as by protocol 1 (`runtime.monitor.snapshot`). Who says
`{"kind": "hello", "protocol": 2}` is sent a `Welcome`, then a `Whole`, and then `Delta` after `Delta`; it may ask for
the time (`Ping`), turn what can be turned (`Command`) and end the music (`Stop`).

All times are seconds of the clock that the play's messages leave by. It is monotonic, and may be another one than that
of who reads: `Pong` says how far the two are apart (`runtime.monitor.following`).
"""

from typing import Annotated, Any, Final, cast

import msgspec

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.monitor.snapshot import (
    Byte,
    Channel,
    Control,
    Count,
    LatenessHistogram,
    Seed,
    Snapshot,
    Source,
    Tick,
    one_line,
)
from lstm_composer.runtime.system.foreign_files import decode_json
from lstm_composer.runtime.system.typed_lines import MOST_BYTES
from lstm_composer.runtime.system.visible_text import visible

PROTOCOL: Final = 2
MOST_ASKED_BYTES: Final = MOST_BYTES + 256
"""Of one line to a play: a command line is within it, as on standard input."""

Seconds = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]
Tempo = Annotated[float, msgspec.Meta(ge=0, le=1e6)]
Line = Annotated[str, msgspec.Meta(max_length=MOST_BYTES)]


class Event(msgspec.Struct, frozen=True, gc=False):
    """A note as it will leave, or has left: what is said again under the same number takes the place of what was said.

    Attributes:
        id: Its number; each note has one of its own.
        tick: Position of its onset, swung and all.
        due: The time at which it is to begin; more than NEAR_SECONDS ahead, by the tempo of when it was said. It is
            said again when it has come nearer and that has changed.
        note: 0..127.
        velocity: 1..127.
        duration: In ticks.
        ends: The time at which it is to end, as `due`.
        channel: 1..16.
        voice: Which of several players, from 0.

    """

    id: Count
    tick: Tick
    due: Seconds
    note: Byte
    velocity: Byte
    duration: Tick
    ends: Seconds
    channel: Channel
    voice: Byte


class Anchor(msgspec.Struct, frozen=True, gc=False):
    """Where the music is, and how fast it goes on.

    Attributes:
        tick: A position.
        seconds: The time at which it is reached; where nothing moves on, the time of the look.
        tempo_bpm: Quarter notes a minute.
        running: Whether the position moves on.
        source: Who sets the time.

    """

    tick: Tick
    seconds: Seconds
    tempo_bpm: Tempo
    running: bool
    source: Source


class Counts(msgspec.Struct, frozen=True, gc=False):
    """What has been counted since the start; see `Snapshot`."""

    notes: Count
    late_notes: Count
    missed_notes: Count
    rests: Count
    ahead_ticks: Tick
    lateness: LatenessHistogram


class Welcome(msgspec.Struct, frozen=True, tag_field="kind", tag="welcome"):
    """What is said first: the protocol that is spoken, the process, and what the user was told lately, oldest first."""

    protocol: Count
    pid: Count
    said: tuple[str, ...] = ()


class Whole(msgspec.Struct, frozen=True, tag_field="kind", tag="whole"):
    """All that there is to know; every note that is not in it, and has not ended, is forgotten.

    Attributes:
        at: The time of the look.
        anchor: Where the music is.
        snapshot: As by protocol 1.
        events: Every note that sounds or is to come.

    """

    at: Seconds
    anchor: Anchor
    snapshot: Snapshot
    events: tuple[Event, ...]


class Delta(msgspec.Struct, frozen=True, tag_field="kind", tag="delta", omit_defaults=True):
    """What has changed since the last look.

    Attributes:
        at: The time of the look.
        anchor: Where the music is, if that is not as it was said to become.
        events: Notes that are new, or other than they were said to be.
        gone: Numbers of notes that were to come and will not.
        controls: What was turned.
        style: The style, if it has changed.
        seed: The seed, if it has changed.
        counts: Once a second.

    """

    at: Seconds
    anchor: Anchor | None = None
    events: tuple[Event, ...] = ()
    gone: tuple[Count, ...] = ()
    controls: tuple[Control, ...] = ()
    style: str | None = None
    seed: Seed | None = None
    counts: Counts | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing has changed."""
        return self == Delta(self.at)


class Pong(msgspec.Struct, frozen=True, tag_field="kind", tag="pong", gc=False):
    """The answer to a `Ping`: the time that it said, and by the play's clock when it came and when this left."""

    sent: Seconds
    received: Seconds
    answered: Seconds


class Answer(msgspec.Struct, frozen=True, tag_field="kind", tag="answer"):
    """What became of a command: whether it was taken, and why not in a line. No number: of no message."""

    taken: bool
    id: Count | None = None
    said: str = ""


class Said(msgspec.Struct, frozen=True, tag_field="kind", tag="said"):
    """A line that the play tells its user."""

    line: str


class Hello(msgspec.Struct, frozen=True, tag_field="kind", tag="hello"):
    """What who connects says first: the highest protocol that it speaks."""

    protocol: Annotated[int, msgspec.Meta(ge=PROTOCOL)]


class Ping(msgspec.Struct, frozen=True, tag_field="kind", tag="ping"):
    """Asks for the time, and says its own."""

    sent: Seconds


class Command(msgspec.Struct, frozen=True, tag_field="kind", tag="command"):
    """A command line, as on standard input; `Answer` has the same number."""

    id: Count
    line: Line


class Stop(msgspec.Struct, frozen=True, tag_field="kind", tag="stop"):
    """Ends the music, and what sounds, as Ctrl-C does."""


FromPlay = Welcome | Whole | Delta | Pong | Answer | Said
ToPlay = Hello | Ping | Command | Stop

NEAR_SECONDS: Final = 0.5
"""A note that is to begin so soon has its time said as it is known now."""


def encode_message(message: FromPlay | ToPlay) -> bytes:
    """Return a message as one line of JSON in ASCII, its end included; see `runtime.monitor.snapshot.encode`."""
    return one_line(message)


def decode_from_play(line: bytes) -> FromPlay:
    """Read a line that a play has sent.

    Raises:
        MissingError: If it is none of this protocol.

    """
    try:
        message: FromPlay = decode_json(line, cast("Any", FromPlay))  # a union, which is no class
    except InputError as error:
        raise MissingError(
            f"what plays is of another version, its line {visible(str(error))}: use one version for both"
        ) from error
    return message


def decode_to_play(line: bytes) -> ToPlay:
    """Read a line that a play was sent.

    Raises:
        InputError: If it is none of this protocol.

    """
    try:
        message: ToPlay = decode_json(line, cast("Any", ToPlay))  # the same
    except InputError as error:
        raise InputError(f"a line {visible(str(error))}: say hello, ping, command or stop") from error
    return message
