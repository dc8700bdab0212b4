"""Fields that say how the notes are meant: M:, L:, Q:, and what K: and V: say of clefs and transposition."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.system.visible_text import visible

WHOLE: Final = 2**10 * 3**3 * 5**2 * 7 * 11 * 13
"""Steps in a whole note: fine enough that tuplets and broken rhythms of any real tune are exact in whole numbers."""
_MOST_DIGITS: Final = 6
_NO_NOTES: Final = re.compile(
    r"(sub)?(name|nm)|s(na|n)m(e)?|g?stems?|staff(lines|scale)|auto|brace|bracket|cue|down|dyn|lyrics|m|merge|middle|pos"
    r"|score|space|sub|up"
)
"""Properties of K: and V: that only the printed page shows."""
_REFUSED: Final = ("instrument", "shift", "sound", "t", "strings", "capo", "diafret", "map", "scale", "uscale")
"""Properties that move the pitches, and that each program reads in a way of its own."""
_PROPERTY: Final = re.compile(r'([A-Za-z_]+)\s*=\s*("[^"]*"|\S+)|"[^"]*"|(\S+)')
_CLEF: Final = re.compile(
    r"(?P<name>treble|alto|tenor|baritone|bass|soprano|mezzosoprano|mezzo|none|auto|percussion|perc|[GCF](?=[1-5]))"
    r"[1-5]?[,']*(?P<octave>[-+](?:8|15)(?:va|vb|ma|mb)?|[_^]?(?:8|15))?"
)
_PERCUSSION: Final = ("perc", "percussion")


@dataclass(frozen=True, slots=True)
class AbcMeter:
    """A meter as M: gives it; unlike `Meter` it may be one that this program has no name for, such as 5/64."""

    numerator: int
    denominator: int

    @property
    def bar(self) -> int:
        """Length of a bar, in steps of WHOLE."""
        return self.numerator * WHOLE // self.denominator

    @property
    def named(self) -> Meter | None:
        """The meter, or None where this program has no name for it."""
        try:
            return Meter(self.numerator, self.denominator)
        except InputError:
            return None


class Properties(NamedTuple):
    """What K: or V: says beside the key; None where it says nothing.

    Attributes:
        clef_octave: Octaves that the clef moves the notes by: -1 for "treble-8".
        octave: Octaves of "octave=".
        transpose: Semitones of "transpose=".
        percussion: Whether the clef is the one of percussion; None without a clef.
        unknown: Words that are none of these.

    """

    clef_octave: int | None = None
    octave: int | None = None
    transpose: int | None = None
    percussion: bool | None = None
    unknown: tuple[str, ...] = ()


def parse_meter(text: str) -> AbcMeter | None:
    """Read M:, such as "6/8", "C", "C|", "(2+3)/8"; None for "none", free meter.

    Raises:
        InputError: If it is no meter.

    """
    meter = text.strip()
    if meter.lower() in ("none", ""):
        return None
    if meter in ("C", "c"):
        return AbcMeter(4, 4)
    if meter in ("C|", "c|"):
        return AbcMeter(2, 2)
    match = re.fullmatch(r"\(?\s*(\d{1,3}(?:\s*\+\s*\d{1,3}){0,15})\s*\)?\s*/\s*(\d{1,3})", meter)
    if match is not None:
        numerator, denominator = sum(map(int, match[1].split("+"))), int(match[2])
        if numerator and denominator in (1, 2, 4, 8, 16, 32, 64, 128):
            return AbcMeter(numerator, denominator)
    raise InputError(f"has the meter M:{visible(meter[:30])}, which is not understood")


def default_unit(meter: AbcMeter | None) -> int:
    """Unit note length without L:, in steps of WHOLE: a sixteenth in meters shorter than 3/4, else an eighth."""
    return WHOLE // 16 if meter is not None and 4 * meter.numerator < 3 * meter.denominator else WHOLE // 8


def parse_unit(text: str) -> int:
    """Read L:, such as "1/8", as steps of WHOLE.

    Raises:
        InputError: If it is no length of 1/512 to 4 whole notes.

    """
    match = re.fullmatch(r"(\d{1,3})\s*(?:/\s*(\d{1,3}))?", text.strip())
    if match is not None and int(match[2] or 1):
        unit = int(match[1]) * WHOLE // int(match[2] or 1)
        if WHOLE // 512 <= unit <= 4 * WHOLE:
            return unit
    raise InputError(f"has the unit note length L:{visible(text[:30])}, which is not understood")


def parse_tempo(text: str, unit: int) -> float | None:
    """Read Q: as quarter notes a minute; None where it gives no number.

    The beat may be one length or the sum of several ("1/4 3/8=40"), or a number of unit lengths ("C3=40", of old).
    Without a beat the number counts quarter notes.

    Args:
        text: What follows Q:.
        unit: The unit note length, in steps of WHOLE.

    """
    plain = re.sub(r'"[^"]*"?', " ", text)[:200]
    number = re.search(r"(?:^|=)\s*(\d{1,4}(?:\.\d{1,4})?)(?!\s*[\d/=])", plain)
    if number is None:
        return None
    beat = plain[: number.start()].strip()
    old = re.fullmatch(r"C\s*(\d{0,3})", beat)
    lengths = [Fraction(int(a), int(b)) for a, b in re.findall(r"(\d{1,3})\s*/\s*(\d{1,3})", beat) if int(b)]
    if old is not None:
        lengths = [Fraction(unit * int(old[1] or 1), WHOLE)]
    quarters = sum(lengths, start=Fraction(0)) * 4 if lengths else Fraction(1)
    return float(number[1]) * float(quarters)


def parse_properties(text: str) -> Properties:
    """Read what follows the key of K:, or the name of V:.

    Raises:
        InputError: If it moves the pitches in a way that is not understood.

    """
    found: dict[str, int | bool | None] = {}
    unknown: list[str] = []
    for match in _PROPERTY.finditer(text):
        name, value, word = match[1], (match[2] or "").strip('"'), match[3]
        if name in ("octave", "transpose"):
            found[name] = _whole_number(name, value)
        elif name in _REFUSED:
            raise InputError(f"uses {name}=, which is not understood")
        elif name == "clef" or word:
            clef = _CLEF.fullmatch(value if name else word)
            if clef is None and name:
                raise InputError(f"has a clef that is not understood, {visible(match[0][:30])}")
            if clef is None:
                unknown.append(visible(match[0][:30]))
                continue
            found["clef_octave"] = _octave_of(clef["octave"])
            found["percussion"] = clef["name"] in _PERCUSSION
        elif name and not _NO_NOTES.fullmatch(name):
            unknown.append(visible(match[0][:30]))
    return Properties(
        clef_octave=found.get("clef_octave"),
        octave=found.get("octave"),
        transpose=found.get("transpose"),
        percussion=None if "percussion" not in found else bool(found["percussion"]),
        unknown=tuple(unknown),
    )


def _octave_of(mark: str | None) -> int:
    """Octaves of "-8" and its like; "8", "_8" and "^8" are printed only."""
    match = re.match(r"([-+])(8|15)", mark or "")
    return 0 if match is None else (1 if match[1] == "+" else -1) * (1 if match[2] == "8" else 2)


def _whole_number(name: str, text: str) -> int:
    if not re.fullmatch(r"[-+]?\d{1,3}", text):
        raise InputError(f"has {name}={visible(text[:20])}, which is no whole number")
    return int(text)


@lru_cache(maxsize=4096)
def fraction_of(numerator: str, slashes: str, denominator: str) -> tuple[int, int]:
    """Read a length of section 4.3: "", "2", "/", "//", "/4", "3/2" or "3/", as numerator and denominator.

    Raises:
        InputError: If it is none, or nothing at all ("0").

    """
    text = numerator + slashes + denominator
    if max(len(numerator), len(denominator)) > _MOST_DIGITS or len(slashes) > _MOST_DIGITS:
        raise InputError(f"has a note length {text[:20]}..., which is none")
    if denominator:
        length = int(numerator or 1), int(denominator) if len(slashes) == 1 else 0
    else:
        length = int(numerator or 1), 2 ** len(slashes)
    if not all(length):
        raise InputError(f"has a note length {text}, which is none")
    return length


def small_number(text: str) -> int:
    """Read a number of up to six digits.

    Raises:
        InputError: If it is none.

    """
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise InputError(f"has {visible(text[:20])!r} where a number of up to six digits is needed")
    return int(text)
