"""A snapshot whose values are known, and somebody who plays by a script."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import pytest

from lstm_composer.runtime.monitor.protocol import Anchor, Delta, Event, Whole
from lstm_composer.runtime.monitor.snapshot import Control, LatenessHistogram, RollNote, Snapshot, Time

BAR = 96


@pytest.fixture(scope="session")
def snapshot() -> Callable[..., Snapshot]:
    """In bar 3 beat 2 of a piece in 4/4, any value changed."""

    def make(**changes: object) -> Snapshot:
        known = Snapshot(
            pid=17,
            style="bach",
            seed=42,
            port="LSTM Composer",
            meter="4/4",
            ticks_per_bar=BAR,
            ticks_per_beat=24,
            time=Time("midi", 92.5, running=True, tick=2 * BAR + 30, bar=3, beat=2),
            past=(RollNote(0, 60, 24, 80, 1),),
            sounding=(RollNote(2 * BAR + 24, 67, 24, 80, 1),),
            coming=(RollNote(3 * BAR, 72, 48, 80, 1),),
            controls=(Control("temperature", "1", (1,)), Control("key", "off", ()), Control("panic", "", (120, 123))),
            lateness=LatenessHistogram((0.1, 1.0), (90, 9, 1), 3.25),
            notes=100,
            late_notes=2,
            missed_notes=3,
            rests=0,
            ahead_ticks=2 * BAR,
        )
        return replace(known, **changes)  # type: ignore[arg-type] # the tests name its fields

    return make


class FakePlay:
    """What is published: snapshots of a function, and the deltas that a test puts in.

    Attributes:
        deltas: Given out one a look; then nothing changes any more.
        lines: The command lines that came in; of them those are refused that begin with "no".
        ended: How often the end was asked for.
        tidied: How often nobody looked.

    """

    def __init__(self, take: Callable[[], Snapshot], events: tuple[Event, ...] = ()) -> None:
        self._take, self._events = take, events
        self.deltas: deque[Delta] = deque()
        self.lines: list[str] = []
        self.ended = self.tidied = 0

    def now(self) -> float:
        return 1000.0

    def tidy(self) -> None:
        self.tidied += 1

    def snapshot(self) -> Snapshot:
        return self._take()

    def whole(self) -> Whole:
        return Whole(self.now(), ANCHOR, self._take(), self._events)

    def look(self) -> Delta:
        return self.deltas.popleft() if self.deltas else Delta(self.now())

    def submit(self, line: str, refuse: Callable[[str], None], take: Callable[[], None]) -> None:
        self.lines.append(line)
        if line.startswith("no"):
            refuse(f"{line} is refused")
        else:
            take()

    def end(self) -> None:
        self.ended += 1


ANCHOR = Anchor(2 * BAR + 30, 1000.0, 120.0, running=True, source="internal")


@pytest.fixture(scope="session")
def event() -> Callable[..., Event]:
    """A note that is to begin a beat after the anchor of a `FakePlay`, any value changed."""

    def make(**changes: object) -> Event:
        known = {"id": 7, "tick": 2 * BAR + 54, "due": 1000.5, "note": 60, "velocity": 80, "duration": 24}
        return Event(**{**known, "ends": 1001.0, "channel": 1, "voice": 0, **changes})  # type: ignore[arg-type] # its fields

    return make
