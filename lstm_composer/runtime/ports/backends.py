"""Which MIDI systems there are, which of them run here, and how to open a port on each."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.midi.systems import BACKENDS
from lstm_composer.runtime.ports.base import Connection, NoMidiSystemError, NoTargetError, OutputPort
from lstm_composer.runtime.ports.loopbacks import find_port, summary
from lstm_composer.runtime.ports.multi import MultiPort
from lstm_composer.runtime.ports.names import DEFAULT_NAME, MAX_NAME_BYTES
from lstm_composer.runtime.ports.null import NullPort
from lstm_composer.runtime.ports.reconnecting import OnStatus, OpenPort, ReconnectingPort
from lstm_composer.runtime.ports.rtmidi import open_loopback, open_rtmidi, output_names
from lstm_composer.runtime.system.installation import adding

_ALSA_SEQUENCER = Path("/dev/snd/seq")
_NO_LIBJACK: Final = (
    "JACK's library libjack is not installed: install libjack-jackd2-0 (Debian, Ubuntu), "
    "jack-audio-connection-kit (Fedora), jack2 (Arch), or pipewire-jack for PipeWire, or choose another --backend"
)
_AUTO_ORDER = {
    "linux": ("alsa", "jack"),
    "darwin": ("coremidi", "jack"),
    "win32": ("windows",),
}


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """Whether a backend can be used on this machine.

    Attributes:
        name: As given to --backend.
        ok: Whether a port can be opened.
        detail: One line: what is there, or what is missing.

    """

    name: str
    ok: bool
    detail: str


def open_port(
    backend: str,
    port_name: str,
    outlets: Mapping[int, str] | None = None,
    on_status: OnStatus = lambda _: None,
    target: str | None = None,
) -> OutputPort:
    """Open an output port.

    Args:
        backend: One of BACKENDS. "auto" takes the first that runs here: ALSA and then JACK on Linux, CoreMIDI on
            macOS, a loopback port on Windows. "jack" schedules by sample frame; "jack-client" is the same.
        port_name: What other programs see; on Windows, part of the name of an existing port. If another program has
            it already, the port is called "NAME 2" (3, 4 ...), see `OutputPort.renamed`.
        outlets: Names of the ports that each MIDI channel 1..16 leaves by, instead of all by one.
        on_status: Told in one line when the port goes away and when it is back, on any thread.
        target: Part of the name of a port of another program that it is connected to.

    Raises:
        InputError: If the backend is unknown or the name cannot be a port's, or nothing can be connected.
        MissingError: If the named backend does not run here, or there is no such target; NoMidiSystemError if "auto"
            finds none.

    """
    if target is not None and backend == "none":
        raise InputError("--connect needs a MIDI system, and --backend none is none: leave one of them out")
    for name in (port_name, *(outlets or {}).values()):
        _check_name(name)
    if backend == "auto":
        return _open_first(_AUTO_ORDER.get(sys.platform, ()), port_name, outlets, on_status, target)
    if backend not in _OPENERS:
        raise InputError(f"backend {backend!r} is unknown: choose one of {', '.join(BACKENDS)}")
    return _open(backend, port_name, outlets, on_status, target)


def target_names() -> list[str]:
    """Return the names of the ports of others that `open_port` could connect to; none where no MIDI system runs."""
    for name in _AUTO_ORDER.get(sys.platform, ()):
        with suppress(MissingError):
            return _TARGETS[name]()
    return []


def _open(
    backend: str, port_name: str, outlets: Mapping[int, str] | None, on_status: OnStatus, target: str | None
) -> OutputPort:
    """Open a port that endures on a system that can go away; ALSA's and CoreMIDI's are part of the machine's."""
    single = _OPENERS[backend] if target is None else _connected(backend, target)
    opener = single if outlets is None else partial(_open_outlets, single, outlets)
    if backend in _MORTAL:
        return ReconnectingPort(opener, port_name, on_status=on_status)
    return opener(port_name)


def _connected(backend: str, target: str) -> OpenPort:
    """Return what opens a port that plays into an existing one."""
    if backend in _MORTAL:
        return partial(_open_jack_into, target, set[str]())
    if backend == "windows":
        return lambda _: open_loopback(target)
    return lambda port_name: open_rtmidi(backend, port_name, target)


def _open_jack_into(target: str, opened: set[str], port_name: str) -> OutputPort:
    """Open a port and connect it; opened again, after the server has died, it is connected as it was then."""
    port = _open_jack(port_name)
    if port_name in opened:
        return port
    names = port.targets()
    index = find_port(names, target)
    if index is None or not port.connect(Connection(incoming=False, other=names[index])):
        port.close()
        raise NoTargetError(target, names)
    opened |= {port_name, port.renamed or port_name}
    return port


def _open_outlets(opener: OpenPort, outlets: Mapping[int, str], port_name: str) -> OutputPort:
    """Open a port for each name, or none at all."""
    names = list(dict.fromkeys(outlets.values()))
    with ExitStack() as stack:
        ports = [stack.enter_context(opener(name)) for name in names]
        stack.pop_all()
    return MultiPort(port_name, ports, {channel: names.index(name) for channel, name in outlets.items()})


def available_backends() -> list[BackendStatus]:
    """Try every backend that this platform could have, without leaving a port open."""
    return [_status(name) for name in (*_AUTO_ORDER.get(sys.platform, ()), "none")]


def _status(name: str) -> BackendStatus:
    try:
        return BackendStatus(name, ok=True, detail=_PROBES[name]())
    except MissingError as error:
        return BackendStatus(name, ok=False, detail=str(error))


def _open_first(
    names: tuple[str, ...], port_name: str, outlets: Mapping[int, str] | None, on_status: OnStatus, target: str | None
) -> OutputPort:
    reasons: list[str] = []
    for name in names:
        try:
            return _open(name, port_name, outlets, on_status, target)
        except NoTargetError:
            if name == names[-1] or not reasons:
                raise
        except MissingError as error:
            reasons.append(str(error).partition(":")[0])
    raise NoMidiSystemError(f"no MIDI system found ({'; '.join(reasons)}): start one, or play with --backend none")


def _check_name(port_name: str) -> None:
    size = len(port_name.encode(errors="surrogatepass"))  # bytes that are not UTF-8 are not printable either
    if not (port_name.strip() and size <= MAX_NAME_BYTES and port_name.isprintable()) or ":" in port_name:
        raise InputError(
            f"port name {port_name!r} is not allowed: give 1 to {MAX_NAME_BYTES} bytes of text without a colon"
        )


def _check_alsa() -> None:
    # Asked first because opening a client where there is no sequencer makes the ALSA library print to stderr.
    if not os.access(_ALSA_SEQUENCER, os.R_OK | os.W_OK):
        raise MissingError(
            f"ALSA's sequencer {_ALSA_SEQUENCER} is missing or closed to this user: "
            "run modprobe snd-seq, join the group audio, or choose another --backend"
        )


def _open_alsa(port_name: str) -> OutputPort:
    _check_alsa()
    return open_rtmidi("alsa", port_name)


def _open_jack(port_name: str) -> OutputPort:
    port: OutputPort = load_jack().JackClientPort(port_name)
    return port


def load_jack() -> ModuleType:
    """Load `runtime.ports.jack`, which also keeps libjack from printing to the terminal, in the whole process.

    Raises:
        MissingError: If JACK-Client or libjack is not installed.

    """
    try:
        return import_module("lstm_composer.runtime.ports.jack")
    except ImportError as error:
        raise MissingError(f"JACK needs JACK-Client: {adding('jack')}, or choose another --backend") from error
    except OSError as error:
        raise MissingError(_NO_LIBJACK) from error


def _alsa_targets() -> list[str]:
    _check_alsa()
    return output_names("alsa")


def _probe_alsa() -> str:
    _check_alsa()
    return f"sequencer with {len(output_names('alsa'))} ports to send to"


def _probe_jack() -> str:
    return f"sample-accurate; {load_jack().server_summary()}"


def _probe_windows() -> str:
    return summary(output_names("windows"), DEFAULT_NAME)


def _probe_coremidi() -> str:
    return f"{len(output_names('coremidi'))} ports to send to"


_OPENERS: Final[dict[str, OpenPort]] = {
    "alsa": _open_alsa,
    "jack": _open_jack,
    "jack-client": _open_jack,
    "coremidi": lambda port_name: open_rtmidi("coremidi", port_name),
    "windows": open_loopback,
    "none": NullPort,
}
_MORTAL: Final = frozenset({"jack", "jack-client"})
_TARGETS: Final[dict[str, Callable[[], list[str]]]] = {
    "alsa": _alsa_targets,
    "jack": lambda: load_jack().target_names(),
    "coremidi": lambda: output_names("coremidi"),
    "windows": lambda: output_names("windows"),
}
_PROBES: Final[dict[str, Callable[[], str]]] = {
    "alsa": _probe_alsa,
    "jack": _probe_jack,
    "coremidi": _probe_coremidi,
    "windows": _probe_windows,
    "none": lambda: "always there: what is played is only seen and recorded",
}
