"""Playing together: what the player plays into the input is taken up and gone on with.

`continue`: while the player plays we are silent; a beat after the last key was let go we go on from the phrase.
`answer`: the player and we alternate every so many bars; our bars go on from theirs.

Keys are let go by their note-offs, or as `runtime.midi.held_keys` has it where those are lost: we are silent for no key
that nobody holds.

The phrase is moved onto the grid (`snap_to_grid`) and given to the network as if it had made it; the music goes on from
the state after it.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from lstm_composer.runtime.errors import ComposerError
from lstm_composer.runtime.generation.priming import snap_to_grid
from lstm_composer.runtime.generation.voice_state import EnsembleState
from lstm_composer.runtime.midi.held_keys import HeldKeys
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note
from lstm_composer.runtime.session.settings import Mode

LOOK_SECONDS: Final = 0.02
FEED_TICKS: Final = TICKS_PER_QUARTER // 2 + 4
"""How long before our first bar a phrase is taken up: the dispatcher takes notes so early, and they must be made."""
LARGEST: Final = 4096
"""Notes of a phrase; of more the latest count."""


class Playing(Protocol):
    """What falls silent and is gone on with: a `LiveControl`."""

    def pause(self) -> None:
        """Make nothing until it goes on."""
        ...

    def go_on(self, state: EnsembleState | None) -> None:
        """Go on from a state; None for where the music was."""
        ...

    def taken_before(self) -> int:
        """Return the position before which notes have been handed over."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAndResponse:
    """When the player and we play: the mode, and the turns of `answer`.

    Attributes:
        mode: Whether phrases are gone on with, or answered.
        bar_ticks: Length of a bar.
        beat_ticks: Length of a beat.
        turn_bars: Bars that each of us plays, in `answer`.
        first_tick: Position of the first bar.

    """

    mode: Mode
    bar_ticks: int
    beat_ticks: int
    turn_bars: int = 2
    first_tick: int = 0

    @property
    def turn_ticks(self) -> int:
        """Length of a turn."""
        return self.turn_bars * self.bar_ticks

    def turn_at(self, tick: int) -> int:
        """Return the number of the turn that a tick lies in; even turns are the player's."""
        return (tick - self.first_tick) // self.turn_ticks

    def turn_start(self, number: int) -> int:
        """Return where a turn begins."""
        return self.first_tick + number * self.turn_ticks

    def only_our_bars(self, notes: list[Note]) -> list[Note]:
        """Leave out notes that start in the player's turns, and end notes that sound into them."""
        if self.mode != "answer":
            return notes
        return [
            replace(note, duration=min(note.duration, self.turn_start(self.turn_at(note.onset) + 1) - note.onset))
            for note in notes
            if self.turn_at(note.onset) % 2 == 1
        ]


class Responder:
    """Collects what the player plays and continues the music from it."""

    def __init__(
        self,
        exchange: CallAndResponse,
        playing: Playing,
        after: Callable[[list[Note], int], EnsembleState],
        tick_at: Callable[[float], int],
        now: Callable[[], float],
    ) -> None:
        """Get ready.

        Args:
            exchange: When each of us plays.
            playing: What falls silent and is gone on with.
            after: Gives the state at a position after notes.
            tick_at: Gives the position at a time of the port's clock.
            now: The port's clock.

        """
        self._exchange = exchange
        self._playing = playing
        self._after = after
        self._tick_at = tick_at
        self._now = now
        self._heard: deque[tuple[bytes, float]] = deque(maxlen=LARGEST)
        self._phrase: deque[Note] = deque(maxlen=LARGEST)
        self._keys = HeldKeys(exchange.beat_ticks)
        self._last_seconds = float("-inf")  # when a key was struck or let go last
        self._listening = False
        self._answered = -1  # the turn at the last look

    def put(self, message: bytes, seconds: float) -> None:
        """Take a message that came in from the player at a time of the port's clock; returns at once."""
        self._heard.append((message, seconds))

    def only_our_bars(self, notes: list[Note]) -> list[Note]:
        """Leave out what would sound while it is the player's turn; see `CallAndResponse.only_our_bars`."""
        return self._exchange.only_our_bars(notes)

    def run(self, stop: threading.Event) -> None:
        """Listen until `stop` is set."""
        while not stop.wait(LOOK_SECONDS):
            self.look()

    def look(self) -> None:
        """Read what has come in, and take it up if it is time to."""
        now = self._now()
        flooded = len(self._heard) == LARGEST
        while self._heard:
            self._hear(*self._heard.popleft())
        if flooded or self._keys.are_lost(now):  # in a flood, who let go which keys is lost
            self._take(self._keys.let_go_of_all(self._tick_at(now)), now)
        if self._exchange.mode == "answer":
            self._answer(self._tick_at(now))
        elif self._listening and not self._keys.held and self._has_paused(now):
            beat = self._exchange.beat_ticks
            self._go_on(-(-self._playing.taken_before() // beat) * beat)
            self._listening = False

    def _has_paused(self, now: float) -> bool:
        """Tell whether a beat has passed since the last key, by positions; the song can go back meanwhile."""
        ticks = self._tick_at(now) - self._tick_at(self._last_seconds)
        return not 0 <= ticks < self._exchange.beat_ticks

    def _hear(self, message: bytes, seconds: float) -> None:
        tick = self._tick_at(seconds)
        self._take(self._keys.hear(message, seconds, tick), seconds)
        if self._keys.last_struck == seconds:
            self._last_seconds = seconds
            if self._exchange.mode == "continue" and not self._listening:
                self._listening = True
                self._playing.pause()

    def _take(self, notes: list[Note], seconds: float) -> None:
        """Add notes that have ended to the phrase."""
        if notes:
            self._phrase.extend(notes)
            self._last_seconds = seconds

    def _answer(self, now: int) -> None:
        turn = self._exchange.turn_at(now + FEED_TICKS)
        answered, self._answered = self._answered, turn
        if turn < 0 or turn % 2 == 0 or turn == answered:
            return
        start = self._exchange.turn_start(turn)
        first = start - self._exchange.turn_ticks
        notes = (*self._phrase, *self._keys.sounding(now))
        self._phrase = deque((note for note in notes if first <= note.onset < start), LARGEST)
        if self._phrase:
            self._go_on(start)

    def _go_on(self, tick: int) -> None:
        """Go on from the phrase, at a position."""
        phrase = [note for note in snap_to_grid(sorted(self._phrase)) if note.onset < tick]
        self._phrase.clear()
        try:
            state = self._after(phrase, tick)
        except ComposerError:
            raise
        except Exception:  # noqa: BLE001 - the engine has failed: the music goes on without the phrase
            state = None
        self._playing.go_on(state)
