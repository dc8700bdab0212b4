"""Command lines by Open Sound Control: `--osc PORT`, over UDP.

What stands behind /lstm/ in the address, with the arguments, is a command line of `runtime.parameters.commands`::

    /lstm/temperature 0.8                temperature 0.8
    /lstm/temperature/pitch 0.5          temperature pitch 0.5
    /lstm/register 40 84                 register 40 84
    /lstm/key "F# minor"                 key F# minor
    /lstm/style "bach:0.7,ragtime:0.3"    style bach:0.7,ragtime:0.3
    /lstm/mute 1                         mute on
    /lstm/hold 2                         hold 2
    /lstm/hold 0                         hold off
    /lstm/new                            new
    /lstm/new 1                          new; with 0, when a button is let go, nothing
    /lstm/hold/2 1                       hold 2; with 0, when a button is let go, hold off
    /lstm/style/ragtime 1                 style ragtime; with 0 nothing

Buttons say pressed by a number other than 0, true or impulse (type I), and let go by 0, false or nil.

The bundles of OSC 1.0 are obeyed in their order and at once, whatever their time tags say. Nothing is ever answered.
"""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.parameters.table import COMMANDS
from lstm_composer.runtime.system.installation import adding
from lstm_composer.runtime.system.realtime import HELPING_PRIORITY, raise_priority

HOST: Final = "127.0.0.1"
"""Who may speak to us if the user names only a port: programs of this machine."""
PREFIX: Final = "/lstm/"
BUNDLE: Final = b"#bundle\0"
BUNDLE_HEAD: Final = 16
"""Bytes before a bundle's first element: the word and the time tag."""
LARGEST_DATAGRAM: Final = 65535
TYPES: Final = frozenset(",ifhdsTFNI")
"""Type tags of what a command line can say: numbers, words, true and false, nil and impulse."""
WAIT_SECONDS: Final = 0.1
"""How soon a stop is seen while nobody speaks."""
MOST_TOLD: Final = 50
"""Different complaints, after which there are no more: a program may speak of something else 100 times a second."""
LONGEST_LINE: Final = 1000
"""Characters of a command line; a mix of many styles takes a few hundred."""
MOST_AT_ONCE: Final = 256
"""Messages after which the music gets its breath: a flood of them must not take the time that it needs."""
BREATH_SECONDS: Final = 0.02
HELD: Final = frozenset(name for name, row in COMMANDS.items() if row.kind in ("bars", "switch"))
"""Commands that hold as long as a button is pressed that has them, with their value, in its address."""
ADDRESSED: Final = HELD | {name for name, row in COMMANDS.items() if row.kind in ("key", "whole", "style")}
"""Commands whose value can be in the address, for a button that says it when it is pressed."""


class OscInput:
    """A UDP port that command lines come in at.

    Attributes:
        address: Host and port where it is heard.

    """

    def __init__(self, address: str, complain: Callable[[str], None]) -> None:
        """Open the port.

        Args:
            address: PORT, 0 for any that is free, or HOST:PORT for others than the programs of this machine.
            complain: Told in a line what was wrong with a message.

        Raises:
            InputError: If the address is none.
            MissingError: If the port is in use or not ours to open, or python-osc is not installed.

        """
        _check_extra()
        host, port = _host_and_port(address)
        self._complain = complain
        self._told: set[str] = set()
        try:
            family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, kind)
        except (OSError, UnicodeError) as error:
            raise InputError(f"--osc {address}: there is no host {host!r}: give PORT or HOST:PORT") from error
        try:
            self._socket.bind(place)
        except OSError as error:
            self._socket.close()
            why = error.strerror or error
            raise MissingError(f"--osc {address} cannot be opened ({why}): choose another port or host") from error
        self._socket.settimeout(WAIT_SECONDS)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]

    def run(self, put: Callable[[str], None], stop: threading.Event) -> None:
        """Hand over the command lines that come in until `stop` is set."""
        raise_priority(HELPING_PRIORITY)
        heard = 0
        while not stop.is_set():
            if heard >= MOST_AT_ONCE:
                heard = 0
                stop.wait(BREATH_SECONDS)
            try:
                datagram = self._socket.recv(LARGEST_DATAGRAM)
            except TimeoutError:
                continue
            except OSError:
                # Windows' word that an earlier datagram of ours found nobody, or a datagram too long for the buffer.
                stop.wait(WAIT_SECONDS)
                continue
            heard += self._hand_over(datagram, put)

    def _hand_over(self, datagram: bytes, put: Callable[[str], None]) -> int:
        """Hand over the lines of a datagram; returns how many messages were looked at."""
        looked_at = 0
        try:
            for message in messages_in(datagram):
                looked_at += 1
                if (line := line_of(message)) is not None:
                    put(line)
        except InputError as error:
            self.tell_once(str(error))
        return max(1, looked_at)

    def tell_once(self, problem: str) -> None:
        """Complain of what was wrong with a message, unless that has been said, or enough has."""
        if problem not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(problem)
            self._complain(problem)

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


def _check_extra() -> None:
    try:
        import pythonosc.osc_message  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise MissingError(f"--osc needs python-osc: {adding('osc')}") from error


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) < 2**16):
        raise InputError(f"--osc {address}: give a port up to 65535 (0: any), or HOST:PORT, such as {HOST}:9000")
    return host.strip("[]") or HOST, int(port)


def line_of(message: bytes) -> str | None:
    """Return what a message says as a command line; None for a button that is let go.

    Raises:
        InputError: If it is none.

    """
    return command_line(*_parsed(message))


def messages_in(datagram: bytes) -> Iterator[bytes]:
    """Yield the messages of a datagram: itself, or those of a bundle and of the bundles in it, in order.

    python-osc's own bundles are not used: a length below 0 in one keeps them busy for ever, and a time tag asleep.

    Raises:
        InputError: If a bundle is cut short.

    """
    waiting = [datagram]
    while waiting:
        packet = waiting.pop()
        if packet.startswith(BUNDLE):
            waiting.extend(reversed(_elements(packet)))
        else:
            yield packet


def _elements(bundle: bytes) -> list[bytes]:
    elements, at = [], BUNDLE_HEAD
    while at < len(bundle):
        length, at = int.from_bytes(bundle[at : at + 4], "big"), at + 4
        if length % 4 or at + length > len(bundle):
            raise InputError("OSC: a bundle that came in is cut short")
        elements.append(bundle[at : at + length])
        at += length
    return elements


def _parsed(message: bytes) -> tuple[str, list[Any]]:
    """Return the address and the arguments of a message."""
    from pythonosc.osc_message import OscMessage, ParseError  # noqa: PLC0415 - an extra
    from pythonosc.parsing import osc_types  # noqa: PLC0415

    try:
        address, at = osc_types.get_string(message, 0)
        types = osc_types.get_string(message, at)[0] if message[at:] else ","
        if not set(types) <= TYPES:
            raise InputError(f"OSC {_shown(address)}: the arguments can be numbers, words, true and false only")
        # An impulse has no value, and python-osc has no word for it: to a button it is another true.
        tags = message[at : at + len(types)].replace(b"I", b"T")
        return address, OscMessage(message[:at] + tags + message[at + len(types) :]).params
    except (ParseError, osc_types.ParseError, ValueError) as error:
        raise InputError("OSC: what came in is no OSC message") from error


def command_line(address: str, arguments: Sequence[Any]) -> str | None:
    """Return what a message says as a command line; None for a button that is let go.

    Args:
        address: Of the message, such as /lstm/temperature/pitch.
        arguments: int, float, str, bool or None.

    Raises:
        InputError: If the address is not below /lstm/, or something cannot be read on a line.

    """
    if not address.startswith(PREFIX) or not address.isprintable():
        raise InputError(f"OSC address {_shown(address)} is unknown: write {PREFIX}temperature 0.8, say")
    words = address.removeprefix(PREFIX).split("/")
    kind = COMMANDS[words[0]].kind if words[0] in COMMANDS else None
    if len(arguments) == 1 and not isinstance(arguments[0], str):
        if kind == "trigger":  # the buttons of OSC controllers send 1 when pressed and 0 when let go
            return words[0] if arguments[0] else None
        if words[0] in ADDRESSED and len(words) > 1:
            return _of_button(words, pressed=bool(arguments[0]))
    line = " ".join([*words, *(_word(argument, switch=kind == "switch") for argument in arguments)])
    if len(line) > LONGEST_LINE:
        raise InputError(f"OSC {_shown(address)}: {len(line)} characters are too many, {LONGEST_LINE} are allowed")
    if not line.isprintable():
        raise InputError(f"OSC {_shown(address)}: {_shown(line)} cannot be read on a line")
    return line


def _of_button(words: list[str], *, pressed: bool) -> str | None:
    """Return what a button says whose address is a whole command: let go, it ends what holds as long as it is held."""
    if pressed:
        return " ".join(words)
    return f"{words[0]} off" if words[0] in HELD and words[1] != "off" else None


def _word(argument: Any, *, switch: bool) -> str:
    if argument is None or isinstance(argument, bool) or (switch and not isinstance(argument, str)):
        return "on" if argument else "off"
    return f"{argument:.7g}" if isinstance(argument, float) else str(argument)  # 0.8 comes as 0.800000011920929


def _shown(text: str) -> str:
    return repr(text if len(text) < 40 else f"{text[:40]}...")
