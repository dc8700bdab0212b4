"""The states of music between two events: of the network alone, of a voice, and of all voices together.

From the same state, under the same parameters, always the same music comes. States are never changed: each event gives
the one after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lstm_composer.runtime.generation.directives import Replay
from lstm_composer.runtime.graph.carried_state import State
from lstm_composer.runtime.music.notes import Note


@dataclass(frozen=True, slots=True)
class FreeState:
    """Where the network is: the state of music that it improvises freely.

    Attributes:
        network: What the network carries.
        number: Count of the event to come, over all pieces: what its noise is drawn by.
        onset: Position in ticks of the previous onset, or of the piece's first bar line.
        piece_start: Position in ticks of the piece's first bar line.
        last_end: Position in ticks at which the piece's notes so far have all ended.
        empty_events: Consecutive events without a note; a piece that ends with notes resets the count.
        struck: Notes that start at `onset`.
        not_before: Position before which nothing may start: what is between is a rest.
        piece: Number of the piece since the music began.
        key: Of the piece, as its network is told it; None until it is told for the first time.

    """

    network: State
    number: int = 0
    onset: int = 0
    piece_start: int = 0
    last_end: int = 0
    empty_events: int = 0
    struck: int = 0
    not_before: int = 0
    piece: int = 0
    key: int | None = None

    def shifted(self, ticks: int, number: int) -> "FreeState":
        """Return the state as if it were so many ticks later, its next event the `number`th."""
        return replace(
            self,
            number=number,
            onset=self.onset + ticks,
            piece_start=self.piece_start + ticks,
            last_end=self.last_end + ticks,
            not_before=self.not_before + ticks,
        )

    def without_match(self) -> "FreeState":
        """Return the state without its match, so that the network does not repeat what followed the matched passage."""
        return replace(self, network=self.network.unmatched())


@dataclass(frozen=True, slots=True)
class RecordedSection:
    """A section as it was played first: its start, its notes, and where the network was before and after it."""

    start: int
    notes: tuple[Note, ...]
    before: FreeState
    after: FreeState


@dataclass(frozen=True, slots=True)
class NoteList:
    """A linked list of the notes made so far, the latest first, so that many states share its tail."""

    note: Note
    earlier: "NoteList | None"


@dataclass(frozen=True, slots=True)
class FormState:
    """Which section of a form is played.

    Attributes:
        origin: Position of the first bar line of the form.
        number: Of the section, from 0, over all times through the form.
        began: Where the network was at the beginning of the section.
        made: Notes of a section that is there for the first time.
        replay: Set where a section comes again.
        kept: Sections by letter.

    """

    origin: int
    number: int
    began: FreeState
    made: NoteList | None = None
    replay: Replay | None = None
    kept: Mapping[str, RecordedSection] = field(default_factory=dict)

    def played(self, onset: int, note: Note | None) -> "FormState":
        """Return the state after an event, with or without a note, at a tick."""
        made, replay = self.made, self.replay
        if replay is not None:
            replay = replay.advance(onset, note)
        elif note is not None:
            made = NoteList(note, made)
        return FormState(self.origin, self.number, self.began, made, replay, self.kept)


@dataclass(frozen=True, slots=True)
class LoopState:
    """Bars that are held: which, and how far they have come again.

    Attributes:
        after: The state that the music had come to, and goes on from when the bars are let go.
        left: Position at which the music was left.
        began: Position from which these bars are held: later than `left` where others were held before.
        notes: Of the held bars, at their positions in the first repetition.
        length: Of the held bars, in ticks.
        round_start: Position at which this repetition began.
        replay: Of this repetition.

    """

    after: "VoiceState"
    left: int
    began: int
    notes: tuple[Note, ...]
    length: int
    round_start: int
    replay: Replay

    @property
    def round_end(self) -> int:
        """Position at which the next repetition begins."""
        return self.round_start + self.length

    def played(self, onset: int, note: Note | None) -> "LoopState":
        """Return the state after an event, with or without a note, at a tick."""
        return replace(self, replay=self.replay.advance(onset, note))


@dataclass(frozen=True, slots=True)
class EndingState:
    """How near the end is in music that ends on its tonic.

    Attributes:
        heard: The latest notes.
        chord: Of the last chord so far; None before it.

    """

    heard: tuple[Note, ...] = ()
    chord: tuple[Note, ...] | None = None


@dataclass(frozen=True, slots=True)
class VoiceState:
    """The state of a voice. The last chord comes before a loop, a loop before the form, the form before free music.

    Attributes:
        free: Where the network is. In a loop: in a repetition that is varied at its place, else at its beginning. While
            a section comes again note for note: behind it, but in music that is remembered.
        onset: Position of the previous onset of the voice; the network's own may be elsewhere.
        form: Which section is played, if there is a form; while bars are held that of `loop.after` counts.
        loop: Set while bars are held.
        ending: Set where the music ends on its tonic.

    """

    free: FreeState
    onset: int
    form: FormState | None = None
    loop: LoopState | None = None
    ending: EndingState | None = None


@dataclass(frozen=True, slots=True)
class VoiceQueue:
    """The notes that one voice has ready, and its states around them.

    Attributes:
        state: The state before its first note that has not been handed out.
        ready: Its notes from there on, each with the state after it.
        next: The state after those.

    """

    state: VoiceState
    ready: tuple[tuple[Note, VoiceState], ...]
    next: VoiceState


@dataclass(frozen=True, slots=True)
class EnsembleState:
    """The state of all voices.

    Attributes:
        onset: Position of the previous onset of any.
        queues: One per voice.
        maker: The generator that made the notes that are ready; another one makes them anew.

    """

    onset: int
    queues: tuple[VoiceQueue, ...]
    maker: object = None

    @property
    def voices(self) -> list[VoiceState]:
        """The state of each voice before its first note that has not been handed out."""
        return [queue.state for queue in self.queues]

    def without_ready(self) -> "EnsembleState":
        """Return a state that takes less memory: what is ready is made again from the states before it."""
        if all(queue.next is queue.state for queue in self.queues):
            return self
        return replace(all_at(self.voices), onset=self.onset)


def all_at(states: Sequence[VoiceState]) -> EnsembleState:
    """Return the state of voices that each begin at a state of its own."""
    return EnsembleState(max(state.onset for state in states), tuple(VoiceQueue(state, (), state) for state in states))
