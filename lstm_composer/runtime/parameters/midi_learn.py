"""Learning which controller turns what: "move a knob to bind it".

Beside the commands of `runtime.parameters.commands`, these lines are understood::

    learn density               the next controller that moves turns the density from now on, on its channel
    learn density -0.5 0.5      the same, between these two places
    learn off                   none is waited for any more
    unlearn density             forget what was learnt for it
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from lstm_composer.runtime.errors import ComposerError, InputError
from lstm_composer.runtime.midi.input import ControlChange, decode
from lstm_composer.runtime.parameters.commands import Change, parse_command
from lstm_composer.runtime.parameters.midi_map import OFF, Binding, ControlMap, Slot, binding
from lstm_composer.runtime.parameters.parameters import Parameters

CHANNEL_MODE: Final = 120
"""Controllers from this number on turn nothing (MIDI 1.0): all sound off, local control, all notes off and so on."""

Read = Callable[[bytes | str, Parameters], Change | None]
"""Reads a channel message or a command line; None where nothing is turned. Raises `ComposerError` for what is wrong."""
Keep = Callable[[Mapping[Slot, Binding]], str]
"""Keeps what was learnt for the next start and says where; raises `ComposerError` if it cannot."""


class Learner:
    """Reads what is turned, by a map to which it adds what it is taught. For one thread.

    Attributes:
        control_map: What the messages that come in turn at present.

    """

    def __init__(
        self,
        styles: Sequence[str],
        control_map: ControlMap | None = None,
        *,
        tell: Callable[[str], None],
        keep: Keep = lambda _: "until the end",
    ) -> None:
        """Begin with a map.

        Args:
            styles: Names of the styles that the bundle holds.
            control_map: The map; without it, the default map.
            tell: Told in a line what is waited for, and what was learnt or forgotten.
            keep: Given all that was learnt, each time that this changes.

        """
        self.control_map = control_map or ControlMap()
        self._styles = styles
        self._tell = tell
        self._keep = keep
        self._wanted: Binding | None = None

    def controllers_by_parameter(self) -> Mapping[str, Sequence[Slot]]:
        """Return the controllers of each parameter that is turned by any at present; may be asked on any thread."""
        return self.control_map.controllers_by_parameter()

    def read(self, turn: bytes | str, parameters: Parameters) -> Change | None:
        """Read a channel message or a command line; None where nothing is turned.

        Raises:
            InputError: If a line is no command, or a value in it is not allowed.

        """
        if isinstance(turn, bytes):
            self._learn_from(turn)
            return self.control_map.from_midi(turn, parameters, self._styles)
        match turn.split():
            case [word, *rest] if word.lower() == "learn":
                self._want(rest, parameters)
            case [word, *rest] if word.lower() == "unlearn":
                self._forget(" ".join(rest), parameters)
            case _:
                return parse_command(turn, parameters, self._styles)
        return None

    def _want(self, words: list[str], parameters: Parameters) -> None:
        if words == [OFF]:
            self._wanted = None
            self._tell("no controller is waited for any more")
            return
        if len(words) not in (1, 3):
            raise InputError(f"learn {' '.join(words)}: name a knob, with low and high behind it or not, or say off")
        self._wanted = binding(words[0], _travel(words), parameters, self._styles)
        self._tell(f"move a controller: the next one that moves turns {words[0]} (learn off: none)")

    def _learn_from(self, message: bytes) -> None:
        if self._wanted is None:
            return
        match decode(message):
            case ControlChange(channel, number) if number < CHANNEL_MODE:
                wanted, self._wanted = self._wanted, None
                self._set_learnt({**self.control_map.learnt, (number, channel): wanted}, wanted.name)

    def _forget(self, name: str, parameters: Parameters) -> None:
        binding(name, None, parameters, self._styles)
        before = self.control_map.learnt
        learnt = {slot: bound for slot, bound in before.items() if bound.name != name}
        if len(learnt) == len(before):
            raise InputError(f"unlearn {name}: no controller was learnt for it; {self._turned_by(name)}")
        self._set_learnt(learnt, name)

    def _set_learnt(self, learnt: Mapping[Slot, Binding], name: str) -> None:
        self.control_map = replace(self.control_map, learnt=learnt)
        line = f"{self._turned_by(name)} from now on"
        try:
            self._tell(f"{line}; kept {self._keep(learnt)}")
        except ComposerError as error:
            self._tell(f"{line}, but not at the next start: {error}")

    def _turned_by(self, name: str) -> str:
        shown = [_shown(slot) for slot in self.control_map.controllers_of(name)]
        return f"{name} is turned by {' and by '.join(shown) if shown else 'no controller'}"


def _shown(slot: Slot) -> str:
    number, channel = slot
    return f"controller {number}" if channel is None else f"controller {number} on channel {channel}"


def _travel(words: Sequence[str]) -> tuple[float, float] | None:
    if len(words) == 1:
        return None
    try:
        return float(words[1]), float(words[2])
    except ValueError as error:
        raise InputError(f"learn {' '.join(words)}: {' '.join(words[1:])} are not two numbers") from error
