"""Following a MIDI clock: where the sender is, how fast it goes, and whether it plays.

The messages are MIDI 1.0's, as musicians' programs send them: F8 twenty-four times a quarter, FA start, FB continue, FC
stop, and F2, the song position in sixteenths. The first F8 after FA is the downbeat of bar 1; after FB it is the place
that F2 named, or where the song was stopped.

What senders do wrong, and what is made of it:

- a pulse that comes twice counts once, and one that is lost is counted as if it had come;
- pulses while the song is stopped tell the tempo and nothing else;
- FC again and again, FA without FC, F2 while playing: what came last holds;
- F2 in pulses instead of sixteenths (one program does that) is seen when, right after FC, it names the pulse at which
  the song was stopped: from then on it is read so;
- Ardour 7.3 counts F2 in pulses too. It names whole quarters only, and sends F2, FB and the first F8 together,
  after silence: what comes like that is read so, unless an F2 has been heard before that is no whole quarter;
- no pulse for a while although no FC came: the song stops there, and goes on with the next pulse.
"""

from collections import deque

from lstm_composer.runtime.midi.input import Continue, Pulse, SongPosition, Start, Stop, decode
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, tick_seconds
from lstm_composer.runtime.transport.tempo_estimate import TempoEstimator
from lstm_composer.runtime.transport.transport import TransportEvent, TransportEventKind

TICKS_PER_SIXTEENTH = TICKS_PER_QUARTER // 4
LEARNING_PULSES = 3
"""Pulses that are believed whatever they say, until a tempo is known."""
DOUBLED_SHARE, DOUBLED_SECONDS = 0.25, 0.002
"""What comes sooner than either after a pulse (the first a share of its length) is the same pulse again."""
OFF_SECONDS, OFF_SHARE = 0.003, 0.15
"""A pulse further than both (seconds, and the share of a pulse's length) from its time is not believed by itself."""
SAME_GAP, ALIKE_GAP = 1.3, 1.1
"""Gaps between pulses that differ by less than this factor can be, or are, of one tempo."""
LOST_SECONDS, LOST_PULSES = 0.3, 8
"""The sender is taken to be gone after both without a pulse."""
TOGETHER_SECONDS, SAME_PERIOD_SECONDS = 0.002, 0.05
"""FB and F8 that come within the first, and F2 and FB within the second, were sent in one period."""
REPORT_SECONDS = 0.1
"""A song position this soon after FC is the sender telling where it stopped."""


class ClockFollower:
    """The transport of a MIDI clock's sender; give it every message with its time, in order.

    A `runtime.transport.transport.Transport`. All its methods belong on one thread.

    Attributes:
        doubled_pulses: Pulses that came twice.
        missing_pulses: Pulses that did not come.

    """

    def __init__(self, tempo_bpm: float) -> None:
        """Wait for a clock; `tempo_bpm` is believed in until one has been heard."""
        self._fit = TempoEstimator(tick_seconds(tempo_bpm))
        self._moves: deque[TransportEvent] = deque()
        self._times: deque[float] = deque(maxlen=LEARNING_PULSES)  # of the latest pulses
        self._next_tick = 0  # position of the song at the next pulse
        self._odd = 0  # pulses since the last one that was believed
        self._excess = 0  # how many more pulses were counted than came, when the last one was believed
        self._playing = False
        self._armed = False  # FA or FB has come, its first pulse has not
        self._gone = False  # the pulses have ceased without FC
        self._stopped_seconds = float("-inf")
        self._position_unit = TICKS_PER_SIXTEENTH
        self._unit_known = False
        self._named, self._named_seconds = 0, float("-inf")  # the latest F2
        self._continued_seconds = float("-inf")  # the latest FB
        self.doubled_pulses = 0
        self.missing_pulses = 0

    @property
    def running(self) -> bool:
        """Whether the song moves on."""
        return self._playing and not self._armed and not self._gone

    @property
    def waiting(self) -> bool:
        """Whether the song has been started, and its first pulse is still to come."""
        return self._armed

    @property
    def tempo_bpm(self) -> float:
        """Quarter notes a minute at present."""
        return 60.0 / (self._fit.line.tick_seconds * TICKS_PER_QUARTER)

    @property
    def steady(self) -> bool:
        """Whether enough pulses of one tempo have been heard to believe it."""
        return self._fit.count >= TICKS_PER_QUARTER

    def seconds_at(self, tick: int) -> float:
        """Return the time at which a position is expected to be reached."""
        return self._fit.line.seconds_at(tick)

    def tick_at(self, seconds: float) -> int:
        """Return the last position reached at a time."""
        nearest = round(self._fit.line.tick_at(seconds))
        return nearest if self.seconds_at(nearest) <= seconds else nearest - 1

    def moves(self, now_seconds: float) -> list[TransportEvent]:
        """Return what has become of the song since this was asked last; finds out, too, that the sender is gone."""
        if self.running and self._is_silent(now_seconds):
            self._gone = True
            self._moves.append(TransportEvent(TransportEventKind.STOP, self._next_tick))
        moves = list(self._moves)
        self._moves.clear()
        return moves

    def join(self, tick: int) -> None:
        """Play without having been started, for a sender that only ever sends pulses; `tick` is the next pulse's."""
        self._go_to(tick)
        self._playing = True

    def receive(self, message: bytes, seconds: float) -> None:
        """Take a message that came at a time; those that are not about the clock are passed over."""
        match decode(message):
            case Pulse():
                self._pulse(seconds)
            case Start():
                self._begin(0)
            case Continue():
                self._continued_seconds = seconds
                self._begin(self._next_tick)
            case Stop():
                self._stop(seconds)
            case SongPosition(value):
                self._locate(value, seconds)

    def _begin(self, tick: int) -> None:
        if self.running:
            self._moves.append(TransportEvent(TransportEventKind.STOP, self._next_tick))
        self._go_to(tick)
        self._moves.append(TransportEvent(TransportEventKind.LOCATE, tick))
        self._playing = self._armed = True
        self._gone = False

    def _stop(self, seconds: float) -> None:
        if self.running:
            self._moves.append(TransportEvent(TransportEventKind.STOP, self._next_tick))
            self._stopped_seconds = seconds
        self._playing = self._armed = self._gone = False

    def _locate(self, value: int, seconds: float) -> None:
        if seconds - self._stopped_seconds < REPORT_SECONDS and self._next_tick >= TICKS_PER_QUARTER:
            self._learn_unit(value)
        self._unit_known = self._unit_known or value % TICKS_PER_QUARTER != 0
        self._named, self._named_seconds = value, seconds
        if self.running:
            self._moves.append(TransportEvent(TransportEventKind.STOP, self._next_tick))
        self._go_to(value * self._position_unit)
        self._moves.append(TransportEvent(TransportEventKind.LOCATE, self._next_tick))

    def _go_to(self, tick: int) -> None:
        self._next_tick += self._odd
        self._fit.move(tick - self._next_tick)
        self._next_tick, self._odd, self._excess = tick, 0, 0

    def _learn_unit(self, value: int) -> None:
        """Compare where the song was stopped with a position that was sent right afterwards; it may be another."""
        for unit in (1, TICKS_PER_SIXTEENTH):
            if abs(value * unit - self._next_tick) <= unit:
                self._position_unit, self._unit_known = unit, True

    def _is_in_pulses(self, seconds: float) -> bool:
        """Tell, by how the first pulse after FB comes, whether the sender counts positions in pulses."""
        together = seconds - self._continued_seconds < TOGETHER_SECONDS
        named = self._continued_seconds - self._named_seconds < SAME_PERIOD_SECONDS
        silent = not self._times or self._times[-1] <= self._stopped_seconds
        return together and named and silent and self._named > 0 and not self._unit_known

    def _pulse(self, seconds: float) -> None:
        if self._is_double(seconds):
            self.doubled_pulses += 1
            return
        if self._armed and self._position_unit != 1 and self._is_in_pulses(seconds):
            self._position_unit = 1
            self._go_to(self._named)
            self._moves.append(TransportEvent(TransportEventKind.LOCATE, self._next_tick))
        silent = self._is_silent(seconds)
        self._times.append(seconds)
        if silent:
            self._restart(1)
        elif self._armed:
            self._begin_with(seconds)
        elif self._fit.count < LEARNING_PULSES:
            self._believe(1, seconds)
        else:
            self._weigh(seconds)
        if self._armed or (self._gone and self._playing):
            self._armed = self._gone = False
            self._moves.append(TransportEvent(TransportEventKind.START, self._next_tick - 1))

    def _is_double(self, seconds: float) -> bool:
        if not self._times:
            return False
        known = self._fit.count >= LEARNING_PULSES
        shortest = max(DOUBLED_SECONDS, DOUBLED_SHARE * self._fit.line.tick_seconds if known else 0.0)
        return seconds - self._times[-1] < shortest

    def _begin_with(self, seconds: float) -> None:
        """Take the first pulse of a song: the next position, however long it is since the pulse before."""
        lengths = self._fit.line.tick_at(seconds) - self._next_tick
        if self._fit.count < LEARNING_PULSES or abs(lengths - round(lengths)) > self._allowed():
            self._restart(1)
            return
        self._fit.move(-round(lengths))
        self._believe(1, seconds)

    def _allowed(self) -> float:
        """How far from its place a pulse may be, in pulses."""
        return max(OFF_SHARE, OFF_SECONDS / self._fit.line.tick_seconds)

    def _is_silent(self, now_seconds: float) -> bool:
        longest = max(LOST_SECONDS, LOST_PULSES * self._fit.line.tick_seconds)
        return not self._times or now_seconds - self._times[-1] > longest

    def _weigh(self, seconds: float) -> None:
        """Decide whether a pulse came when one was due, and how many pulses later than the last one believed."""
        lengths = self._fit.line.tick_at(seconds) - (self._next_tick - 1)
        counted = round(lengths)
        came = self._odd + 1
        if counted < 1 or abs(lengths - counted) > self._allowed():
            self._odd = came
            if came > 1:
                self._change_tempo(came)
        elif self._odd and self._is_another_tempo():
            self._change_tempo(came)
        elif counted != came and self._excess == counted - came:
            # The same again: nothing was lost or came twice, the tempo is another. What was counted too much goes back.
            self._change_tempo(came - self._excess)
        else:
            self._excess = counted - came
            self.missing_pulses += max(0, self._excess)
            self.doubled_pulses += max(0, -self._excess)
            self._believe(counted, seconds)

    def _is_another_tempo(self) -> bool:
        """Tell whether the last two gaps are alike, and not those of the tempo so far."""
        *_, first, second, third = self._times
        gaps = (second - first, third - second)
        alike = max(gaps) < ALIKE_GAP * min(gaps)
        return alike and abs(gaps[1] / self._fit.line.tick_seconds - 1) > self._allowed()

    def _believe(self, counted: int, seconds: float) -> None:
        self._fit.add(self._next_tick + counted - 1, seconds)
        self._next_tick += counted
        self._odd = 0

    def _change_tempo(self, counted: int) -> None:
        """Go on from the latest pulses alone."""
        *_, first, second, third = self._times
        steady = max(second - first, third - second) < SAME_GAP * min(second - first, third - second)
        self._restart(counted, 3 if steady else 2)
        if self.running:
            self._moves.append(TransportEvent(TransportEventKind.RETIME, self._next_tick - 1))

    def _restart(self, counted: int, pulses: int = 1) -> None:
        self._next_tick += counted
        times = list(self._times)[-pulses:]
        self._fit.restart((self._next_tick - len(times) + index, time) for index, time in enumerate(times))
        self._odd = self._excess = 0
