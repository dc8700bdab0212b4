"""Form: sections named by letters. A letter that returns brings its music back, as it was or varied.

The first time a section is improvised, and its notes are kept with the places before and after it. When its letter
returns, the notes are played again as they were and the music goes on from the kept place after them (variation 0); or
the network plays from the kept place before them, with the notes of the first time made likelier (`Bias`): the less
variation, the likelier.

A network that remembers the piece goes back to no place: it is given the notes that come again, or plays them varied,
where it is, and so knows what has been heard how often when the next new section begins.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, Final

from runtime.errors import InputError
from runtime.generation.priming import as_loud
from runtime.generation.recall import Replay, replayed
from runtime.generation.voice import Bias, FreeVoice, StepRequest
from runtime.graph.engine import Step
from runtime.music.notes import Note

NUMBERS_A_SECTION: Final = 1 << 24
"""Events of each section are numbered from a multiple of this, so that none draws the noise of another."""
MOST_LETTERS: Final = 64


def read_form(text: str) -> str:
    """Read a form such as AABA; letters may be apart, in either case.

    Raises:
        InputError: If it is not a row of letters.

    """
    letters = "".join(text.replace(",", " ").split()).upper()
    if not letters.isalpha() or not letters.isascii() or len(letters) > MOST_LETTERS:
        raise InputError(f"form {text!r} is not allowed: write 1 to {MOST_LETTERS} letters, such as AABA")
    return letters


@dataclass(frozen=True, slots=True)
class RecordedSection:
    """A section as it was played first: its start, its notes, and the voice's states around it."""

    start: int
    notes: tuple[Note, ...]
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class _NoteList:
    """A linked list of the notes made so far, the latest first, so that many states share its tail."""

    note: Note
    earlier: "_NoteList | None"


@dataclass(frozen=True, slots=True)
class FormState:
    """The state of a voice in a form.

    Attributes:
        inner: The voice's own place; while a section comes again note for note, the one after it, but in music that is
            remembered.
        onset: Position of the previous onset.
        origin: Position of the first bar line of the form.
        number: Of the section, from 0, over all times through the form.
        began: The voice's place at the beginning of the section.
        made: Notes of a section that is there for the first time.
        replay: Set where a section comes again.
        kept: Sections by letter.

    """

    inner: Any
    onset: int
    origin: int
    number: int
    began: Any
    made: _NoteList | None = None
    replay: Replay | None = None
    kept: Mapping[str, RecordedSection] = field(default_factory=dict)


class FormVoice:
    """A `Voice` that plays another voice's music in a form; its states are `FormState`s."""

    def __init__(
        self,
        voice: FreeVoice,
        letters: str,
        section_ticks: int,
        variation: float = 0.0,
        allowed: Callable[[int], bool] = lambda _: True,
        *,
        remembers: bool = False,
    ) -> None:
        """Get ready.

        Args:
            voice: Who improvises.
            letters: The form, which is played again and again.
            section_ticks: Length of each section.
            variation: 0 (note for note) to 1 (only the beginning is the same), for sections that begin from now on.
            allowed: Which pitches may sound: kept notes that may not any more are left out.
            remembers: Whether the network remembers the piece, so that it must know what comes again.

        """
        self._voice = voice
        self._letters = letters
        self._ticks = section_ticks
        self._variation = variation
        self._allowed = allowed
        self._remembers = remembers

    def begin(self, inner: Any, origin: int) -> FormState:
        """Return the place at the beginning of the form."""
        return FormState(inner, inner.onset, origin, 0, inner)

    def begin_at(self, inner: Any, origin: int, tick: int, kept: Mapping[str, RecordedSection]) -> FormState:
        """Return the place at the beginning of the section that a position lies in.

        Args:
            inner: The voice's place at the beginning of the form.
            origin: Position of the form's first bar line.
            tick: Behind it.
            kept: Sections that come back; others are new.

        """
        number = (tick - origin) // self._ticks
        inner = self._voice.shifted(inner, number * self._ticks, number * NUMBERS_A_SECTION)
        return self._next_section(FormState(inner, inner.onset, origin, number - 1, inner, kept=kept))

    def request(self, place: FormState, bias: Bias | None = None) -> StepRequest | None:
        """Return the run of the network that is needed; None while notes are replayed that it is not given."""
        replay = place.replay
        if replay is None:
            return self._voice.request(place.inner, bias)
        is_given = self._remembers and replay.verbatim and not replay.done
        wanted = Bias(replay.next, inf) if is_given else replay.bias()
        return None if wanted is None else self._voice.request(place.inner, wanted)

    def advance(self, place: FormState, step: Step | None) -> tuple[Note | None, FormState]:
        """Return the next note and the place after it."""
        replay = place.replay
        if replay is not None and replay.done:
            return None, self._next_section(place)
        if replay is not None and replay.verbatim:
            note = replay.next
            inner = place.inner
            if step is not None:
                _, inner = self._voice.advance(inner, as_loud(step, note.velocity))
            after = replace(place, inner=inner, onset=note.onset, replay=replay.advance(note.onset, note))
            return (note if self._allowed(note.pitch) else None), after
        made, inner = self._voice.advance(place.inner, step)
        if inner.onset >= self._end(place):
            return None, self._next_section(place)
        after = replace(place, inner=inner, onset=inner.onset)
        if replay is not None:
            return made, replace(after, replay=replay.advance(inner.onset, made))
        return made, after if made is None else replace(after, made=_NoteList(made, place.made))

    def shifted(self, place: FormState, ticks: int, number: int) -> FormState:
        """Return a place as if it were so many ticks later: the sections move with it."""
        raise NotImplementedError("a form is not moved: what is held moves the voices in it")

    def rest_until(self, place: FormState, tick: int) -> FormState:
        """Return the place from which nothing starts before a position; the form goes on meanwhile."""
        while tick >= self._end(place):
            place = self._next_section(place)
        if place.replay is not None and place.replay.verbatim:
            inner = self._voice.rest_until(place.inner, tick) if self._remembers else place.inner
            replay = place.replay.advance(tick - 1, None)
            return replace(place, inner=inner, onset=max(place.onset, tick - 1), replay=replay)
        inner = self._voice.rest_until(place.inner, tick)
        return replace(place, inner=inner, onset=inner.onset)

    def played(self, place: FormState, notes: Iterable[Note]) -> FormState:
        """Return a place with notes that were heard meanwhile, for when its section comes again."""
        made, start = place.made, self._end(place) - self._ticks
        for note in notes:
            made = _NoteList(note, made) if note.onset >= start else made
        return replace(place, made=made)

    def _end(self, place: FormState) -> int:
        return place.origin + (place.number + 1) * self._ticks

    def _next_section(self, place: FormState) -> FormState:
        """Keep a section that was there for the first time, and begin the next one."""
        start, number = self._end(place), place.number + 1
        kept = place.kept
        if place.replay is None and place.made is not None:
            kept = {**kept, self._letter(place.number): self._kept(place)}
        first = number * NUMBERS_A_SECTION
        again = kept.get(self._letter(number))
        if again is None:
            inner = self._voice.without_match(self._voice.rest_until(self._voice.shifted(place.inner, 0, first), start))
            return FormState(inner, max(place.onset, inner.onset), place.origin, number, inner, kept=kept)
        ticks = start - again.start
        replay = replayed(again.notes, ticks, self._variation)
        if self._remembers:
            inner = self._voice.rest_until(self._voice.shifted(place.inner, 0, first), start)
        else:
            inner = self._voice.shifted(again.after if replay.verbatim else again.before, ticks, first)
        return FormState(inner, max(place.onset, start - 1), place.origin, number, inner, replay=replay, kept=kept)

    def _kept(self, place: FormState) -> RecordedSection:
        notes = []
        made = place.made
        while made is not None:
            notes.append(made.note)
            made = made.earlier
        return RecordedSection(
            place.origin + place.number * self._ticks, tuple(reversed(notes)), place.began, place.inner
        )

    def _letter(self, number: int) -> str:
        return self._letters[number % len(self._letters)]
