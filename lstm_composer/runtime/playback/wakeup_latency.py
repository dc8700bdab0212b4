"""How late this machine wakes a thread that waits as the dispatcher does: what `doctor --lateness` measures."""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lstm_composer.runtime.system.realtime import prepare_interpreter, raise_priority
from lstm_composer.runtime.transport.clock import Clock, SystemClock

DEADLINES_A_SECOND: Final = 200
"""As many as very dense music has."""
GOOD_MS, PLAYABLE_MS, STRAY_MS = 1.0, 3.0, 10.0
"""Nobody hears the first; the second is the most that `play` is meant to have in a hundred notes without real-time
priority; the third is heard as a note that stumbles."""
REFRESH_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class LatenessFinding:
    """What `doctor` says of a measurement: the fields of `doctor --json`, in milliseconds.

    Attributes:
        wakes: How often the thread woke up.
        p50_ms: Half of the wake-ups were at most so late.
        p99_ms: 99 in a hundred were.
        max_ms: All were.
        priority: What the thread was given, in words.
        advice: What the figures mean, and what would make them better.

    """

    wakes: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    priority: str
    advice: list[str]


@dataclass(frozen=True, slots=True)
class WakeupLatency:
    """What was measured.

    Attributes:
        seconds: How late each wake-up was, in order of lateness; at least one.
        priority: What the thread was given, in words.

    """

    seconds: tuple[float, ...]
    priority: str

    def share_ms(self, share: float) -> float:
        """Return the milliseconds within which this share of the wake-ups came, 0..1."""
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))] * 1000

    @property
    def real_time(self) -> bool:
        """Whether the thread had real-time priority."""
        return self.priority.startswith("real-time")

    def as_finding(self) -> LatenessFinding:
        """Return the figures, rounded to microseconds, and what is to be done about them."""
        return LatenessFinding(
            wakes=len(self.seconds),
            p50_ms=round(self.share_ms(0.5), 3),
            p99_ms=round(self.share_ms(0.99), 3),
            max_ms=round(self.seconds[-1] * 1000, 3),
            priority=self.priority,
            advice=advice(self),
        )


def advice(lateness: WakeupLatency) -> list[str]:
    """Say in words what the figures mean and what would make them better."""
    p99, worst = lateness.share_ms(0.99), lateness.seconds[-1] * 1000
    told = []
    if p99 <= GOOD_MS:
        told.append("notes leave in time, as far as anybody hears")
    elif p99 <= PLAYABLE_MS:
        told.append("good enough to play with; more is lost when other programs are busy")
    else:
        told.append("notes will be heard to stumble: end busy programs, and choose the system's performance mode")
    if worst > STRAY_MS >= p99:
        told.append("single notes stumble: power saving, a virtual machine, or a program that wakes now and then")
    if not lateness.real_time and sys.platform == "linux":
        told.append("other programs make it later, since real-time priority is refused: permit it")
    if p99 > GOOD_MS and sys.platform == "linux":
        told.append("--backend jack is late the least: it is given its notes a tenth of a second ahead")
    return told


def measure(
    seconds: float, on_progress: Callable[[float], None] = lambda _: None, clock: Clock | None = None
) -> WakeupLatency:
    """Wake up again and again at absolute times, as the dispatcher does, on a thread like the dispatcher's.

    Args:
        seconds: How long.
        on_progress: Told on the calling thread, ten times a second, what share is done.
        clock: What is waited by.

    """
    found: list[float] = []
    priority: list[str] = []
    total = max(1, round(seconds * DEADLINES_A_SECOND))
    thread = threading.Thread(target=_wake, args=(clock or SystemClock(), total, found, priority), name="lateness")
    prepare_interpreter()
    thread.start()
    while thread.is_alive():
        thread.join(REFRESH_SECONDS)
        on_progress(len(found) / total)
    on_progress(1.0)
    return WakeupLatency(tuple(sorted(found)), priority[0])


def _wake(clock: Clock, total: int, found: list[float], priority: list[str]) -> None:
    priority.append(raise_priority())
    never = threading.Event()
    start = clock.now() + 1 / DEADLINES_A_SECOND
    for number in range(total):
        deadline = start + number / DEADLINES_A_SECOND
        clock.wait_until(deadline, never)
        found.append(max(0.0, clock.now() - deadline))


def measured_with_progress(seconds: float) -> WakeupLatency:
    """Measure, with a bar on standard error where that is a terminal."""
    from rich.console import Console  # noqa: PLC0415 - not needed where nothing is measured
    from rich.progress import Progress  # noqa: PLC0415

    console = Console(stderr=True)
    with Progress(console=console, auto_refresh=False, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("how late do notes leave", total=1.0)

        def on_progress(share: float) -> None:
            progress.update(task, completed=share, refresh=True)

        return measure(seconds, on_progress)
