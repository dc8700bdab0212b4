"""The parameters that a performer can set: the one table from which all that knows them by name is derived.

Command lines, `--set`, OSC, MIDI controllers, learnt ones and maps, the flags of the command line, the ranges of a
bundle's card, the monitor's rows and the table in docs/playing.md read it. To add a parameter takes a row here, a field
of `runtime.parameters.parameters.Parameters`, which holds the values, its use, and `python recipes/parameter_table.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from lstm_composer.runtime.music.event_encoding import HEADS, PITCHES

Kind = Literal[
    "number",  # low..high
    "whole",  # a whole number low..high; or off, where it can be
    "temperature",  # a number low..high for each head, or one for all
    "head",  # the temperature of one head
    "register",  # the lowest and the highest pitch
    "lowest pitch",
    "highest pitch",
    "key",  # such as "F# minor", or off
    "style",  # one, or a mix
    "morph",  # between two styles
    "switch",  # on or off
    "bars",  # one of a few numbers of bars, or off
    "trigger",  # happens when it is pressed, and has no value
]
"""What values a parameter has: how they are read off a command line, and off the position of a controller."""
Stage = Literal["network", "expression", "sound"]
"""What a parameter changes: which notes the network makes, how they are played, or how our own sound is."""


HIGHEST_POSITION: Final = 127
"""Of a MIDI controller."""


class TakesEffect(Enum):
    """When a change takes effect."""

    IMMEDIATELY = "as soon as the notes that are already on their way have been played"
    NEXT_BAR = "from the next bar line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Something that a performer can set, or a part of it that a controller of its own can turn.

    Attributes:
        name: Such as "style-strength": on a command line, after /lstm/ by OSC, in a map, on the monitor's screen.
        kind: What values it has.
        help: What it does, in a few words.
        low: The lowest value.
        high: The highest value.
        can_be_off: Whether a whole number may be off instead: then its value is None.
        bars: The values of kind "bars"; 0 is off.
        part_of: The parameter that it is a part of; None for one that stands for itself.
        controllers: The numbers 0..127 of the MIDI controllers that turn it by default.
        controller_range: Its value with a controller at 0 and at 127, where that is less than from `low` to `high`.
        takes_effect: When a change is heard.
        stage: What it changes.

    """

    name: str
    kind: Kind
    help: str
    low: float = 0.0
    high: float = 1.0
    can_be_off: bool = False
    bars: tuple[int, ...] = ()
    part_of: str | None = None
    controllers: tuple[int, ...] = ()
    controller_range: tuple[float, float] | None = None
    takes_effect: TakesEffect = TakesEffect.IMMEDIATELY
    stage: Stage = "network"

    @property
    def field(self) -> str:
        """Name of its field of `Parameters`, if it has one."""
        return self.name.replace("-", "_")

    @property
    def head(self) -> str:
        """The head of the network that a part of the temperature belongs to."""
        return self.name.removeprefix(f"{self.part_of}-")

    @property
    def is_command(self) -> bool:
        """Whether a command line can begin with its name."""
        return self.part_of is None

    @property
    def has_value(self) -> bool:
        """Whether it is a field of `Parameters`."""
        return self.part_of is None and self.kind != "trigger"

    @property
    def can_be_turned(self) -> bool:
        """Whether a controller can turn it; of register and style it turns the parts, and a key is named."""
        return self.kind not in ("register", "key", "style")

    @property
    def has_steps(self) -> bool:
        """Whether its places on a controller are few and fixed."""
        return self.kind in ("switch", "bars", "trigger")

    @property
    def turns_without_command(self) -> bool:
        """Whether a controller turns it and no command line says it."""
        return self.kind in ("lowest pitch", "highest pitch", "morph")

    @property
    def command(self) -> str:
        """The words before its value on a command line."""
        return f"{self.part_of} {self.head}" if self.kind == "head" else self.name

    def at_controller(self, position: int) -> float:
        """Return the value at a controller's position 0..127."""
        low, high = self.controller_range or (self.low, self.high)
        return low + (high - low) * position / HIGHEST_POSITION


PARAMETERS: Final = (
    Parameter(
        name="temperature",
        kind="temperature",
        high=5,
        controllers=(1,),
        controller_range=(0, 2),
        help="0 is the likeliest, 1 as learned",
    ),
    Parameter(
        name="min-p",
        kind="number",
        controllers=(71,),
        controller_range=(0, 0.5),
        help="leave out what is unlikelier than P",
    ),
    Parameter(name="density", kind="number", low=-1, controllers=(73,), help="few onsets, to many; 0 as learned"),
    Parameter(name="register", kind="register", high=PITCHES - 1, help="the lowest and the highest pitch"),
    Parameter(
        name="register-low",
        kind="lowest pitch",
        part_of="register",
        high=PITCHES - 1,
        controllers=(75,),
        help="the lowest pitch",
    ),
    Parameter(
        name="register-high",
        kind="highest pitch",
        part_of="register",
        high=PITCHES - 1,
        controllers=(76,),
        help="the highest pitch",
    ),
    Parameter(name="key", kind="key", help="the key that the pitches are held to"),
    Parameter(
        name="velocity",
        kind="whole",
        low=1,
        high=127,
        can_be_off=True,
        controllers=(11,),
        controller_range=(0, HIGHEST_POSITION),
        stage="expression",
        help="the loudness around which it plays; off as made",
    ),
    Parameter(
        name="velocity-range",
        kind="number",
        high=2,
        controllers=(70,),
        stage="expression",
        help="all alike, to twice the difference",
    ),
    Parameter(
        name="style-strength",
        kind="number",
        high=3,  # beyond that the music comes apart
        controllers=(79,),
        help="how much of the style, 1 as learned",
    ),
    Parameter(
        name="accents",
        kind="number",
        controllers=(17,),
        stage="expression",
        help="none, to a downbeat that is clearly heard",
    ),
    Parameter(
        name="transpose",
        kind="whole",
        low=-24,
        high=24,
        controllers=(18,),
        stage="expression",
        help="semitones down, to semitones up; all that is played",
    ),
    Parameter(
        name="swing",
        kind="number",
        controllers=(72,),
        stage="expression",
        help="straight, to the off-beat at two thirds",
    ),
    Parameter(
        name="morph",
        kind="morph",
        part_of="style",
        controllers=(74,),
        help="from one style of the bundle to the other",
    ),
    Parameter(
        name="humanise",
        kind="number",
        controllers=(78,),
        stage="expression",
        help="none, to 30 ms late and 12 steps louder or softer",
    ),
    Parameter(
        name="mute",
        kind="switch",
        controllers=(80,),
        stage="expression",
        help="notes are left out",
    ),
    Parameter(
        name="hold",
        kind="bars",
        bars=(0, 1, 2, 4, 8),
        controllers=(82,),
        takes_effect=TakesEffect.NEXT_BAR,
        help="the last bars again and again",
    ),
    Parameter(
        name="variation",
        kind="number",
        controllers=(77,),
        help="none, to everything: of what is held, and of sections that return",
    ),
    Parameter(
        name="returns",
        kind="number",
        low=-1,
        controllers=(16,),
        help="little of the piece comes back, to much; 0 as the style is used to",
    ),
    Parameter(
        name="volume",
        kind="number",
        controllers=(7,),
        stage="sound",
        help="silent, to full; of the sound here",
    ),
    Parameter(
        name="new",
        kind="trigger",
        controllers=(81,),
        takes_effect=TakesEffect.NEXT_BAR,
        help="a new idea",
    ),
    Parameter(name="panic", kind="trigger", controllers=(120, 123), help="what sounds ends at once"),
    Parameter(
        name="style",
        kind="style",
        takes_effect=TakesEffect.NEXT_BAR,
        help="a style of the bundle, or a mix of several",
    ),
    *(
        Parameter(
            name=f"temperature-{head}",
            kind="head",
            part_of="temperature",
            high=5,
            controller_range=(0, 2),
            help=f"the temperature of {head} alone",
        )
        for head in HEADS
    ),
)
"""The modulation wheel turns the temperature, volume is that of the sound here, expression the loudness of the notes;
the first general-purpose controllers (16 to 18) turn what comes back, the accents and the transposition, the sound
controllers 70 to 79 the rest; the general-purpose ones 80 to 82 mute, ask for something new and hold; all sound off and
all notes off are that.
"""

COMMANDS: Final[Mapping[str, Parameter]] = {row.name: row for row in PARAMETERS if row.is_command}
"""What a command line can begin with."""
WITH_VALUES: Final = tuple(row for row in PARAMETERS if row.has_value)
"""The parameters that are fields of `Parameters`."""
CONTROLLABLE: Final[Mapping[str, Parameter]] = {
    row.name: row
    for row in sorted(PARAMETERS, key=lambda row: row.kind in ("bars", "trigger", "head") or row.stage == "sound")
    if row.can_be_turned
}
"""What a controller can turn, as messages list it: bars, triggers, the sound and single heads come last."""
BY_CONTROLLER: Final[Mapping[int, Parameter]] = {
    number: row for number in range(HIGHEST_POSITION + 1) for row in PARAMETERS if number in row.controllers
}
"""What the MIDI controllers turn by default, by their numbers."""


def parts_of(parameter: Parameter) -> tuple[Parameter, ...]:
    """Return a parameter and its parts."""
    return (parameter, *(row for row in PARAMETERS if row.part_of == parameter.name))
