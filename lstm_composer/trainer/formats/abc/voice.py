"""One voice of a tune: what sounds when, with ties, broken rhythms, tuplets and accidentals."""

from dataclasses import dataclass, field, replace
from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.pitches import SEMITONES
from lstm_composer.trainer.formats.abc.fields import WHOLE, AbcMeter, Properties
from lstm_composer.trainer.formats.abc.keys import ALTERATIONS, Key
from lstm_composer.trainer.formats.abc.sounds import Carried, Event, Head, Overlay, Sound

LONGEST: Final = 25_000 * WHOLE
"""Longest tune, in steps: fourteen hours at 120 quarter notes a minute."""
_MIDDLE_C: Final = 60
_MOST_BROKEN: Final = 3

PITCH, OCTAVE, NOT = "pitch", "octave", "not"
"""How far an accidental reaches up to the bar line: to all octaves, to its own, not at all (section 11.3)."""


@dataclass(slots=True)
class Voice:
    """A voice and where it has come to.

    Attributes:
        name: Its name in V:.
        unit: Unit note length, in steps of WHOLE.
        meter: None for free meter.
        key: The signature.
        reach: How far accidentals reach: PITCH, OCTAVE or NOT.
        octaves: Octaves that the clef or "octave=" moves it by.
        transpose: Semitones that "transpose=" moves it by.
        percussion: Its notes have no pitch, and are left out.
        now: Position, in steps.
        sounds: What sounds, in the order in which it was read.
        bars: Positions of its bar lines.
        meters: Position and meter of each change, the first at 0.

    """

    name: str
    unit: int
    meter: AbcMeter | None
    key: Key
    reach: str = PITCH
    octaves: int = 0
    transpose: int = 0
    percussion: bool = False
    now: int = 0
    sounds: list[Sound] = field(default_factory=list)
    bars: list[int] = field(default_factory=list)
    meters: list[tuple[int, AbcMeter | None]] = field(default_factory=list)
    _accidentals: dict[str | tuple[str, int], int] = field(default_factory=dict)
    _tied: dict[int, Sound] = field(default_factory=dict)
    _carried: dict[tuple[str, int], Carried] = field(default_factory=dict)
    _last: Event | None = None
    _broken: tuple[int, int] | None = None
    _tuplet: tuple[int, int, int] = (1, 1, 0)
    _overlay: Overlay | None = None

    def __post_init__(self) -> None:
        self.meters.append((0, self.meter))

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was read into it yet."""
        return self._last is None and not self.bars and not self.now

    @property
    def is_in_overlay(self) -> bool:
        """Whether several layers are read over each other."""
        return self._overlay is not None

    def play(self, heads: list[Head], length: tuple[int, int], moved: int = 0) -> None:
        """Read a note, a chord or, without heads, a rest.

        Args:
            heads: Its notes.
            length: Its length, in unit lengths.
            moved: Semitones that the whole tune is moved by.

        """
        start, duration = self.now, self._steps(*length)
        if self._broken is not None:
            if self._last is None or self._last.length != duration:
                raise InputError("has a broken rhythm between notes of unequal lengths")
            duration = duration * self._broken[0] // self._broken[1]
            self._broken = None
        sounds: list[tuple[Sound, Head]] = []
        begun: dict[int, Sound] = {}  # a chord may hold a note twice
        for written in heads:
            head = replace(written, alteration=self._alteration(written, start))
            pitch = self._pitch(head, moved)
            sound = begun.get(pitch) or self._sound(pitch, start, head)
            sound.last_until(start + duration)
            begun[pitch] = sound
            sounds.append((sound, head))
        self._last = Event(start, duration, start + duration, sounds)
        for sound, head in sounds:
            if head.tied:
                self._tie(self._last, sound, head)
        self._move_to(start + duration)
        if self._tuplet[2]:
            self._tuplet = (*self._tuplet[:2], self._tuplet[2] - 1)

    def rest_bars(self, count: int) -> None:
        """Read a rest of whole bars; in free meter a bar is a whole note."""
        if self._broken is not None or self._tuplet[2]:
            raise InputError("has a rest of whole bars within a tuplet or a broken rhythm")
        if not count:
            raise InputError("has a rest of 0 bars")
        self._last = None
        self._move_to(self.now + count * (self.meter.bar if self.meter is not None else WHOLE))

    def tie(self) -> None:
        """Read a tie: the notes read last go on into the next ones of the same pitch."""
        if self._last is None or not self._last.sounds:
            raise InputError("has a tie without a note before it")
        for sound, head in self._last.sounds:
            self._tie(self._last, sound, head)

    def breaks(self, sign: str) -> None:
        """Read a broken rhythm such as ">" or "<<": the last note takes from the next one, or gives to it."""
        if self._last is None or self._broken is not None or len(sign) > _MOST_BROKEN:
            raise InputError(f"has a broken rhythm {sign[:5]} without a note on either side")
        whole = 2 ** len(sign)
        longer, shorter = (2 * whole - 1, whole), (1, whole)
        mine, self._broken = (longer, shorter) if sign[0] == ">" else (shorter, longer)
        end = self._last.start + self._last.length * mine[0] // mine[1]
        self._last.last_until(end)
        self._move_to(end)

    def begin_tuplet(self, notes: int, in_time_of: int, count: int) -> None:
        """Read a tuplet (p:q:r: the next r notes take the time of q for every p (section 4.13); 0 is not given."""
        if self._tuplet[2]:
            raise InputError("has a tuplet within a tuplet")
        if not (2 <= notes <= 9 or (in_time_of and 1 <= notes <= 99)) or max(in_time_of, count) > 99:
            raise InputError(f"has a tuplet ({notes}, which is not understood")
        self._tuplet = (in_time_of or self._usual_time_of(notes), notes, count or notes)

    def bar_line(self) -> None:
        """Read a bar line: accidentals end, and so do the layers of the bar."""
        self._accidentals.clear()
        if self._overlay is not None and self._overlay.is_one_bar:
            self._end_overlay(self._overlay)
        if self.now > (self.bars[-1] if self.bars else 0):
            self.bars.append(self.now)

    def begin_layer(self) -> None:
        """Read an overlay sign: what follows sounds together with the bar so far (section 7.4)."""
        if self._overlay is None:
            self._overlay = Overlay(self.bars[-1] if self.bars else 0)
        self._end_layer(self._overlay)
        self.now = self._overlay.start

    def begin_layers(self) -> None:
        """Read "(&": the layers from here on are as long as they like, up to "&)"."""
        if self._overlay is not None:
            raise InputError("has an overlay & within another")
        self._overlay = Overlay(self.now, is_one_bar=False)

    def end_layers(self) -> None:
        """Read "&)"."""
        if self._overlay is None or self._overlay.is_one_bar:
            raise InputError("has &) without (& before it")
        self._end_overlay(self._overlay)

    def _end_layer(self, overlay: Overlay) -> None:
        if self._broken is not None or self._tuplet[2]:
            raise InputError("has an overlay & within a tuplet or a broken rhythm")
        overlay.end_layer(self.now)
        self._last = None
        self._accidentals.clear()

    def _end_overlay(self, overlay: Overlay) -> None:
        self._end_layer(overlay)
        self.now = overlay.end if overlay.end is not None else self.now
        self._overlay = None

    def rename(self, name: str) -> None:
        """Take a name: music before the first V: belongs to its voice."""
        self.name = name

    def apply(self, properties: Properties) -> None:
        """Do what K: or V: says of the clef and transposition.

        Raises:
            InputError: If that is something that programs do not agree about.

        """
        if properties.clef_octave and properties.octave:
            raise InputError("uses both octave= and a clef in another octave, which programs do not agree about")
        if properties.clef_octave:
            self.octaves = properties.clef_octave
        elif properties.octave is not None:
            self.octaves = properties.octave
        elif properties.clef_octave is not None and self.octaves:
            raise InputError("changes from a clef in another octave to a plain one, which programs do not agree about")
        if properties.transpose is not None:
            self.transpose = properties.transpose
        if properties.percussion is not None:
            self.percussion = properties.percussion

    def change_unit(self, unit: int) -> None:
        """Read L:."""
        self.unit = unit

    def change_reach(self, reach: str) -> None:
        """Have accidentals reach as far as PITCH, OCTAVE or NOT says, from now on."""
        self.reach = reach

    def change_key(self, key: Key) -> None:
        """Read K:; accidentals do not outlast it."""
        self.key = key
        self._accidentals.clear()

    def change_meter(self, meter: AbcMeter | None) -> None:
        """Read M:; a bar begins where it stands."""
        if self.now > (self.bars[-1] if self.bars else 0):
            self.bars.append(self.now)
        self.meter = meter
        self.meters.append((self.now, meter))

    def finish(self) -> None:
        """Close the voice.

        Raises:
            InputError: If a broken rhythm waits for its second note.

        """
        if self._broken is not None:
            raise InputError("has a broken rhythm without a note on either side")
        if self._overlay is not None:
            self._end_overlay(self._overlay)

    def _steps(self, numerator: int, denominator: int) -> int:
        """Steps of a length in unit lengths, within the tuplet that holds, to the nearest step."""
        if self._tuplet[2]:
            numerator, denominator = numerator * self._tuplet[0], denominator * self._tuplet[1]
        return (2 * self.unit * numerator + denominator) // (2 * denominator)

    def _usual_time_of(self, notes: int) -> int:
        if notes in (3, 6):
            return 2
        if notes in (2, 4, 8):
            return 3
        beats = self.meter.numerator if self.meter is not None else 4
        if beats == 3:
            raise InputError(f"has ({notes} in {beats} beats, which programs do not agree about: write ({notes}:2")
        return 2 if beats % 3 else 3

    def _pitch(self, head: Head, moved: int) -> int:
        pitch = _MIDDLE_C + 12 * (head.octave + self.octaves) + SEMITONES[head.letter] + head.alteration
        pitch += self.transpose + moved
        if not 0 <= pitch <= 127:
            raise InputError(f"has a note at pitch {pitch}; MIDI has 0 to 127")
        return pitch

    def _sound(self, pitch: int, start: int, head: Head) -> Sound:
        """The sound of a note that begins: the one before it where a tie leads here."""
        sound = self._tied.pop(pitch, None)
        if sound is None or sound.end != start:
            sound = Sound(start, start, pitch, head.letter, head.alteration)
            if not self.percussion:
                self.sounds.append(sound)
        return sound

    def _alteration(self, head: Head, start: int) -> int:
        tied = self._carried.pop((head.letter, head.octave), None) if self._carried else None
        if tied is not None and tied.event.end != start:
            tied = None
        if tied is not None and not head.accidental and tied.key is self.key:
            return tied.alteration
        place = head.letter if self.reach == PITCH else (head.letter, head.octave)
        if head.accidental:
            alteration = ALTERATIONS[head.accidental]
            if self.reach != NOT:
                self._accidentals[place] = alteration
        else:
            alteration = self._accidentals.get(place, self.key.get(head.letter, 0))
        if tied is not None and alteration != tied.alteration:
            raise InputError(f"ties a note {head.letter} to another one of its name, which programs do not agree about")
        return alteration

    def _tie(self, event: Event, sound: Sound, head: Head) -> None:
        self._tied[sound.pitch] = sound
        self._carried[head.letter, head.octave] = Carried(head.alteration, event, self.key)

    def _move_to(self, position: int) -> None:
        if position > LONGEST:
            raise InputError("lasts longer than fourteen hours")
        self.now = position
