"""Loopback ports of Windows, where a program cannot have ports of its own: what one program sends, another hears there.

They are made by loopMIDI or by Windows MIDI Services, a part of Windows 11. Each has one name for both directions, but
for the pairs of Windows MIDI Services, "NAME (A)" and "NAME (B)": what is sent to one side is heard at the other.
RtMidi appends a space and a number to each name.
"""

import re
from collections.abc import Sequence
from typing import Final

HOW_TO_MAKE_ONE: Final = "make one of that name in Windows' MIDI settings or with loopMIDI"
_NUMBER: Final = re.compile(r" \d+$")
_SIDE: Final = re.compile(r" \(([AB])\)$")
_OTHER: Final = {"A": "B", "B": "A"}


def bare(name: str) -> str:
    """Return a name without the number that RtMidi appends."""
    return _NUMBER.sub("", name)


def heard_at(name: str) -> str:
    """Return the name of the port at which others hear what is sent to this one, without RtMidi's number."""
    return _SIDE.sub(lambda side: f" ({_OTHER[side[1]]})", bare(name))


def input_beside(name: str) -> str:
    """Return the name of the port to listen to beside an output: the same side of a pair, or else "NAME in"."""
    return bare(name) if _SIDE.search(bare(name)) else f"{bare(name)} in"


def find_port(names: Sequence[str], wanted: str) -> int | None:
    """Return the index of the port that is meant by a name or a part of one, whatever the case; None if there is none.

    A port of exactly that name goes first, so that "LSTM Composer" is not taken to mean "LSTM Composer in"; then side A
    of a pair of that name; then the first port that has it in its name.
    """
    wanted = wanted.casefold()
    folded = [name.casefold() for name in names]
    exact = [bare(name) for name in folded]
    for whole in (wanted, f"{wanted} (a)"):
        if whole in exact:
            return exact.index(whole)
    return next((index for index, name in enumerate(folded) if wanted in name), None)


def summary(names: Sequence[str], port_name: str) -> str:
    """Say in a line which ports there are to send to, and whether one is there for a port of ours."""
    listed = f"ports to send to: {', '.join(names) or 'none at all'}"
    index = find_port(names, port_name)
    if index is None:
        return f'{listed}; none has "{port_name}" in its name: {HOW_TO_MAKE_ONE}'
    return f'{listed}; what goes to "{bare(names[index])}" a DAW hears at "{heard_at(names[index])}"'
