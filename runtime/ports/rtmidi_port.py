"""Ports through python-rtmidi: ALSA, JACK, CoreMIDI and Windows. A message leaves when it is given."""

import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import rtmidi

from runtime.errors import MissingError
from runtime.messages import Message
from runtime.ports.base import OnMessage, OutputPort, PortLostError
from runtime.ports.naming import first_free
from runtime.ports.server_sockets import ServerSockets

_APIS = {
    "alsa": (rtmidi.API_LINUX_ALSA, "ALSA"),
    "jack": (rtmidi.API_UNIX_JACK, "JACK"),
    "coremidi": (rtmidi.API_MACOSX_CORE, "CoreMIDI"),
    "windows": (rtmidi.API_WINDOWS_MM, "Windows MIDI"),
}


class RtMidiPort(OutputPort):
    """A port of ours that other programs see and connect to, or (Windows) a loopback port opened by name."""

    def __init__(self, name: str, out: Any, backend: str, server: ServerSockets | None = None) -> None:
        super().__init__(name)
        self._server = server or ServerSockets()
        self._out = out
        self._backend = backend
        self._system = _APIS[backend][1]
        self._in: Any = None

    def describe(self) -> str:
        """Return one line for the user."""
        return f'{self._system}: connect "{self.name}" to the track that is to play'

    def listen(self, on_message: OnMessage) -> str:
        """Open an input of the same name (Windows: an existing port with "NAME in" in its name), and hand over."""
        api, _ = _APIS[self._backend]
        # JACK wants another name for each client; elsewhere the two are seen as one.
        client_name = f"{self.name} in" if self._backend == "jack" else self.name
        with quiet_stderr(), self._server.opened_here():
            source, clock = rtmidi.MidiIn(api, name=client_name), self.clock

        def hand_over(event: tuple[list[int], float], _data: object) -> None:
            on_message(bytes(event[0]), clock.now())

        source.ignore_types(sysex=True, timing=False, active_sense=True)
        source.set_callback(hand_over)
        with quiet_stderr():
            name = _open_input(source, self.name, self._backend)
        self._in = source
        return f"{client_name}:{name}" if self._backend == "jack" else name

    def tend(self) -> bool:
        """Find out whether the server has gone; see `OutputPort.tend`."""
        self._check_lost()
        return True

    def _check_lost(self) -> None:
        if self._server.has_hung_up():
            raise PortLostError(f"the {self._system} server has stopped: start it again")

    def _send(self, message: Message, when_seconds: float) -> float:
        self._check_lost()
        self._out.send_message(message.midi_bytes())
        return self.clock.now()

    def _close(self) -> None:
        with quiet_stderr():
            for side in (self._in, self._out):
                if side is not None:
                    side.close_port()
                    side.delete()


def _open_input(source: Any, port_name: str, backend: str) -> str:
    if backend != "windows":
        source.open_virtual_port(port_name)
        return port_name
    names, wanted = list(source.get_ports()), f"{port_name} in"
    index = find_port(names, wanted)
    if index is None:
        source.delete()
        raise MissingError(
            f"no MIDI port has {wanted!r} in its name, for the DAW's clock; this machine has "
            f"{', '.join(names) or 'none at all'}: make one with loopMIDI, or play with --sync internal"
        )
    source.open_port(index)
    return str(names[index])


def open_rtmidi(backend: str, port_name: str) -> RtMidiPort:
    """Open a virtual port, which other programs see under its name.

    Args:
        backend: "alsa", "jack" or "coremidi".
        port_name: Name of both the client and the port.

    Raises:
        MissingError: If the MIDI system does not run here.

    """
    if backend == "jack":
        with suppress(OSError, AttributeError):  # a build of rtmidi without JACK
            _hush_libjack()
    name, server = first_free(port_name, _source_names(backend)), ServerSockets()
    with server.opened_here():
        out, system = _new_output(backend, name)
    try:
        with quiet_stderr():
            out.open_virtual_port(name)
    except (rtmidi.RtMidiError, RuntimeError) as error:
        out.delete()
        raise MissingError(f"{system} cannot open the port {name!r}: {error}") from error
    port = RtMidiPort(name, out, backend, server)
    port.renamed = None if name == port_name else name
    return port


def _source_names(backend: str) -> list[str]:
    """Names of the ports that a program could listen to, those of other composers among them."""
    source, _ = _new_client(rtmidi.MidiIn, backend, "LSTM Composer names")
    with quiet_stderr():
        names = list(source.get_ports())
        source.delete()
    return names


def open_loopback(port_name: str) -> RtMidiPort:
    """Open an existing loopback port whose name contains `port_name`: Windows has no virtual ports of a program's own.

    Raises:
        MissingError: If there is no such port.

    """
    out, _ = _new_output("windows", port_name)
    names = list(out.get_ports())
    index = find_port(names, port_name)
    if index is None:
        out.delete()
        raise MissingError(
            f"no MIDI port has {port_name!r} in its name; this machine has {', '.join(names) or 'none at all'}: "
            f"make one of that name with loopMIDI, or name another with --port-name"
        )
    out.open_port(index)
    return RtMidiPort(names[index], out, "windows")


def find_port(names: Sequence[str], wanted: str) -> int | None:
    """Return the index of the first name that contains `wanted`, whatever the case; None if none does."""
    return next((index for index, name in enumerate(names) if wanted.casefold() in name.casefold()), None)


def output_names(backend: str) -> list[str]:
    """Return the names of the ports that a program could send to; also shows whether the MIDI system runs.

    Raises:
        MissingError: If the MIDI system does not run here.

    """
    out, _ = _new_output(backend, "LSTM Composer doctor")
    names = list(out.get_ports())
    with quiet_stderr():
        out.delete()
    return names


def _hush_libjack() -> None:
    """Keep rtmidi's own libjack off the terminal for good: it tells of a dying server in lines of its own."""
    library = ctypes.CDLL(rtmidi._rtmidi.__file__)  # noqa: SLF001 - only through it can its libjack be reached
    for name in ("jack_set_error_function", "jack_set_info_function"):
        getattr(library, name)(_SAY_NOTHING)


_SAY_NOTHING = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(lambda _: None)


def _new_output(backend: str, client_name: str) -> tuple[Any, str]:
    return _new_client(rtmidi.MidiOut, backend, client_name)


def _new_client(kind: Any, backend: str, client_name: str) -> tuple[Any, str]:
    api, system = _APIS[backend]
    # rtmidi falls back to another system by itself, without a word, if the one asked for is not built in.
    if api not in rtmidi.get_compiled_api():
        raise MissingError(f"{system} is not part of python-rtmidi on {sys.platform}: choose another --backend")
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # opening a client would start a server with sound hardware
    try:
        with quiet_stderr():
            return kind(api, name=client_name), system
    except (rtmidi.RtMidiError, RuntimeError) as error:
        raise MissingError(f"{system} does not run on this machine: start it, or choose another --backend") from error


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keep off the terminal what C libraries print there: libjack tells of a missing server in ten lines."""
    sys.stderr.flush()
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(nowhere)
        os.close(saved)
