"""Changes parameters while the music plays: messages and command lines make the coming notes anew."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lstm_composer.runtime.errors import ComposerError
from lstm_composer.runtime.generation.ensemble import Ensemble
from lstm_composer.runtime.generation.lookahead import LookAhead
from lstm_composer.runtime.generation.schedule import Enter, Segment
from lstm_composer.runtime.generation.voice_state import EnsembleState
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note
from lstm_composer.runtime.parameters.commands import Change
from lstm_composer.runtime.parameters.course import Course, Entry, GoOn, Hold, LetGo, Music, NewPiece
from lstm_composer.runtime.parameters.midi_learn import Learner, Read
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.parameters.table import WITH_VALUES, TakesEffect
from lstm_composer.runtime.playback.expression import apply_expression, humanise_delay_seconds
from lstm_composer.runtime.system.visible_text import visible

LARGEST: Final = 4096
"""Messages that wait; in a flood the oldest go, since the last value of a parameter is the one that counts."""
WAIT_SECONDS: Final = 0.1
"""How soon a stop is seen while nothing changes."""
CATCH_UP_TICKS: Final = TICKS_PER_QUARTER // 2
CATCH_UP_SECONDS: Final = 0.25
"""After a change so much music is made before the next one, unless that takes longer."""
PAUSE_SECONDS: Final = 0.05
"""Between two changes: messages that come faster are applied together."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A channel message or a command line that waits, when it came, and who is told what becomes of it."""

    message: bytes | str
    seconds: float | None
    complain: Callable[[str], None]
    taken: Callable[[], None]


@dataclass(frozen=True, slots=True)
class ControllableStyle:
    """A style whose parameters can change while it plays.

    Attributes:
        parameters: Their initial values.
        styles: Names of the styles of the bundle, in the order of their weights.
        ensemble: Who plays.

    """

    parameters: Parameters
    styles: Sequence[str]
    ensemble: Ensemble


class LiveControl:
    """Accepts parameter changes from any thread and applies them to the music.

    Attributes:
        parameters: Their values at present.

    """

    def __init__(
        self,
        style: ControllableStyle,
        seed: int,
        stream: LookAhead,
        *,
        panic: Callable[[float | None], None],
        complain: Callable[[str], None],
        read: Read | None = None,
        set_volume: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Begin with the initial parameters of the style.

        Args:
            style: The style that is controlled, and its parameters at first.
            seed: Of the music so far.
            stream: What is steered.
            panic: Ends at once what had begun to sound at a time of the port's clock; None for now.
            complain: Told in a line what was wrong with a command.
            read: What a message or a command line asks for; without it, by the default map.
            set_volume: Sets the loudness of the sound here, 0..1.

        """
        self._set_volume = set_volume
        self._style = style
        self._stream = stream
        self._panic = panic
        self._complain = complain
        self._reads = read or Learner(style.styles, tell=complain).read
        self._pending: deque[_Asked] = deque(maxlen=LARGEST)
        self._wake = threading.Event()
        self._course = Course(Music(style.parameters.style, seed))
        self._next_segment: Segment | None = None  # that of the next music, where it is on the stream's schedule
        self._is_silent = False
        self._lock = threading.Lock()  # of the course and the schedule: who plays along has a thread of its own
        self.parameters = style.parameters

    @property
    def seed(self) -> int:
        """Of the music at present, or from the next bar line on where a new piece has been asked for."""
        return self._course.latest.seed

    def submit(
        self,
        message: bytes | str,
        seconds: float | None = None,
        complain: Callable[[str], None] | None = None,
        taken: Callable[[], None] = lambda: None,
    ) -> None:
        """Take a channel message or a command line; returns at once.

        Args:
            message: What is asked for.
            seconds: When it came, by the port's clock, if that is known.
            complain: Told in a line what is wrong with it, instead of whoever is told otherwise.
            taken: Called when nothing is wrong with it. In a flood that loses it, neither of the two is called.

        """
        self._pending.append(_Asked(message, seconds, complain or self._complain, taken))
        self._wake.set()

    def shape(self, notes: Iterable[Note]) -> list[Note]:
        """Return notes with the expression parameters applied."""
        return apply_expression(notes, self.parameters, self._style.ensemble.meter)

    def delay(self, tick: int) -> float:
        """Return how many seconds after its time what is at a position shall be sent."""
        return humanise_delay_seconds(tick, self.parameters.humanise)

    def run(self, stop: threading.Event) -> None:
        """Apply pending changes until `stop` is set."""
        while not stop.is_set():
            if self._wake.wait(WAIT_SECONDS):
                self._wake.clear()
                self.apply_pending()
                stop.wait(PAUSE_SECONDS)
                # Turns that come faster than the music can be made anew would leave none to be played.
                self._stream.wait_until_made(self._stream.taken_before() + CATCH_UP_TICKS, CATCH_UP_SECONDS)

    def pause(self) -> None:
        """Make nothing until the music goes on, whatever is set meanwhile."""
        with self._lock:
            self._is_silent = True
            self._stream.set_schedule()

    def go_on(self, state: EnsembleState | None) -> None:
        """Go on from a state, with all that has been set meanwhile; None for where the music was."""
        with self._lock:
            self._is_silent, self._course, self._next_segment = False, Course(self._course.latest), None
            enter = None if state is None else lambda _: state
            self._stream.set_schedule(self._segment(0, self._course.present, enter))

    def taken_before(self) -> int:
        """Return the position before which notes have been handed over."""
        return self._stream.taken_before()

    def apply_pending(self) -> None:
        """Apply all pending changes together."""
        before, bar, new_piece = self.parameters, False, False
        while self._pending:
            asked = self._pending.popleft()
            change = self._read(asked)
            if change is not None:
                is_new = (
                    change.new_piece or change.parameters != self.parameters
                )  # DAWs send the program that is set already
                self.parameters = change.parameters
                bar, new_piece = (
                    bar or (is_new and change.takes_effect is TakesEffect.NEXT_BAR),
                    new_piece or change.new_piece,
                )
                if change.panic:
                    self._panic(asked.seconds)
        if before.volume != self.parameters.volume:
            self._set_volume(self.parameters.volume)
        if bar or _asked_of_network(before) != _asked_of_network(self.parameters):
            with self._lock:
                self._change_course(on_bar_line=bar, new_piece=new_piece)

    def _read(self, asked: _Asked) -> Change | None:
        try:
            change = self._reads(asked.message, self.parameters)
            if change is not None and change.parameters != self.parameters:
                self._style.ensemble.check(change.parameters)
        except ComposerError as error:
            asked.complain(visible(str(error)))
            return None
        asked.taken()
        return change

    def _change_course(self, *, on_bar_line: bool, new_piece: bool) -> None:
        """Make the notes anew: at once with the music of before, and from the bar line with the next one."""
        if self._next_segment is not None and self._next_segment not in self._stream.coming_segments():
            self._course, self._next_segment = Course(self._course.latest), None
        self._course = course = self._course.turned(
            self.parameters,
            on_bar_line=on_bar_line,
            new_piece=new_piece,
            next_bar=self._stream.next_bar(),
            voices=self._style.ensemble.voices,
        )
        if self._is_silent:
            return
        now = self._segment(0, course.present)
        if course.next is None:
            self._stream.set_schedule(now)
            return
        enter = self._enter(course.entry(self._stream.bar_ticks))
        self._next_segment = self._segment(course.next.tick, course.next.music, enter)
        self._stream.set_schedule(now, self._next_segment)

    def _segment(self, tick: int, music: Music, enter: Enter | None = None) -> Segment:
        parameters = replace(self.parameters, style=music.style, hold=music.hold)
        return Segment(tick, self._style.ensemble.advance(parameters, music.seed), enter)

    def _enter(self, entry: Entry) -> Enter | None:
        ensemble = self._style.ensemble
        match entry:
            case GoOn():
                return None
            case NewPiece(tick):
                return lambda _: ensemble.piece_at(tick)
            case Hold(first, last):
                return lambda before: ensemble.hold(before, self._stream.heard(first, last), first, last)
            case LetGo(tick):
                return lambda before: ensemble.let_go(before, tick)


def _asked_of_network(parameters: Parameters) -> list[object]:
    """The values of the parameters but those that only change expression or sound."""
    return [getattr(parameters, row.field) for row in WITH_VALUES if row.stage == "network"]
