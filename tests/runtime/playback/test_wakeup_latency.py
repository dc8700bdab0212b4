"""How late a thread that waits as the dispatcher does wakes up, and what is said about that."""

import json
import threading
from dataclasses import asdict, replace

import pytest

from lstm_composer.runtime.doctor.examination import examine
from lstm_composer.runtime.doctor.wording import lateness_remarks, report
from lstm_composer.runtime.playback.wakeup_latency import DEADLINES_A_SECOND, WakeupLatency, advice, measure
from lstm_composer.runtime.testing import FakeClock

REAL_TIME, NORMAL = "real-time priority (SCHED_FIFO 5)", "normal priority (real-time priority was refused: no)"


class LateClock(FakeClock):
    """Wakes each one a millisecond later than the one before, beginning with 0."""

    def wait_until(self, deadline_seconds: float, stop: threading.Event) -> bool:
        self._late = getattr(self, "_late", -0.001) + 0.001
        self._now = deadline_seconds + self._late
        return True


def test_what_a_late_clock_is_measured_as() -> None:
    shares: list[float] = []
    lateness = measure(0.5, shares.append, LateClock())
    assert len(lateness.seconds) == DEADLINES_A_SECOND / 2
    found = lateness.as_finding()
    assert (found.p50_ms, found.p99_ms, found.max_ms) == (50.0, 99.0, 99.0)
    assert shares[-1] == 1.0
    assert json.loads(json.dumps(asdict(found))) == asdict(found)


def test_this_machines_own_clock() -> None:
    lateness = measure(0.1)
    assert len(lateness.seconds) == DEADLINES_A_SECOND / 10
    assert 0 <= lateness.seconds[0] <= lateness.seconds[-1]
    assert lateness.priority.startswith(("real-time priority", "normal priority"))


@pytest.mark.parametrize(
    ("p99_ms", "worst_ms", "priority", "says"),
    [
        (0.2, 0.9, REAL_TIME, ["in time"]),
        (0.2, 0.9, NORMAL, ["in time", "is refused: permit it"]),
        (0.2, 30.0, REAL_TIME, ["in time", "single notes stumble"]),
        (2.0, 5.0, REAL_TIME, ["good enough", "--backend jack"]),
        (4.0, 5.0, NORMAL, ["heard to stumble", "is refused: permit it", "--backend jack"]),
        (20.0, 30.0, REAL_TIME, ["heard to stumble", "--backend jack"]),
    ],
)
def test_advice(
    monkeypatch: pytest.MonkeyPatch, p99_ms: float, worst_ms: float, priority: str, says: list[str]
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    told = advice(WakeupLatency((p99_ms / 1000,) * 999 + (worst_ms / 1000,), priority))
    assert len(told) == len(says)
    assert all(part in one for part, one in zip(says, told, strict=True))


def test_doctors_lines() -> None:
    finding = WakeupLatency((0.0001, 0.0002, 0.004), REAL_TIME).as_finding()
    lines = report(replace(examine(), lateness=finding)).splitlines()
    at = next(index for index, line in enumerate(lines) if "lateness" in line)
    assert lines[at].startswith("--  lateness")
    assert lines[at].endswith("p50 0.20, p99 4.00, max 4.00 ms (3 wake-ups, real-time priority)")
    assert len(list(lateness_remarks(finding))) == 1 + len(finding.advice)
    assert lines[at + 1].split(maxsplit=1)[1].startswith("notes will be heard to stumble")
