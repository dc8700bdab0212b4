"""Form: sections named by letters. A letter that returns brings its music back, as it was or varied.

The first time a section is improvised, and its notes are kept with the states before and after it. When its letter
returns, the notes are played again as they were and the music goes on from the kept state after them (variation 0); or
the network plays from the kept state before them, with the notes of the first time made likelier: the less variation,
the likelier.

A network that remembers the piece goes back to no state: it is given the notes that come again, or plays them varied,
where it is, and so knows what has been heard how often when the next new section begins.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.generation.directives import FREE, Directive, replayed
from lstm_composer.runtime.generation.free_voice import FreeVoice
from lstm_composer.runtime.generation.voice_state import FormState, FreeState, NoteList, RecordedSection, VoiceState
from lstm_composer.runtime.music.notes import Note

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


class Form:
    """How one section follows another, and what the events of a section have to be."""

    def __init__(
        self, free_voice: FreeVoice, letters: str, section_ticks: int, variation: float, *, remembers: bool
    ) -> None:
        """Get ready.

        Args:
            free_voice: Who improvises.
            letters: The form, which is played again and again; empty for music without one.
            section_ticks: Length of each section.
            variation: 0 (note for note) to 1 (only the beginning is the same), for sections that begin from now on.
            remembers: Whether the network remembers the piece, so that it must know what comes again.

        """
        self._free = free_voice
        self._letters = letters
        self._ticks = section_ticks
        self._variation = variation
        self._remembers = remembers

    def begin(self, free: FreeState, origin: int) -> VoiceState:
        """Return the state at the beginning of the music, whose first bar line is at a position."""
        return VoiceState(free, free.onset, form=FormState(origin, 0, free) if self._letters else None)

    def begin_at(self, free: FreeState, origin: int, tick: int, kept: Mapping[str, RecordedSection]) -> VoiceState:
        """Return the state at the beginning of the section that a position lies in.

        Args:
            free: Where the network is at the beginning of the form.
            origin: Position of the form's first bar line.
            tick: Behind it.
            kept: Sections that come back; others are new.

        """
        number = (tick - origin) // self._ticks
        free = free.shifted(number * self._ticks, number * NUMBERS_A_SECTION)
        before = FormState(origin, number - 1, free, kept=kept)
        return self.next_section(VoiceState(free, free.onset), before)[0]

    def directive(self, form: FormState) -> Directive:
        """Return what the next event of a section has to be."""
        return FREE if form.replay is None else form.replay.directive(is_given=self._remembers)

    def end_of(self, form: FormState) -> int:
        """Return the position at which a section ends."""
        return form.origin + (form.number + 1) * self._ticks

    def next_section(self, state: VoiceState, form: FormState) -> tuple[VoiceState, FormState]:
        """Keep a section that was there for the first time, and return the states at the beginning of the next one."""
        start, number = self.end_of(form), form.number + 1
        kept = form.kept
        if form.replay is None and form.made is not None:
            kept = {**kept, self._letter(form.number): self._recorded(form, state.free)}
        first = number * NUMBERS_A_SECTION
        again = kept.get(self._letter(number))
        if again is None:
            free = self._free.rest_until(state.free.shifted(0, first), start).without_match()
            following = FormState(form.origin, number, free, kept=kept)
            return replace(state, free=free, onset=max(state.onset, free.onset), form=following), following
        ticks = start - again.start
        replay = replayed(again.notes, ticks, self._variation)
        if self._remembers:
            free = self._free.rest_until(state.free.shifted(0, first), start)
        else:
            free = (again.after if replay.verbatim else again.before).shifted(ticks, first)
        following = FormState(form.origin, number, free, replay=replay, kept=kept)
        return replace(state, free=free, onset=max(state.onset, start - 1), form=following), following

    def rest_until(self, state: VoiceState, form: FormState, tick: int) -> VoiceState:
        """Return the state from which nothing starts before a position; the form goes on meanwhile."""
        while tick >= self.end_of(form):
            state, form = self.next_section(state, form)
        if form.replay is not None and form.replay.verbatim:
            free = self._free.rest_until(state.free, tick) if self._remembers else state.free
            rested = replace(form, replay=form.replay.advance(tick - 1, None))
            return replace(state, free=free, onset=max(state.onset, tick - 1), form=rested)
        free = self._free.rest_until(state.free, tick)
        return replace(state, free=free, onset=free.onset)

    def with_heard(self, form: FormState, notes: Iterable[Note]) -> FormState:
        """Return the state of a section with notes that were heard meanwhile, for when it comes again."""
        made, start = form.made, self.end_of(form) - self._ticks
        for note in notes:
            made = NoteList(note, made) if note.onset >= start else made
        return replace(form, made=made)

    def _recorded(self, form: FormState, after: FreeState) -> RecordedSection:
        notes = []
        made = form.made
        while made is not None:
            notes.append(made.note)
            made = made.earlier
        return RecordedSection(self.end_of(form) - self._ticks, tuple(reversed(notes)), form.began, after)

    def _letter(self, number: int) -> str:
        return self._letters[number % len(self._letters)]
