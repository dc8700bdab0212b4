"""The one line that a terminal shows while music plays."""

from dataclasses import dataclass
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from lstm_composer.runtime.generation.lookahead import LookAhead
from lstm_composer.runtime.playback.dispatcher import Dispatcher
from lstm_composer.runtime.session.loading import LoadedComposer
from lstm_composer.runtime.system.visible_text import visible

MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """What the line shows, read at one moment."""

    position: int
    sounding: int
    ahead_ticks: int
    worst_lateness_seconds: float
    tempo_bpm: float


def read(dispatcher: Dispatcher, lookahead: LookAhead) -> Reading:
    """Read the values off the running threads."""
    position = max(0, dispatcher.position_tick())
    return Reading(
        position,
        dispatcher.sounding_count,
        lookahead.ticks_ahead(position),
        dispatcher.worst_lateness_seconds,
        dispatcher.tempo_bpm,
    )


def line(prepared: LoadedComposer, reading: Reading) -> str:
    """Style, tempo, bar and beat, notes sounding, look-ahead left in bars, worst lateness."""
    bar, tick = divmod(reading.position, prepared.meter.ticks_per_bar)
    beat = tick // prepared.meter.ticks_per_beat
    ahead = reading.ahead_ticks / prepared.meter.ticks_per_bar
    lateness = reading.worst_lateness_seconds * MILLISECONDS
    return (
        f"{prepared.style}  {reading.tempo_bpm:.4g} bpm {prepared.meter}  bar {bar + 1} beat {beat + 1}  "
        f"{reading.sounding} sounding  {ahead:.1f} bars ahead  worst lateness {lateness:.2f} ms"
    )


class LiveLine:
    """Shows the line on a terminal; on anything else it stays silent. A context manager."""

    def __init__(self, console: Console, prepared: LoadedComposer) -> None:
        self._prepared = prepared
        # No thread of rich's own: the caller's loop sets the pace, away from the dispatcher's deadlines.
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, reading: Reading) -> None:
        """Draw the line anew."""
        if self._live is not None:
            self._live.update(
                Text(visible(line(self._prepared, reading)), no_wrap=True, overflow="ellipsis"), refresh=True
            )
