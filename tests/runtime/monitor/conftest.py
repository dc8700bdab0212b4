"""A snapshot whose values are known."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from runtime.monitor.snapshot import Control, LatenessHistogram, RollNote, Snapshot, Time

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
