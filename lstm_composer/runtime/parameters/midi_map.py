"""Which controller turns which parameter: the default map, and what the user's map (`midi_map_file`) puts before it.

What is named in a map goes before the default map: a controller, note or program that it names does what it says, every
other what it does by default. A line for one channel goes before a line for all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.input import ControlChange, NoteOn, ProgramChange, decode
from lstm_composer.runtime.parameters.commands import Change, parse_command
from lstm_composer.runtime.parameters.controllers import position_of, set_from_controller, set_from_program
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.parameters.table import BY_CONTROLLER, CONTROLLABLE, HIGHEST_POSITION

OFF: Final = "off"
"""Bound to this, a controller turns nothing, whatever it does by default."""

Slot = tuple[int, int | None]
"""Number 0..127 of a controller, note or program, and the channel 1..16; None for all channels."""
Bound = TypeVar("Bound")


@dataclass(frozen=True, slots=True)
class Binding:
    """What a controller turns.

    Attributes:
        name: Of one of `CONTROLLABLE`, or `OFF`.
        travel: Its value with the controller at 0 and at 127, in the units of its command; None for the usual ones.

    """

    name: str
    travel: tuple[float, float] | None = None

    def set_from_controller(self, parameters: Parameters, position: int, styles: Sequence[str]) -> Change | None:
        """Set the parameter from a controller's position 0..127; None if nothing changes."""
        if self.name == OFF:
            return None
        if self.travel is None:
            return set_from_controller(parameters, self.name, position)
        low, high = self.travel
        share = position / HIGHEST_POSITION
        value = low * (1 - share) + high * share  # at either end exactly there, and never beyond
        turned = CONTROLLABLE[self.name]
        if turned.turns_without_command:
            whole = (value - turned.low) / (turned.high - turned.low)
            return set_from_controller(parameters, self.name, round(whole * HIGHEST_POSITION))
        return parse_command(f"{turned.command} {value:.6g}", parameters, styles)


def binding(name: str, travel: tuple[float, float] | None, parameters: Parameters, styles: Sequence[str]) -> Binding:
    """Validate and build a binding; both ends of its range must be legal.

    Args:
        name: Of one of `CONTROLLABLE`.
        travel: See `Binding`.
        parameters: Any, to try it on.
        styles: Names of the styles that the bundle holds.

    Raises:
        InputError: If there is no such parameter, or it cannot have the value at one end of its travel.

    """
    turned = CONTROLLABLE.get(name)
    if turned is None:
        raise InputError(f"knob {name!r} is unknown: choose one of {', '.join(CONTROLLABLE)}")
    if travel is None:
        return Binding(name)
    if turned.has_steps:
        raise InputError(f"{name} has fixed places: leave low and high out")
    if turned.turns_without_command and not all(turned.low <= end <= turned.high for end in travel):
        allowed = f"{turned.low:g} to {turned.high:g}"
        raise InputError(f"{name} {travel[0]:g} to {travel[1]:g}: give numbers from {allowed}")
    made = Binding(name, travel)
    for position in (0, HIGHEST_POSITION):
        made.set_from_controller(parameters, position, styles)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMap:
    """What the messages that come in turn.

    Attributes:
        learnt: What controllers turn since the user has taught them; goes before `controllers`.
        controllers: What controllers turn by the user's map.
        notes: The command lines that beginning notes say.
        programs: The command lines that program changes say.
        default: Whether the default map stands behind all these.

    """

    learnt: Mapping[Slot, Binding] = field(default_factory=dict)
    controllers: Mapping[Slot, Binding] = field(default_factory=dict)
    notes: Mapping[Slot, str] = field(default_factory=dict)
    programs: Mapping[Slot, str] = field(default_factory=dict)
    default: bool = True

    def from_midi(self, message: bytes, parameters: Parameters, styles: Sequence[str]) -> Change | None:
        """Read a channel message; None for those that set nothing."""
        line: str | None = None
        match decode(message):
            case ControlChange(channel, number) as turn:
                bound = self.binding_at(number, channel)
                return None if bound is None else bound.set_from_controller(parameters, position_of(turn), styles)
            case NoteOn(channel, pitch):
                line = _at(self.notes, pitch, channel)
            case ProgramChange(channel, program):
                line = _at(self.programs, program, channel)
                if line is None and self.default:
                    return set_from_program(parameters, program)
        return None if line is None else parse_command(line, parameters, styles)

    def binding_at(self, number: int, channel: int | None) -> Binding | None:
        """Return what a controller turns on a channel; None for nothing."""
        found = (_at(table, number, channel) for table in self._tables())
        return next((bound for bound in found if bound is not None), None)

    def controllers_of(self, name: str) -> list[Slot]:
        """Return the controllers that turn a parameter, by number."""
        return self.controllers_by_parameter().get(name, [])

    def controllers_by_parameter(self) -> dict[str, list[Slot]]:
        """Return the controllers of each parameter, by its name, that is turned by any; by number."""
        found: dict[str, list[Slot]] = {}
        slots = {slot for table in self._tables() for slot in table}
        for slot in sorted(slots, key=lambda slot: (slot[0], slot[1] or 0)):
            if (bound := self.binding_at(*slot)) is not None:
                found.setdefault(bound.name, []).append(slot)
        return found

    def _tables(self) -> tuple[Mapping[Slot, Binding], ...]:
        return (self.learnt, self.controllers, _USUAL if self.default else {})


_USUAL: Final[Mapping[Slot, Binding]] = {(number, None): Binding(row.name) for number, row in BY_CONTROLLER.items()}


def _at(table: Mapping[Slot, Bound], number: int, channel: int | None) -> Bound | None:
    found = table.get((number, channel))
    return table.get((number, None)) if found is None else found
