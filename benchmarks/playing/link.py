"""How near the notes of `lstm-composer play --sync link` are to another program's beats on Ableton Link.

Both run in a network namespace of their own, in which there is nothing but the loopback device, so that nobody else's
session is joined. The other one plays at 100 bpm, changes to 140, starts, stops and starts again.

Run: python benchmarks/playing/link.py     (needs Linux, unshare and ip; the extra link; half a minute)
"""

import bisect
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.common.tables import machine, percentile, print_table

ROOT: Final = Path(__file__).parents[2]
MUSIC: Final = ("--style", "bach", "--seed", "1")
TICKS: Final = 24
BAR_BEATS: Final = 4
ALONE_SECONDS: Final = 1.0
SCRIPT: Final = ((8.0, "tempo", 140.0), (12.0, "playing", True), (16.0, "playing", False), (18.0, "playing", True))
SECONDS: Final = 23.0
NAMESPACE: Final = ("unshare", "--net", "--map-root-user", "sh", "-c")
LOOPBACK: Final = "ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo"


@dataclass(frozen=True)
class Onset:
    """A note-on: when it was due, where in our song, and the other program's beat at that time."""

    seconds: float
    tick: int
    beat: float

    @property
    def error_beats(self) -> float:
        """How far its place in the bar is from that of the other program's beat."""
        off = (self.beat - self.tick / TICKS) % BAR_BEATS
        return off - BAR_BEATS if off > BAR_BEATS / 2 else off


def can_be_alone() -> bool:
    """Tell whether this system lets us make a network namespace with a loopback device that carries multicast."""
    if not all(shutil.which(name) for name in ("unshare", "ip")):
        return False
    return subprocess.run([*NAMESPACE, LOOPBACK], capture_output=True, check=False).returncode == 0


def play(music: tuple[str, ...], folder: Path) -> tuple[list[Onset], list[dict[str, float]]]:
    """Play beside the other program; returns our note-ons and all that the other one wrote."""
    events, seen = folder / "events.jsonl", folder / "peer.jsonl"
    peer = Path(__file__).with_name("link_peer.py")
    other = shlex.join([sys.executable, str(peer), "100", str(SECONDS), json.dumps(SCRIPT), str(seen)])
    ours = [sys.executable, "-m", "lstm_composer", "play", *music, "--sync", "link", "--backend", "none"]
    ours += ["--events", str(events), "--take", str(folder / "take.mid")]
    we = f"timeout -s INT {SECONDS - 2} {shlex.join(ours)}"
    both = f"{LOOPBACK} && {{ {other} & sleep {ALONE_SECONDS}; {we}; wait; }}"
    subprocess.run([*NAMESPACE, both], cwd=ROOT, check=True, capture_output=True)
    lines = [json.loads(line) for line in seen.read_text().splitlines()]
    beats = [(line["seconds"], line["beat"]) for line in lines if "beat" in line]
    times = [seconds for seconds, _ in beats]
    onsets = []
    for event in map(json.loads, events.read_text().splitlines()):
        index = bisect.bisect(times, event["due"])
        if event["kind"] == "note_on" and 0 < index < len(beats):
            (start, first), (end, second) = beats[index - 1], beats[index]
            beat = first + (second - first) * (event["due"] - start) / (end - start)
            onsets.append(Onset(event["due"], event["tick"], beat))
    return onsets, lines


def main() -> None:
    """Measure before and after the change of tempo, and after the start."""
    if not can_be_alone():
        sys.exit("a network namespace cannot be made here: it needs Linux, unshare and ip, and the right to use them")
    with tempfile.TemporaryDirectory() as folder:
        onsets, lines = play(MUSIC, Path(folder))
    changed, started, stopped, again = (line["seconds"] for line in lines if "set" in line)
    parts = {
        "100 bpm": (0.0, changed, 100.0),
        "changed to 140 bpm: the beat after it": (changed, changed + 60 / 140, 140.0),
        "140 bpm": (changed + 60 / 140, started, 140.0),
        "started": (started, stopped, 140.0),
        "started again": (again, again + SECONDS, 140.0),
    }
    rows = []
    for name, (first, last, bpm) in parts.items():
        errors = [abs(one.error_beats) * 60_000 / bpm for one in onsets if first <= one.seconds < last]
        if errors:
            figures = (percentile(errors, 0.5), percentile(errors, 0.99), max(errors))
            rows.append((name, len(errors), *(f"{value:.3f}" for value in figures)))
    between = sum(stopped + 0.1 < one.seconds < again for one in onsets)
    print(f"{machine()}; notes between stop and start: {between}\n")
    print_table(("the other program", "notes", "off its beat p50, ms", "p99", "worst"), rows)


if __name__ == "__main__":
    main()
