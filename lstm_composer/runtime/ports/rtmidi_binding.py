"""The Python binding of RtMidi: python-rtmidi on Python 3.11 and 3.12, its fork supriya-midi from 3.13 on.

RtMidi speaks with ALSA, CoreMIDI and Windows MIDI. Neither binding has wheels for all of these Pythons, and they differ
in small ways; the rest of the package sees what is here: a client that sends, one that receives, one error.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any, Final

from lstm_composer.runtime.errors import MissingError

NAME: Final = "supriya-midi" if sys.version_info >= (3, 13) else "python-rtmidi"
_APIS: Final = {"alsa": "LINUX_ALSA", "coremidi": "MACOSX_CORE", "windows": "WINDOWS_MM"}


class RtMidiError(Exception):
    """RtMidi refuses; the message says why."""


class _Client:
    """A client of a MIDI system, which other programs know by its name; it has at most one port."""

    def __init__(self, client: Any) -> None:
        self._client = client
        try:
            # supriya-midi may make a client of a MIDI system that does not run. It tells in the next call, and from
            # then on it tells of nothing any more.
            self.port_names()
        except RtMidiError:
            client.delete()
            raise

    def port_names(self) -> list[str]:
        """Return the names of the ports that it could be connected with.

        Raises:
            RtMidiError: If the MIDI system does not run, or a port has gone while they were listed.

        """
        with _one_error():
            return [_port_name(self._client, index) for index in range(self._client.get_port_count())]

    def open_port(self, index: int) -> None:
        """Connect with a port by its place among `port_names`."""
        with _one_error():
            self._client.open_port(index)

    def open_virtual_port(self, name: str) -> None:
        """Open a port that other programs see and connect with."""
        with _one_error():
            self._client.open_virtual_port(name)

    def close(self) -> None:
        """Close the port and leave the MIDI system; supriya-midi complains at exit of an input that is left open."""
        self._client.close_port()
        self._client.delete()


class MidiOut(_Client):
    """A client that sends."""

    def __init__(self, backend: str, client_name: str) -> None:
        """Make a client of a MIDI system.

        Args:
            backend: "alsa", "coremidi" or "windows", which must be built in.
            client_name: What other programs call it, where the MIDI system has names for clients.

        Raises:
            RtMidiError: If the MIDI system does not run.
            MissingError: If the binding cannot be loaded.

        """
        with _one_error():
            client = _binding().MidiOut(_api(backend), client_name)
        super().__init__(client)

    def send(self, data: tuple[int, ...]) -> None:
        """Send the bytes of one message at once."""
        self._client.send_message(data)


class MidiIn(_Client):
    """A client that receives."""

    def __init__(self, backend: str, client_name: str) -> None:
        """Make a client of a MIDI system; see `MidiOut`."""
        with _one_error():
            client = _binding().MidiIn(_api(backend), client_name)
        super().__init__(client)

    def receive(self, on_data: Callable[[bytes], None]) -> None:
        """Hand over each message but system exclusive ones, on a thread of RtMidi's."""
        # Sysex, timing, active sensing: whether to leave them out.
        self._client.ignore_types(True, False, False)  # noqa: FBT003 - the two bindings name them differently
        self._client.set_callback(_CALLBACKS[NAME](on_data))


_CALLBACKS: Final[dict[str, Callable[[Callable[[bytes], None]], Callable[..., None]]]] = {
    "python-rtmidi": lambda on_data: lambda event, _data: on_data(bytes(event[0])),
    "supriya-midi": lambda on_data: lambda message, _seconds, _data: on_data(bytes(message)),
}


def is_built_in(backend: str) -> bool:
    """Tell whether the binding can talk to a MIDI system at all; asked for another, it would take one by itself.

    Raises:
        MissingError: If the binding cannot be loaded.

    """
    binding = _binding()
    listed = binding.get_compiled_apis() if NAME == "supriya-midi" else binding.get_compiled_api()
    return _api(backend) in listed


@cache
def _binding() -> ModuleType:
    """Load the binding.

    Raises:
        MissingError: If it is not installed, or a library of the system's is not.

    """
    try:
        if sys.version_info >= (3, 13):
            import supriya_midi as binding  # noqa: PLC0415 - a system library that it needs may be missing
        else:
            import rtmidi as binding  # noqa: PLC0415 - as above
    except ImportError as error:
        raise MissingError(f"{NAME} cannot be loaded ({error}): {_remedy(str(error))}") from error
    loaded: ModuleType = binding
    return loaded


def _remedy(reason: str) -> str:
    if "libasound" in reason:
        return "install the system's ALSA library (libasound2 on Debian and Ubuntu, alsa-lib elsewhere)"
    return f"pip install {NAME}"


def _api(backend: str) -> Any:
    name, binding = _APIS[backend], _binding()
    return binding.RtMidiAPI[name] if NAME == "supriya-midi" else vars(binding)[f"API_{name}"]


def _port_name(client: Any, index: int) -> str:
    try:
        return str(client.get_port_name(index))
    except UnicodeDecodeError as error:  # some program names its ports in another encoding
        return error.object.decode(errors="replace")


@contextmanager
def _one_error() -> Iterator[None]:
    try:
        yield
    except (_binding().RtMidiError, RuntimeError) as error:
        raise RtMidiError(str(error)) from error
