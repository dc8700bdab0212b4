"""What this machine has for playing, and what is missing: looked at, as plain values."""

import platform
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import distributions
from pathlib import Path

import lstm_composer
from lstm_composer.runtime.bundle.files import SETTLING_SECONDS, load_bundle
from lstm_composer.runtime.bundle.library import BundleEntry, list_bundles, listed
from lstm_composer.runtime.doctor.panel_extra import missing_packages
from lstm_composer.runtime.errors import BundleError, MissingError
from lstm_composer.runtime.playback.wakeup_latency import LatenessFinding
from lstm_composer.runtime.ports import available_backends
from lstm_composer.runtime.system.installation import adding
from lstm_composer.runtime.system.realtime import refusal


@dataclass(frozen=True, slots=True)
class MidiFinding:
    """A MIDI system that this platform could have: whether a port can be opened, and in a line what is there."""

    backend: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class AudioFinding:
    """The audio devices that can sound, or why none can, and the path of the program for SoundFonts."""

    devices: list[str]
    problem: str
    fluidsynth: str | None


@dataclass(frozen=True, slots=True)
class OnnxruntimeFinding:
    """What runs the networks, whether it offers CUDA, and whether its files are those of one package."""

    version: str
    providers: list[str]
    cuda: bool
    problem: str


@dataclass(frozen=True, slots=True)
class PriorityFinding:
    """Whether real-time priority is permitted, and which it is or why not."""

    permitted: bool
    detail: str


@dataclass(frozen=True, slots=True)
class PanelFinding:
    """Whether the page in the browser can be opened, and how, or what is missing."""

    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class BundleFinding:
    """A bundle: whether it can be played, and its styles or what is wrong with it."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Examination:
    """All that was found; `lateness` where that was measured. The fields are those of `doctor --json`."""

    version: str
    python: str
    platform: str
    midi: list[MidiFinding]
    audio: AudioFinding
    onnxruntime: OnnxruntimeFinding
    realtime_priority: PriorityFinding
    panel: PanelFinding
    bundles: list[BundleFinding]
    lateness: LatenessFinding | None = None

    def as_data(self) -> dict[str, object]:
        """Return what `doctor --json` prints: objects, lists and plain values; what was not measured is left out."""
        data = asdict(self)
        return data if self.lateness is not None else {name: data[name] for name in data if name != "lateness"}


def examine(models_dirs: Sequence[Path] = ()) -> Examination:
    """Look at Python, MIDI backends, onnxruntime, real-time priority and every bundle's checksum; measure nothing.

    Args:
        models_dirs: Folders that are searched for bundles before all others.

    """
    return Examination(
        version=lstm_composer.__version__,
        python=platform.python_version(),
        platform=platform.platform(terse=True),
        midi=[MidiFinding(status.name, status.ok, status.detail) for status in available_backends()],
        audio=_audio(),
        onnxruntime=_onnxruntime(),
        realtime_priority=_realtime_priority(),
        panel=_panel(),
        bundles=_bundles(models_dirs),
    )


def _audio() -> AudioFinding:
    devices: list[str] = []
    problem = ""
    try:
        from lstm_composer.runtime.sound.device import device_names  # noqa: PLC0415 - an extra on some machines

        devices = device_names()
    except MissingError as error:
        problem = str(error)
    return AudioFinding(devices, problem, shutil.which("fluidsynth"))


def _onnxruntime() -> OnnxruntimeFinding:
    import onnxruntime as ort  # noqa: PLC0415 - a tenth of a second that other commands save

    from lstm_composer.runtime.graph.engine import cuda_offered  # noqa: PLC0415

    return OnnxruntimeFinding(ort.__version__, ort.get_available_providers(), cuda_offered(), _two_packages())


def _two_packages() -> str:
    """Say so if both packages of onnxruntime are installed: each has put its files over those of the other."""
    if all(any(distributions(name=name)) for name in ("onnxruntime", "onnxruntime-gpu")):
        return "onnxruntime and onnxruntime-gpu are both installed, over each other: keep one, see docs/install.md"
    return ""


def _realtime_priority() -> PriorityFinding:
    """Whether SCHED_FIFO is permitted."""
    if sys.platform != "linux":
        return PriorityFinding(permitted=False, detail="asked for on Linux only")
    refused = refusal()
    return PriorityFinding(refused is None, refused or "SCHED_FIFO")


def _panel() -> PanelFinding:
    if missing := missing_packages():
        return PanelFinding(ok=False, detail=f"{', '.join(missing)} not installed: {adding('panel')}")
    return PanelFinding(ok=True, detail="lstm-composer panel opens a page in the browser")


def _bundles(models_dirs: Sequence[Path]) -> list[BundleFinding]:
    """Every bundle, loaded as far as onnxruntime; all that are being replaced are waited for together."""
    deadline = time.monotonic() + SETTLING_SECONDS
    return [_bundle(shelved, deadline) for shelved in list_bundles(models_dirs)]


def _bundle(shelved: BundleEntry, deadline: float) -> BundleFinding:
    if shelved.card is None:
        return BundleFinding(shelved.name, ok=False, detail=shelved.problem)
    from lstm_composer.runtime.graph.inspection import check_bundle  # noqa: PLC0415 - what onnxruntime is not needed for

    try:
        bundle = load_bundle(shelved.path, deadline)
        check_bundle(bundle)
    except BundleError as error:
        return BundleFinding(shelved.name, ok=False, detail=str(error))
    held = listed([style.name for style in bundle.card.styles])
    size_mb = bundle.card.onnx_bytes / 1e6
    return BundleFinding(shelved.name, ok=True, detail=f"styles {held}; {size_mb:.1f} MB; checksum good")
