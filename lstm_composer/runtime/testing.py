"""For tests of what plays: a session on one thread and a clock that waits for nobody.

    from lstm_composer.runtime.testing import fake_session

    played = fake_session(Path("models/base.onnx.json"), [(96, "mute on"), (192, bytes([176, 1, 127]))])
    notes = played.play(until=384)     # what a take keeps of it
    played.port.sent                   # the messages, each with the time at which it left

Everything is put together by `runtime.session.session.build_session`, as for the command `play`. Only the clock, the
port and who is at the other end of it are the test's.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from lstm_composer.runtime.bundle.files import read_card
from lstm_composer.runtime.midi.messages import Kind, Message, Sent
from lstm_composer.runtime.music.notes import Note, tick_seconds
from lstm_composer.runtime.ports.base import Connection, OnMessage, OutputPort
from lstm_composer.runtime.session.loading import LoadedComposer
from lstm_composer.runtime.session.session import build_session
from lstm_composer.runtime.session.settings import MusicSettings, PlaySettings
from lstm_composer.runtime.transport.clock import Clock
from lstm_composer.runtime.transport.fake_clock import FakeClock, ScriptedClock

MOST_EVENTS: Final = 20_000
"""Events that are made at once before a stream is said to stand still."""

__all__ = ["Action", "FakeClock", "FakeSession", "RecordingPort", "ScriptedClock", "fake_session"]

Action = str | bytes | Callable[[], object]
"""Something that happens: a command line, a MIDI message that comes in at the port, or a function that is called."""


class RecordingPort(OutputPort):
    """A port that keeps what it is sent, and whose input a test can speak into.

    Without a lead each message leaves at once; with one it leaves at its time, and can be taken back until then.

    Attributes:
        on_send: Called with each message before it is sent; what it raises is raised instead of sending.
        connected: What it is connected with.
        closings: How often the port has been closed.

    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        lead_seconds: float = 0.0,
        count_in_seconds: float | None = None,
        away_between: Sequence[tuple[float, float]] = (),
        on_send: Callable[[Message], object] = lambda _: None,
        name: str = "recording",
    ) -> None:
        """Open a port that is connected with nobody.

        Args:
            clock: What tells the time.
            lead_seconds: How long before its time a message may be given.
            count_in_seconds: How long before the first message the port has to be there; None for as long as any port.
            away_between: Times between which the port is away: it takes nothing, and nothing leaves.
            on_send: See above.
            name: What other programs call it.

        """
        super().__init__(name, clock)
        self.lead_seconds = lead_seconds
        if count_in_seconds is not None:
            self.count_in_seconds = count_in_seconds
        self.on_send = on_send
        self.connected: set[Connection] = set()
        self.closings = 0
        self._away_between = away_between
        self._left: list[tuple[Message, float]] = []
        self._waiting: deque[tuple[Message, float]] = deque()
        self._on_message: OnMessage | None = None

    @property
    def sent(self) -> list[tuple[Message, float]]:
        """What has been given and not taken back, in order, with the time at which each leaves."""
        return [*self._left, *self._waiting]

    @property
    def messages(self) -> list[Message]:
        """What has been given and not taken back, in order."""
        return [message for message, _ in self.sent]

    @property
    def waiting(self) -> list[Message]:
        """What has been given and has not left."""
        self.pending_count()
        return [message for message, _ in self._waiting]

    def sounding(self) -> set[tuple[int, int]]:
        """Return channel and pitch of what still sounds at the end.

        Raises:
            AssertionError: If something was struck while it sounded, or ended while it did not.

        """
        sounding: set[tuple[int, int]] = set()
        for message in self.messages:
            key = (message.channel, message.number)
            if message.kind is Kind.NOTE_ON:
                if key in sounding:
                    raise AssertionError(f"{message} is struck while it sounds")
                sounding.add(key)
            elif message.kind is Kind.NOTE_OFF:
                if key not in sounding:
                    raise AssertionError(f"{message} ends what does not sound")
                sounding.remove(key)
        return sounding

    def receive(self, message: bytes, seconds: float | None = None) -> None:
        """Have a message come in, at a time of the clock or now; nothing is done where no input is open."""
        if self._on_message is not None:
            self._on_message(message, self.clock.now() if seconds is None else seconds)

    def describe(self) -> str:
        """Return one line for the user."""
        return self.name

    def listen(self, on_message: OnMessage) -> str:
        """Open the input; see `OutputPort.listen`."""
        self._on_message = on_message
        return f"{self.name} in"

    def check_alive(self) -> bool:
        """Tell whether it is there."""
        return self._away_since() is None

    def pending_count(self) -> int:
        """Return how many messages have not left."""
        away_since = self._away_since()
        until = self.clock.now() if away_since is None else away_since
        while self._waiting and self._waiting[0][1] <= until:
            self._left.append(self._waiting.popleft())
        return len(self._waiting)

    def discard_pending(self) -> list[Message]:
        """Take back what has not left."""
        pending = self.waiting
        self._waiting.clear()
        return pending

    def connections(self) -> frozenset[Connection]:
        """Return what it is connected with."""
        return frozenset(self.connected)

    def connect(self, wire: Connection) -> bool:
        """Connect it."""
        self.connected.add(wire)
        return True

    def _send(self, message: Message, when_seconds: float) -> float | None:
        self.on_send(message)
        self.pending_count()
        if self._away_since() is not None:
            return None
        leaves = self.clock.now()
        if self.lead_seconds:
            leaves = max(leaves, when_seconds, self._waiting[-1][1] if self._waiting else leaves)
        self._waiting.append((message, leaves))
        return leaves

    def _away_since(self) -> float | None:
        now = self.clock.now()
        return next((first for first, last in self._away_between if first <= now < last), None)

    def _close(self) -> None:
        self.closings += 1


class FakeSession:
    """A session that plays on one thread: before time moves on, everybody has done what there is to do.

    Attributes:
        session: What plays.
        clock: Its time, which begins at 0.
        port: Where it plays.
        sent: The messages that have left.
        told: The lines that the user was told.
        stop: Ends it.

    """

    def __init__(
        self,
        settings: PlaySettings,
        composer: LoadedComposer | None = None,
        *,
        lead_seconds: float = 0.0,
        count_in_seconds: float = 0.0,
        away_between: Sequence[tuple[float, float]] = (),
    ) -> None:
        """Put it together; see `build_session` and `RecordingPort`."""
        self.clock = ScriptedClock(self.step)
        self.port = RecordingPort(
            self.clock, lead_seconds=lead_seconds, count_in_seconds=count_in_seconds, away_between=away_between
        )
        self.sent: list[Sent] = []
        self.told: list[str] = []
        self.stop = threading.Event()
        self.session = build_session(
            settings, composer=composer, port=self.port, on_sent=self.sent.append, say=self.told.append
        )

    def at_seconds(self, seconds: float, *actions: Action) -> None:
        """Have something happen at a time."""
        self.clock.at(seconds, *(self._doing(action) for action in actions))

    def at(self, tick: float, *actions: Action) -> None:
        """Have something happen at a position by our own tempo."""
        start = self.session.transport.seconds_at(0)
        self.at_seconds(start + tick * tick_seconds(self.session.composer.tempo_bpm), *actions)

    def play(self, until: int | None = None) -> list[Note]:
        """Play to the end, or to a position; returns what a take keeps of it."""
        if until is not None:
            self.at(until, self.stop.set)
        self.step()
        self.session.dispatcher.run(self.stop)
        return self.session.take.music().notes

    def step(self) -> None:
        """Let everybody but the dispatcher do what there is to do."""
        if self.session.responder is not None:
            self.session.responder.look()
        self.fill()

    def fill(self) -> None:
        """Make all the notes that there is room for.

        Raises:
            AssertionError: If there always is more room.

        """
        lookahead = self.session.lookahead
        for _ in range(MOST_EVENTS):
            if not lookahead.make_one() and lookahead.wait_until_filled(0.0):
                return
        raise AssertionError("the stream stands still")

    def _doing(self, action: Action) -> Callable[[], object]:
        if not isinstance(action, (str, bytes)):
            return action
        return lambda: self._ask(action)

    def _ask(self, action: str | bytes) -> None:
        control = self.session.control
        if isinstance(action, bytes):
            self.port.receive(action)
        elif control is not None:
            control.submit(action)
        if control is not None:
            control.apply_pending()


def fake_session(
    bundle: Path,
    script: Iterable[tuple[float, Action]] = (),
    *,
    settings: PlaySettings | None = None,
    lead_seconds: float = 0.0,
    away_between: Sequence[tuple[float, float]] = (),
) -> FakeSession:
    """Put a session together as `play` does, but on one thread and a clock that waits for nobody.

    Args:
        bundle: The card of a bundle, NAME.onnx.json.
        script: What happens at which position, in ticks.
        settings: What is asked for; None for the first style of the bundle, with seed 1 and a tempo of our own.
        lead_seconds: How long before its time the port takes a message.
        away_between: Times between which the port is away.

    Raises:
        ComposerError: If something asked for is wrong or missing.

    """
    if settings is None:
        style = read_card(bundle).styles[0].name
        music = MusicSettings(style=style, seed=1, device="cpu", models_dirs=(bundle.parent,))
        settings = PlaySettings(music=music, sync="internal")
    made = FakeSession(settings, lead_seconds=lead_seconds, away_between=away_between)
    for tick, action in script:
        made.at(tick, action)
    return made
