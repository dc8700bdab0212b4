"""What a voice of a tune is read into: notes as they are written and as they sound, and what waits for the next one."""

from dataclasses import dataclass

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.formats.abc.keys import Key


@dataclass(slots=True)
class Sound:
    """A note, or several that a tie makes one.

    Attributes:
        start: Where it begins, in steps of WHOLE.
        end: Where it ends.
        pitch: MIDI note number.
        letter: "A".."G", as its first note is written.
        alteration: Semitones by which that is raised.

    """

    start: int
    end: int
    pitch: int
    letter: str
    alteration: int

    def last_until(self, end: int) -> None:
        """End at a position, earlier or later than before."""
        self.end = end


@dataclass(frozen=True, slots=True)
class Head:
    """A note as it is written.

    Attributes:
        letter: "A".."G".
        octave: Octaves above the one of middle C.
        accidental: "" where none is written.
        tied: Whether a tie leads from it.
        alteration: Semitones by which the accidental, or what is in force, raises it: found out when it is played.

    """

    letter: str
    octave: int
    accidental: str
    tied: bool = False
    alteration: int = 0


@dataclass(slots=True)
class Event:
    """The note, chord or rest that was read last: start, written length and end in steps, and its sounds."""

    start: int
    length: int
    end: int
    sounds: list[tuple[Sound, Head]]

    def last_until(self, end: int) -> None:
        """End at a position, and its sounds with it."""
        self.end = end
        for sound, _ in self.sounds:
            sound.last_until(end)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a tie carries over a bar line: an alteration, from where it comes, and the key that was in force."""

    alteration: int
    event: Event
    key: Key


@dataclass(slots=True)
class Overlay:
    """A stretch with several layers: where it begins, where its first layer ends, whether bar lines end it."""

    start: int
    end: int | None = None
    is_one_bar: bool = True

    def end_layer(self, now: int) -> None:
        """End a layer at a position; none may be longer than the first: programs do not agree what follows when."""
        if self.end is None:
            self.end = now
        if now > self.end:
            raise InputError("has an overlay & that is longer than what it lies over")
