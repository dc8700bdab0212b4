"""Reading one tune: what its fields, directives and lines of music make its voices do."""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.formats.abc.directives import Directive, parse_directive, parse_instruction
from lstm_composer.trainer.formats.abc.fields import (
    AbcMeter,
    Properties,
    default_unit,
    fraction_of,
    parse_meter,
    parse_properties,
    parse_tempo,
    parse_unit,
    small_number,
)
from lstm_composer.trainer.formats.abc.keys import Key, parse_key
from lstm_composer.trainer.formats.abc.sounds import Head
from lstm_composer.trainer.formats.abc.symbols import chord_symbols_of, symbols_of
from lstm_composer.trainer.formats.abc.tunebook import Line, TuneText
from lstm_composer.trainer.formats.abc.voice import PITCH, Voice

if TYPE_CHECKING:
    from collections.abc import Callable

_TEXT_FIELDS: Final = frozenset("ABCDEFGHNOPRSTWXZdrsw")
"""Fields about a tune, and those under a line: P: too, as repeats and parts are not played out."""
_DEFINED: Final = "uv"
"""Small letters that are decorations without U:."""
_DISAGREE: Final = "where several voices follow, which programs do not agree about"


@dataclass(frozen=True, slots=True)
class Tune:
    """What a tune holds: its voices, and position and value of each tempo, in quarter notes a minute."""

    voices: tuple[Voice, ...]
    tempos: tuple[tuple[int, float], ...]


def read_tune(text: TuneText) -> Tune:
    """Read a tune.

    Raises:
        InputError: At what is not understood; the message is a reason that follows the tune's name.

    """
    reading = _Reading()
    line: Line | None = None
    try:
        for line in text.shared:
            if line.kind != "K":
                reading.read_line(line)
        for line in text.lines:
            reading.read_line(line)
    except InputError as error:
        raise InputError(f"{error} (line {line.number if line is not None else 1})") from error
    return reading.finish()


class _Reading:
    """A tune that is being read. Until the first K: lines belong to the header, which speaks to all voices."""

    def __init__(self) -> None:
        self._voices: dict[str, Voice] = {}
        self._voice: Voice | None = None
        self._tempos: list[tuple[int, float]] = []
        self._header: dict[str, str] = {}
        self._declared: dict[str, Properties] = {}
        self._properties = Properties()
        self._key: Key = {}
        self._unit = default_unit(None)
        self._meter: AbcMeter | None = None
        self._reach = PITCH
        self._moved = 0
        self._is_moved = False
        self._is_percussion = False
        self._symbols: set[str] = set(_DEFINED)
        self._macros: list[str] = []
        self._disagreement = ""
        self._last_field = ""
        self._names_voices = False
        self._fields: dict[str, Callable[[str], None]] = {
            "I": self._instruction,
            "K": self._key_field,
            "L": self._unit_field,
            "M": self._meter_field,
            "Q": self._tempo_field,
            "U": self._symbol_field,
            "V": self._voice_field,
            "m": self._macro_field,
        }
        self._signs: dict[str, Callable[..., None]] = {
            "note": self._note,
            "chord": self._chord,
            "rest": self._rest,
            "bars_rest": self._bars_rest,
            "bar": self._bar,
            "tie": lambda sign: self._current.tie(),
            "broken": self._broken,
            "tuplet": self._tuplet,
            "overlay": lambda sign: self._current.begin_layer(),
            "inline": self._inline,
            "letter": self._letter,
            "layers": self._layers,
        }

    @property
    def _current(self) -> Voice:
        if self._voice is None:
            raise InputError("has music before its key, the field K:")
        return self._voice

    def read_line(self, line: Line) -> None:
        """Read a line of the file's header, the tune's or its body."""
        if line.kind == "%":
            self._obey(parse_directive(line.text))
        elif line.kind:
            self._field(line.kind, line.text)
        elif self._voice is not None:  # text in a header goes on from the field before it
            if any(macro in line.text for macro in self._macros):
                raise InputError("uses a macro, m:, which is not understood")
            for kind, parts in symbols_of(line.text):
                self._signs[kind](*parts)

    def finish(self) -> Tune:
        """Give what was read.

        Raises:
            InputError: If the tune has no key, breaks off, or says what programs do not agree about.

        """
        if self._voice is None:
            raise InputError("has no key: its header ends with a line such as K:C")
        for voice in self._voices.values():
            voice.finish()
        if self._disagreement and len(self._voices) > 1:
            raise InputError(self._disagreement)
        if self._is_moved and any(voice.transpose for voice in self._voices.values()):
            raise InputError("uses both %%MIDI transpose and transpose=, which programs do not agree about")
        return Tune(tuple(self._voices.values()), tuple(self._tempos))

    def _field(self, kind: str, text: str) -> None:
        if kind == "+":
            if self._last_field in self._fields:
                raise InputError(f"goes on with the field {self._last_field}: in a line +:, which is not understood")
            return
        self._last_field = kind
        if kind in self._fields:
            self._fields[kind](text)
        elif kind not in _TEXT_FIELDS and self._voice is not None:
            raise InputError(f"has a line {kind}:, which is no field")

    # Fields: in the header they hold for all voices, behind it for the one that is read.

    def _key_field(self, text: str) -> None:
        key, rest = parse_key(text)
        properties = parse_properties(rest)
        if properties.unknown:
            raise InputError(f"has a key that is not understood, K:{visible(text[:40])}")
        if self._voice is None:
            self._begin_body(key or {}, properties)
            return
        voice = self._changing(f"K:{visible(text[:20])}", key is not None and key != self._current.key)
        if key is not None:
            voice.change_key(key)
        voice.apply(properties)

    def _begin_body(self, key: Key, properties: Properties) -> None:
        self._key, self._properties = key, properties
        self._meter = parse_meter(self._header.get("M", ""))
        self._unit = parse_unit(self._header["L"]) if "L" in self._header else default_unit(self._meter)
        if self._declared and (properties.octave or properties.clef_octave or properties.transpose):
            self._disagreement = f"moves the notes in its K: {_DISAGREE}"
        for name in self._declared or [""]:
            self._add_voice(name)
        self._voice = next(iter(self._voices.values()))
        if "Q" in self._header:
            self._tempo_field(self._header["Q"])

    def _unit_field(self, text: str) -> None:
        unit = parse_unit(text)
        if self._voice is None:
            self._header["L"] = text
        else:
            self._changing(f"L:{visible(text[:20])}", unit != self._voice.unit).change_unit(unit)

    def _meter_field(self, text: str) -> None:
        meter = parse_meter(text)
        if self._voice is None:
            self._header["M"] = text
        elif meter != self._voice.meter:
            self._changing(f"M:{visible(text[:20])}", changes=True).change_meter(meter)

    def _tempo_field(self, text: str) -> None:
        if self._voice is None:
            self._header["Q"] = text
            return
        tempo_bpm = parse_tempo(text, self._voice.unit)
        if tempo_bpm is not None:
            self._tempos.append((self._voice.now, tempo_bpm))

    def _changing(self, what: str, changes: bool) -> Voice:  # noqa: FBT001 - a fact about the field, not a switch
        """The voice that a field changes; not all programs agree which that is before the first V:."""
        voice = self._current
        if voice.is_in_overlay:
            raise InputError(f"changes {what} within an overlay &, which programs do not agree about")
        if changes and voice.is_untouched and not self._names_voices:
            self._disagreement = f"has {what} before its first V:, {_DISAGREE}"
        return voice

    def _symbol_field(self, text: str) -> None:
        self._symbols.add(text[:1])

    def _macro_field(self, text: str) -> None:
        sign = text.partition("=")[0].strip()
        if not sign or "n" in sign:
            raise InputError("uses a macro for all notes, m:, which is not understood")
        self._macros.append(sign)

    # Voices.

    def _voice_field(self, text: str) -> None:
        name, _, rest = text.strip().partition(" ")
        if not name or "*" in name:
            raise InputError(f"has a voice without a name of its own, V:{visible(text[:20])}")
        properties = parse_properties(rest)
        if self._voice is None:
            self._declared[name] = properties
            return
        voice = self._voices.get(name)
        if voice is None and "" in self._voices:
            voice = self._voices.pop("")  # what came before the first V: belongs to its voice
            voice.rename(name)
            self._voices[name] = voice
        if not self._names_voices and voice is not self._voice and not self._voice.is_untouched:
            self._disagreement = f"has music before its first V:, {_DISAGREE}"
        self._names_voices = True
        self._voice = voice or self._add_voice(name)
        self._voice.apply(properties)

    def _add_voice(self, name: str) -> Voice:
        voice = Voice(name, self._unit, self._meter, dict(self._key), self._reach, percussion=self._is_percussion)
        voice.apply(self._properties)
        voice.apply(self._declared.get(name, Properties()))
        self._voices[name] = voice
        return voice

    # Directives.

    def _instruction(self, text: str) -> None:
        self._obey(parse_instruction(text))

    def _obey(self, directive: Directive) -> None:
        voices = list(self._voices.values())
        if directive.reach is not None:
            self._reach = directive.reach
            for voice in voices:
                voice.change_reach(directive.reach)
        if directive.octave is not None:
            if self._voice is None:
                raise InputError("uses I:octave= in its header, which is not understood")
            self._voice.apply(Properties(octave=directive.octave))
        if directive.percussion is not None:
            if self._voice is None:
                self._is_percussion = directive.percussion
            else:
                self._voice.apply(Properties(percussion=directive.percussion))
        if directive.moved is not None:
            self._moved = directive.moved + (self._moved if directive.is_relative else 0)
            self._is_moved = True
            if not all(voice.is_untouched for voice in voices):
                self._disagreement = f"uses %%MIDI transpose in mid-tune {_DISAGREE}"

    # Music.

    def _note(self, accidental: str, letter: str, marks: str, *length: str) -> None:
        self._current.play([_head(accidental, letter, marks)], fraction_of(*length), self._moved)

    def _rest(self, *length: str) -> None:
        self._current.play([], fraction_of(*length))

    def _chord(self, inside: str, *length: str) -> None:
        heads: list[Head] = []
        lengths: set[Fraction] = set()
        for kind, parts in chord_symbols_of(inside):
            lengths.add(Fraction(*fraction_of(*(parts if kind == "rest" else parts[3:6]))))
            if kind == "note":
                heads.append(_head(*parts))
        if not lengths:
            raise InputError("has a chord without notes")
        outer, inner = Fraction(*fraction_of(*length)), lengths.pop()
        if lengths or (inner != 1 and outer != 1):
            raise InputError("has a chord of several lengths, or one within and one behind it: programs do not agree")
        self._current.play(heads, (outer * inner).as_integer_ratio(), self._moved)

    def _bars_rest(self, count: str) -> None:
        self._current.rest_bars(small_number(count or "1"))

    def _bar(self, sign: str) -> None:
        self._current.bar_line()

    def _broken(self, sign: str) -> None:
        self._current.breaks(sign)

    def _tuplet(self, notes: str, in_time_of: str, count: str) -> None:
        self._current.begin_tuplet(small_number(notes), small_number(in_time_of or "0"), small_number(count or "0"))

    def _inline(self, kind: str, text: str) -> None:
        self._field(kind, text.strip())

    def _letter(self, letter: str) -> None:
        if letter.islower() and letter not in self._symbols:
            raise InputError(f"has the letter {letter}, which is no note and which no U: defines")

    def _layers(self, sign: str) -> None:
        if sign == "(&":
            self._current.begin_layers()
        else:
            self._current.end_layers()


def _head(accidental: str, letter: str, marks: str, *more: str) -> Head:
    """A note from the parts of its sign; a chord's has seven, the last of them its tie."""
    octave = 1 if letter.islower() else 0
    if marks:
        octave += marks.count("'") - marks.count(",")
    return Head(letter.upper(), octave, accidental, tied=len(more) == 4 and more[3] != "")
