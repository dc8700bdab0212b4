"""`lstm-composer doctor`: what this machine has for playing, and what is missing."""

import platform
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import runtime
from runtime.bundle.files import SETTLING_SECONDS, load_bundle
from runtime.bundle.library import BundleEntry, list_bundles, listed
from runtime.errors import BundleError, MissingError
from runtime.playback.wakeup_latency import figures_of
from runtime.ports import available_backends
from runtime.system.realtime import refusal
from runtime.system.visible_text import visible


def examine(models_dirs: Sequence[Path] = ()) -> dict[str, Any]:
    """Look at Python, MIDI backends, onnxruntime, real-time priority and every bundle's checksum."""
    return {
        "version": runtime.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "midi": [{"backend": status.name, "ok": status.ok, "detail": status.detail} for status in available_backends()],
        "audio": _audio(),
        "onnxruntime": _onnxruntime(),
        "realtime_priority": _realtime_priority(),
        "bundles": _bundles(models_dirs),
    }


def _audio() -> dict[str, Any]:
    """The audio devices that can sound, and the program for SoundFonts."""
    found: dict[str, Any] = {"devices": [], "problem": "", "fluidsynth": shutil.which("fluidsynth")}
    try:
        from runtime.sound.device import device_names  # noqa: PLC0415 - an extra on some machines

        found["devices"] = device_names()
    except MissingError as error:
        found["problem"] = str(error)
    return found


def _onnxruntime() -> dict[str, Any]:
    import onnxruntime as ort  # noqa: PLC0415 - a tenth of a second that other commands save

    from runtime.graph.engine import cuda_offered  # noqa: PLC0415

    return {"version": ort.__version__, "providers": ort.get_available_providers(), "cuda": cuda_offered()}


def _realtime_priority() -> dict[str, Any]:
    """Whether SCHED_FIFO is permitted."""
    if sys.platform != "linux":
        return {"permitted": False, "detail": "asked for on Linux only"}
    refused = refusal()
    return {"permitted": refused is None, "detail": refused or "SCHED_FIFO"}


def _bundles(models_dirs: Sequence[Path]) -> list[dict[str, Any]]:
    """Every bundle, loaded as far as onnxruntime; all that are being replaced are waited for together."""
    deadline = time.monotonic() + SETTLING_SECONDS
    return [_bundle(shelved, deadline) for shelved in list_bundles(models_dirs)]


def _bundle(shelved: BundleEntry, deadline: float) -> dict[str, Any]:
    if shelved.card is None:
        return {"name": shelved.name, "ok": False, "detail": shelved.problem}
    from runtime.graph.inspection import check_bundle  # noqa: PLC0415 - what onnxruntime is not needed for

    try:
        bundle = load_bundle(shelved.path, deadline)
        check_bundle(bundle)
        card = bundle.card
    except BundleError as error:
        return {"name": shelved.name, "ok": False, "detail": str(error)}
    held = listed([style.name for style in card.styles])
    return {"name": shelved.name, "ok": True, "detail": f"styles {held}; {card.onnx_bytes / 1e6:.1f} MB; checksum good"}


def _audio_detail(audio: dict[str, Any]) -> str:
    devices = ", ".join(audio["devices"]) or audio["problem"] or "no device found: the piano is not heard here"
    return f"{devices}; {'fluidsynth is there for --soundfont' if audio['fluidsynth'] else 'no fluidsynth'}"


def report(found: dict[str, Any]) -> str:
    """Lay the findings out for a terminal, one per line."""
    cuda = "CUDA can be tried" if found["onnxruntime"]["cuda"] else "no CUDA: runs on the processor"
    rows = [
        ("LSTM Composer", True, f"{found['version']}, Python {found['python']}, {found['platform']}"),
        *((f"MIDI {status['backend']}", status["ok"], status["detail"]) for status in found["midi"]),
        ("audio", bool(found["audio"]["devices"]), _audio_detail(found["audio"])),
        ("onnxruntime", True, f"{found['onnxruntime']['version']}, {cuda}"),
        ("real-time priority", found["realtime_priority"]["permitted"], found["realtime_priority"]["detail"]),
        *(figures_of(found["lateness"]) if "lateness" in found else ()),
        *((f"bundle {bundle['name']}", bundle["ok"], bundle["detail"]) for bundle in found["bundles"]),
    ]
    width = max(len(name) for name, _, _ in rows)
    return "\n".join(visible(f"{'ok' if ok else '--'}  {name:<{width}}  {detail}") for name, ok, detail in rows)
