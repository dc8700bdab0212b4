"""A piece while it is made: what the page is told, line by line."""

import threading
from collections.abc import Iterator

import msgspec

from lstm_composer.runtime.errors import ComposerError, InputError, MissingError
from lstm_composer.runtime.generation.form import read_form
from lstm_composer.runtime.music.notes import Meter, Note, cut_at, shifted
from lstm_composer.runtime.panel.answers import at_field
from lstm_composer.runtime.panel.composing.networks import Networks
from lstm_composer.runtime.panel.composing.pieces import NoteRow, Piece, PieceInfo, Pieces, note_rows, notes_of
from lstm_composer.runtime.panel.composing.requests import ComposeRequest, music_settings, with_seed
from lstm_composer.runtime.playback.expression import apply_expression
from lstm_composer.runtime.session.loading import LoadedComposer, Primer, composer_of
from lstm_composer.runtime.session.write import notes_until


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag="begun"):
    """What is being made, before its first note.

    Attributes:
        request: What was asked for, with the seed.
        style: Name of the style, or the mix in words.
        tempo_bpm: Quarter notes a minute.
        meter: Such as "3/4".
        ticks_per_bar: Length of a bar; a quarter note has 24 ticks.
        ticks_per_beat: Length of a beat.
        end_tick: The bar line at which it will end.

    """

    request: ComposeRequest
    style: str
    tempo_bpm: float
    meter: str
    ticks_per_bar: int
    ticks_per_beat: int
    end_tick: int


class Notes(msgspec.Struct, frozen=True, tag="notes"):
    """Notes in the order of their onsets; all that start before `until_tick` have been told."""

    notes: list[NoteRow]
    until_tick: int


class Kept(msgspec.Struct, frozen=True, tag="kept"):
    """It is all there, and kept."""

    piece: PieceInfo


class NotKept(msgspec.Struct, frozen=True, tag="not_kept"):
    """It is all there, and could not be kept: why, in one line."""

    error: str


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It ended early: why, in one line."""

    error: str


Line = Begun | Notes | Kept | NotKept | Failed


class Compositions:
    """Makes pieces; where two are asked for at once, a bar of each in turn."""

    def __init__(self, networks: Networks, pieces: Pieces) -> None:
        """Take the networks that make pieces, and where these are kept."""
        self._networks = networks
        self._pieces = pieces
        self._turn = threading.Lock()

    def begin(self, request: ComposeRequest) -> Iterator[Line]:
        """Get ready to make a piece, and return what makes it, a bar at a time, and tells of it.

        Raises:
            ComposerError: If a value is not allowed, or the style cannot be loaded.

        """
        request = with_seed(request)
        if request.form:
            with at_field("form"):
                read_form(request.form)
        settings = music_settings(request)
        earlier = None if request.continues is None else self._pieces.get(request.continues)
        with at_field("style"):
            network = self._networks.holding(request.styles)
        composer = composer_of(network, settings, _primer(earlier))
        if composer.end_tick is None or composer.controllable is None:
            raise InputError(f"style {request.style} is of an article's preset, which makes no bars: choose another")
        return self._made(request, composer, earlier, composer.end_tick)

    def _made(
        self, request: ComposeRequest, composer: LoadedComposer, earlier: Piece | None, new_ticks: int
    ) -> Iterator[Line]:
        offset = 0 if earlier is None else earlier.info.end_tick
        begun = Begun(
            request=request,
            style=composer.style,
            tempo_bpm=composer.tempo_bpm,
            meter=str(composer.meter),
            ticks_per_bar=composer.meter.ticks_per_bar,
            ticks_per_beat=composer.meter.ticks_per_beat,
            end_tick=offset + new_ticks,
        )
        yield begun
        rows = [] if earlier is None else list(earlier.notes)
        if rows:
            yield Notes(rows[:], offset)
        try:
            bars = _bars(composer, new_ticks)
            while (bar := self._next(bars)) is not None:
                told = Notes(note_rows(shifted(bar.notes, offset)), offset + bar.until_tick)
                rows += told.notes
                yield told
        except ComposerError as error:
            yield Failed(str(error))
            return
        yield self._kept(begun, rows)

    def _next(self, bars: "Iterator[_Bar]") -> "_Bar | None":
        with self._turn:
            return next(bars, None)

    def _kept(self, begun: Begun, rows: list[NoteRow]) -> Line:
        info = PieceInfo(
            id=0,
            made=0.0,
            name="",
            starred=False,
            request=begun.request,
            style=begun.style,
            tempo_bpm=begun.tempo_bpm,
            meter=begun.meter,
            end_tick=begun.end_tick,
        )
        try:
            return Kept(self._pieces.add(info, rows))
        except MissingError as error:
            return NotKept(f"this piece is not kept: {error}; its seed {begun.request.seed} makes it again")


class _Bar(msgspec.Struct, frozen=True):
    """Notes that start before a bar line, and after those that were told before."""

    notes: list[Note]
    until_tick: int


def _bars(composer: LoadedComposer, end_tick: int) -> Iterator[_Bar]:
    """Make the music, and give it bar by bar, as `lstm-composer write` would write it."""
    controllable = composer.controllable
    assert controllable is not None  # noqa: S101 - see `Compositions.begin`
    bar, until = composer.meter.ticks_per_bar, composer.meter.ticks_per_bar
    waiting: list[Note] = []
    for made in cut_at_each(notes_until(composer.advance, composer.cursor, end_tick), end_tick):
        note = apply_expression([made], controllable.parameters, composer.meter)
        if made.onset >= until:
            yield _Bar(waiting, made.onset // bar * bar)
            waiting, until = [], (made.onset // bar + 1) * bar
        waiting += note
    yield _Bar(waiting, end_tick)


def cut_at_each(notes: Iterator[Note], end_tick: int) -> Iterator[Note]:
    """Do what `cut_at` does, a note at a time."""
    for note in notes:
        yield from cut_at([note], end_tick)


def _primer(earlier: Piece | None) -> Primer | None:
    """What to go on from."""
    if earlier is None:
        return None
    info = earlier.info
    return Primer(notes_of(earlier), info.tempo_bpm, Meter.parse(info.meter), info.end_tick)
