"""Ports through RtMidi: ALSA, CoreMIDI and Windows. A message leaves when it is given."""

import sys
from typing import Final, TypeVar

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.midi.messages import Message
from lstm_composer.runtime.ports import rtmidi_binding
from lstm_composer.runtime.ports.base import NoTargetError, OnMessage, OutputPort
from lstm_composer.runtime.ports.loopbacks import HOW_TO_MAKE_ONE, find_port, heard_at, input_beside
from lstm_composer.runtime.ports.names import first_free
from lstm_composer.runtime.ports.rtmidi_binding import MidiIn, MidiOut, RtMidiError
from lstm_composer.runtime.system.terminal import quiet_stderr

_SYSTEMS: Final = {"alsa": "ALSA", "coremidi": "CoreMIDI", "windows": "Windows MIDI"}
_Client = TypeVar("_Client", MidiIn, MidiOut)


class RtMidiPort(OutputPort):
    """A port of ours that other programs see and connect to, or (Windows) a loopback port opened by name."""

    def __init__(
        self, name: str, out: MidiOut, backend: str, renamed: str | None = None, target: str | None = None
    ) -> None:
        """Take over a client whose port is open; closing the port closes it.

        Args:
            name: What other programs call the port.
            out: The client.
            backend: The MIDI system that it belongs to.
            renamed: The name, if the one asked for was taken.
            target: The port of another program that it plays into; None where others connect to it.

        """
        super().__init__(name)
        self.renamed = renamed
        self._out = out
        self._backend = backend
        self._system = _SYSTEMS[backend]
        self._in: MidiIn | None = None
        self._target = target

    def describe(self) -> str:
        """Return one line for the user."""
        if self._target is not None:
            return f'{self._system}: plays into "{self._target}"'
        if self._backend == "windows":
            return f'{self._system}: connect "{heard_at(self.name)}" to the track that is to play'
        return f'{self._system}: connect "{self.name}" to the track that is to play'

    def listen(self, on_message: OnMessage) -> str:
        """Open an input of the same name (Windows: an existing port, see `input_beside`), and hand over."""
        source, clock = _new_client(MidiIn, self._backend, self.name), self.clock
        source.receive(lambda data: on_message(data, clock.now()))
        try:
            with quiet_stderr():
                name = _open_input(source, self.name, self._backend)
        except RtMidiError as error:
            source.close()
            raise MissingError(f"{self._system} cannot open an input for {self.name!r}: {error}") from error
        self._in = source
        return name

    def _send(self, message: Message, when_seconds: float) -> float:
        self._out.send(message.midi_bytes())
        return self.clock.now()

    def _close(self) -> None:
        with quiet_stderr():
            for side in (self._in, self._out):
                if side is not None:
                    side.close()


def _open_input(source: MidiIn, port_name: str, backend: str) -> str:
    if backend != "windows":
        source.open_virtual_port(port_name)
        return port_name
    names, wanted = source.port_names(), input_beside(port_name)
    index = find_port(names, wanted)
    if index is None:
        source.close()
        raise MissingError(
            f"no MIDI port has {wanted!r} in its name, for the DAW's clock; this machine has "
            f"{', '.join(names) or 'none at all'}: {HOW_TO_MAKE_ONE}, or play with --sync internal"
        )
    source.open_port(index)
    return names[index]


def open_rtmidi(backend: str, port_name: str, target: str | None = None) -> RtMidiPort:
    """Open a virtual port, which other programs see under its name; or, with a target, a port that plays into that.

    Args:
        backend: "alsa" or "coremidi".
        port_name: Name of both the client and the port.
        target: Part of the name of an existing port of another program.

    Raises:
        MissingError: If the MIDI system does not run here, or there is no such port.

    """
    name = first_free(port_name, _source_names(backend))
    out = _new_client(MidiOut, backend, name)
    try:
        with quiet_stderr():
            if target is not None:
                return _open_existing(out, backend, name, target)
            out.open_virtual_port(name)
    except RtMidiError as error:
        out.close()
        raise MissingError(f"{_SYSTEMS[backend]} cannot open the port {name!r}: {error}") from error
    return RtMidiPort(name, out, backend, renamed=None if name == port_name else name)


def _open_existing(out: MidiOut, backend: str, name: str, target: str) -> RtMidiPort:
    names = out.port_names()
    index = find_port(names, target)
    if index is None:
        out.close()
        raise NoTargetError(target, names)
    out.open_port(index)
    return RtMidiPort(name, out, backend, target=names[index])


def _source_names(backend: str) -> list[str]:
    """Names of the ports that a program could listen to, those of other composers among them."""
    return _port_names(_new_client(MidiIn, backend, "LSTM Composer names"), backend)


def open_loopback(port_name: str) -> RtMidiPort:
    """Open an existing loopback port whose name contains `port_name`: Windows has no virtual ports of a program's own.

    Raises:
        MissingError: If there is no such port.

    """
    out = _new_client(MidiOut, "windows", port_name)
    names = out.port_names()
    index = find_port(names, port_name)
    if index is None:
        out.close()
        raise MissingError(
            f"no MIDI port has {port_name!r} in its name; this machine has {', '.join(names) or 'none at all'}: "
            f"{HOW_TO_MAKE_ONE}, or name another with --port-name"
        )
    out.open_port(index)
    return RtMidiPort(names[index], out, "windows")


def output_names(backend: str) -> list[str]:
    """Return the names of the ports that a program could send to; also shows whether the MIDI system runs.

    Raises:
        MissingError: If the MIDI system does not run here.

    """
    return _port_names(_new_client(MidiOut, backend, "LSTM Composer doctor"), backend)


def _port_names(client: MidiIn | MidiOut, backend: str) -> list[str]:
    """Ask a client for the names of the ports that it could be connected with, and close it."""
    try:
        with quiet_stderr():
            return client.port_names()
    except RtMidiError as error:
        raise MissingError(f"{_SYSTEMS[backend]} does not tell what ports there are ({error}): try again") from error
    finally:
        with quiet_stderr():
            client.close()


def _new_client(kind: type[_Client], backend: str, client_name: str) -> _Client:
    system = _SYSTEMS[backend]
    if not rtmidi_binding.is_built_in(backend):
        reason = f"{system} is not part of {rtmidi_binding.NAME} on {sys.platform}"
        raise MissingError(f"{reason}: choose another --backend")
    try:
        with quiet_stderr():
            return kind(backend, client_name)
    except RtMidiError as error:
        raise MissingError(f"{system} does not run on this machine: start it, or choose another --backend") from error
