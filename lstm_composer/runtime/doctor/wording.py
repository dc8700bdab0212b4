"""What an examination of the machine found, in words: for a terminal, and for whatever else shows it."""

from collections.abc import Iterator
from typing import NamedTuple

from lstm_composer.runtime.doctor.examination import AudioFinding, Examination
from lstm_composer.runtime.playback.wakeup_latency import PLAYABLE_MS, LatenessFinding
from lstm_composer.runtime.system.visible_text import visible


class Remark(NamedTuple):
    """A finding in words.

    Attributes:
        name: What was looked at; empty for more about the one before.
        ok: Whether it is as it should be.
        detail: What was found. It repeats names of files and devices, which can hold anything: see `visible`.

    """

    name: str
    ok: bool
    detail: str


def remarks(found: Examination) -> list[Remark]:
    """Say all that was found, the machine first and the bundles last."""
    cuda = "CUDA can be tried" if found.onnxruntime.cuda else "no CUDA: runs on the processor"
    return [
        Remark("LSTM Composer", ok=True, detail=f"{found.version}, Python {found.python}, {found.platform}"),
        *(Remark(f"MIDI {system.backend}", system.ok, system.detail) for system in found.midi),
        Remark("audio", bool(found.audio.devices), _audio_detail(found.audio)),
        Remark("onnxruntime", ok=True, detail=f"{found.onnxruntime.version}, {cuda}"),
        *([Remark("", ok=False, detail=found.onnxruntime.problem)] if found.onnxruntime.problem else []),
        Remark("real-time priority", found.realtime_priority.permitted, found.realtime_priority.detail),
        Remark("panel", found.panel.ok, found.panel.detail),
        *(() if found.lateness is None else lateness_remarks(found.lateness)),
        *(Remark(f"bundle {bundle.name}", bundle.ok, bundle.detail) for bundle in found.bundles),
    ]


def lateness_remarks(found: LatenessFinding) -> Iterator[Remark]:
    """Say how late notes leave: the figures, and then each advice."""
    figures = f"p50 {found.p50_ms:.2f}, p99 {found.p99_ms:.2f}, max {found.max_ms:.2f} ms"
    good = found.p99_ms <= PLAYABLE_MS
    yield Remark("lateness", good, f"{figures} ({found.wakes} wake-ups, {found.priority.partition(' (')[0]})")
    yield from (Remark("", good, one) for one in found.advice)


def report(found: Examination) -> str:
    """Lay the findings out for a terminal, one per line."""
    said = remarks(found)
    width = max(len(remark.name) for remark in said)
    return "\n".join(visible(f"{'ok' if ok else '--'}  {name:<{width}}  {detail}") for name, ok, detail in said)


def _audio_detail(audio: AudioFinding) -> str:
    devices = ", ".join(audio.devices) or audio.problem or "no device found: the piano is not heard here"
    return f"{devices}; {'fluidsynth is there for --soundfont' if audio.fluidsynth else 'no fluidsynth'}"
