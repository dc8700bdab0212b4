"""What takes effect on bar lines only, and how it begins there: a pure account of what a player has asked for."""

from dataclasses import dataclass, replace

from lstm_composer.runtime.parameters.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Music:
    """What changes on bar lines only.

    Attributes:
        style: Weight of each style.
        seed: Of the noise.
        hold: Bars that are held, 0 for none.

    """

    style: tuple[float, ...]
    seed: int
    hold: int = 0


@dataclass(frozen=True, slots=True)
class NextMusic:
    """The music from a bar line on, and whether it begins a new piece there."""

    tick: int
    music: Music
    is_new_piece: bool


@dataclass(frozen=True, slots=True)
class GoOn:
    """From where the music is."""


@dataclass(frozen=True, slots=True)
class NewPiece:
    """With a new piece at a bar line."""

    tick: int


@dataclass(frozen=True, slots=True)
class Hold:
    """With the bars between two positions once more, from the second on."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class LetGo:
    """From where the music was before bars were held, at a bar line."""

    tick: int


Entry = GoOn | NewPiece | Hold | LetGo
"""How the next music begins."""


@dataclass(frozen=True, slots=True)
class Course:
    """What is heard, and what comes at the next bar line.

    Attributes:
        present: The music that is heard.
        next: The music that is to come, if something was asked for that takes effect on a bar line.

    """

    present: Music
    next: NextMusic | None = None

    @property
    def latest(self) -> Music:
        """The music that was asked for last."""
        return self.present if self.next is None else self.next.music

    def turned(
        self, parameters: Parameters, *, on_bar_line: bool, new_piece: bool, next_bar: int, voices: int
    ) -> "Course":
        """Return the course after parameters have been set.

        Args:
            parameters: Their values.
            on_bar_line: Whether one of them takes effect on a bar line.
            new_piece: Whether a new piece is asked for: it has the next seed that no voice has.
            next_bar: Position of the next bar line.
            voices: How many play.

        """
        if on_bar_line:
            music = Music(parameters.style, self.latest.seed + new_piece * voices, parameters.hold)
            is_new_piece = new_piece or (self.next is not None and self.next.is_new_piece)
            return Course(self.present, NextMusic(next_bar, music, is_new_piece))
        return self if self.next is not None else Course(replace(self.present, style=parameters.style))

    def entry(self, bar_ticks: int) -> Entry:
        """Return how the next music begins."""
        if self.next is None:
            return GoOn()
        tick, held, is_new_piece = self.next.tick, self.next.music.hold, self.next.is_new_piece
        first = max(0, tick - held * bar_ticks)
        if held and first < tick and (held != self.present.hold or is_new_piece):
            return Hold(first, tick)
        if is_new_piece:
            return NewPiece(tick)
        return LetGo(tick) if self.present.hold and not held else GoOn()
