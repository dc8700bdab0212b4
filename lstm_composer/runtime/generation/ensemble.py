"""Who plays: one voice or several, each improvising, in a form, holding bars and ending as it is asked to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lstm_composer.runtime.generation.ending import Ending
from lstm_composer.runtime.generation.form import Form
from lstm_composer.runtime.generation.free_voice import FreeVoice, StepRequest
from lstm_composer.runtime.generation.loop import Loop
from lstm_composer.runtime.generation.priming import MOST_NOTES, after_last_long_rest, primed_state
from lstm_composer.runtime.generation.voice import Advance, Voice
from lstm_composer.runtime.generation.voice_state import EnsembleState, FreeState, VoiceQueue, VoiceState, all_at
from lstm_composer.runtime.graph.engine import Engine, Step
from lstm_composer.runtime.graph.inputs import GraphInputs, graph_inputs, stack_voices
from lstm_composer.runtime.music.key_estimation import KEYS, key_of
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.piece_keys import drawn, shares_of
from lstm_composer.runtime.parameters.parameters import Parameters

ENDING_BARS: Final = 5
"""So many bars before the end music begins at the latest that ends on its tonic."""

MADE_AHEAD: Final = 4
"""Notes that each voice has ready: more make fuller batches, and more to throw away when a knob is turned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the music as a whole shall be.

    Attributes:
        form: Letters of the sections, None for none.
        section_bars: Bars in each.
        end_tick: Position at which the last bar ends, in a chord on the tonic; None where it just stops.
        first_tick: Position of the first bar line.

    """

    form: str | None = None
    section_bars: int = 8
    end_tick: int | None = None
    first_tick: int = 0


class Ensemble:
    """Makes music from parameters, by one voice or several.

    Attributes:
        voices: How many play.
        meter: The meter of all.

    """

    def __init__(self, engine: Engine, controls: Sequence[GraphInputs], plan: Plan | None = None) -> None:
        """Get ready.

        Args:
            engine: Runs the network for all voices.
            controls: Of each voice; where there are several, each keeps its style.
            plan: What the music as a whole shall be.

        """
        self._engine = engine
        self._controls = controls
        self._plan = plan or Plan()
        self._bar = controls[0].meter.ticks_per_bar
        self.voices = len(controls)
        self.meter = controls[0].meter
        self._plain = [
            self._voice(one, 0, Parameters(style=one.style, temperature=one.temperature, min_p=one.min_p))
            for one in controls
        ]

    def advance(self, parameters: Parameters, seed: int) -> Advance:
        """Return the function that makes the next event; voices after the first have the seeds after it.

        Raises:
            InputError: If they allow no note.

        """
        draw_key = None if self.voices == 1 else self._joint_key(seed)
        voices = [
            self._voice(controls, seed + index, parameters, draw_key)
            for index, controls in enumerate(self._inputs(parameters))
        ]
        return solo(self._engine, voices[0]) if self.voices == 1 else batched(self._engine, voices)

    def check(self, parameters: Parameters) -> None:
        """Check that music can be made from parameters.

        Raises:
            InputError: If they allow no note.

        """
        self._inputs(parameters)

    def _inputs(self, parameters: Parameters) -> list[GraphInputs]:
        """Return the graph inputs of each voice; where there are several, each keeps its style."""
        styles = [parameters.style] if self.voices == 1 else [one.style for one in self._controls]
        both = zip(styles, self._controls, strict=True)
        return [graph_inputs(replace(parameters, style=style), before) for style, before in both]

    def _joint_key(self, seed: int) -> Callable[[int], int]:
        """Return what draws the key of several voices: one for all, since each comes to its next piece at its time."""
        shares = shares_of([one.style for one in self._controls], self._controls[0].style_keys)
        return lambda _: drawn(shares, seed, 0)

    def start(self) -> EnsembleState:
        """Return the state before the first note."""
        return self.piece_at(self._plan.first_tick)

    def piece_at(self, tick: int) -> EnsembleState:
        """Return the state before a new piece that begins at a bar line; a form begins again."""
        return all_at([voice.begin(self._piece(tick), tick) for voice in self._plain])

    def anew(self, beginning: EnsembleState, present: EnsembleState, tick: int) -> EnsembleState:
        """Return the state from which a bar line is played that is far from all that was played.

        What is held is held there too. Otherwise the music begins as it did in the beginning, after a primer if there
        was one, but with noise that is the position's; in a form it begins with the section, and sections that have
        been played come back. An ending comes after a few bars that tell its key.

        Args:
            beginning: The state before the first note.
            present: Where the music is.
            tick: Position of the bar line; the notes before it are to be passed over.

        """
        if tick <= self._plan.first_tick:
            return beginning
        if self._plan.end_tick is not None:
            before_end = self._plan.end_tick - ENDING_BARS * self._bar
            tick = max(self._plan.first_tick, min(tick, before_end))
        ticks = tick - self._plan.first_tick
        both = zip(self._plain, beginning.voices, present.voices, strict=True)
        return all_at([voice.begin_far(first, state, ticks, tick) for voice, first, state in both])

    def rest_until(self, state: EnsembleState, tick: int) -> EnsembleState:
        """Return the state from which nothing starts before a position."""
        return self._each(state, lambda voice, one, _: voice.rest_until(one, tick))

    def hold(self, state: EnsembleState, notes: Sequence[Note], first: int, last: int) -> EnsembleState:
        """Return the state from which the notes from `first` to `last` are repeated, from `last` on."""
        return self._each(
            state,
            lambda voice, one, index: voice.hold(one, [note for note in notes if note.voice == index], first, last),
        )

    def let_go(self, state: EnsembleState, tick: int) -> EnsembleState:
        """Return the state from which the music goes on after holding."""
        return self._each(state, lambda voice, one, _: voice.let_go(one, tick))

    def after(self, notes: Sequence[Note], tick: int) -> EnsembleState:
        """Return the state at a position after notes that somebody else has played, in the order of their onsets."""
        latest = after_last_long_rest(notes)[-MOST_NOTES:]
        origin = latest[0].onset // self._bar * self._bar if latest else tick // self._bar * self._bar
        begun = self._piece(origin)
        if latest:
            begun = replace(begun, key=KEYS.index(key_of(latest)))
        states = []
        for voice in self._plain:
            free = voice.free.rest_until(primed_state(self._engine, voice.free, latest, begun), tick)
            states.append(voice.begin(free, tick // self._bar * self._bar))
        return all_at(states)

    def _piece(self, tick: int) -> FreeState:
        return FreeState(self._engine.start(), onset=tick, piece_start=tick, last_end=tick, not_before=tick)

    def _voice(
        self, controls: GraphInputs, seed: int, parameters: Parameters, draw_key: Callable[[int], int] | None = None
    ) -> Voice:
        plan, variation = self._plan, parameters.variation
        free = FreeVoice(self._engine, controls, seed, draw_key)
        form = Form(free, plan.form or "", plan.section_bars * self._bar, variation, remembers=controls.has_memory)
        loop = Loop(free, form, variation, holding=bool(parameters.hold))
        return Voice(free, form, loop, Ending(free, plan.end_tick, self._bar, parameters.key))

    def _each(self, state: EnsembleState, change: Callable[[Voice, VoiceState, int], VoiceState]) -> EnsembleState:
        """Change the states of all voices; notes that are ready are dropped."""
        states = [
            change(voice, one, index) for index, (voice, one) in enumerate(zip(self._plain, state.voices, strict=True))
        ]
        joined = all_at(states)
        return joined if self.voices == 1 else replace(joined, onset=state.onset)


def solo(engine: Engine, voice: Voice) -> Advance:
    """Return the function that makes the next event of one voice."""

    def advance(state: EnsembleState) -> tuple[Note | None, EnsembleState]:
        before = state.queues[0].state
        request = voice.request(before)
        note, after = voice.advance(before, None if request is None else engine.step(*request))
        return note, EnsembleState(after.onset, (VoiceQueue(after, (), after),))

    return advance


def batched(engine: Engine, voices: Sequence[Voice]) -> Advance:
    """Return the function that gives the next note of all voices, numbered by voice."""
    maker = object()

    def advance(state: EnsembleState) -> tuple[Note | None, EnsembleState]:
        queues = state.queues
        if state.maker is not maker:
            queues = tuple(VoiceQueue(queue.state, (), queue.state) for queue in queues)
        voice = _first(queues)
        if voice is None:
            queues = _with_one_more(engine, voices, queues)
            voice = _first(queues)
        if voice is None:
            # As far as is known nothing starts before this; a stream whose onset stands still would seem stuck.
            onset = min(queue.ready[0][0].onset if queue.ready else queue.next.onset for queue in queues)
            return None, EnsembleState(max(state.onset, onset), queues, maker)
        (note, after), *others = queues[voice].ready
        moved = VoiceQueue(after, tuple(others), queues[voice].next)
        return replace(note, voice=voice), EnsembleState(
            max(state.onset, note.onset), (*queues[:voice], moved, *queues[voice + 1 :]), maker
        )

    return advance


def _first(queues: Sequence[VoiceQueue]) -> int | None:
    """Return whose note comes next; None if that is not known yet, because another voice may come before it."""
    ready = [(queue.ready[0][0], index) for index, queue in enumerate(queues) if queue.ready]
    # A voice that has nothing ready may have come to its end: then it is far enough ahead not to be waited for.
    unknown_from = min((queue.next.onset for queue in queues if not queue.ready), default=None)
    if not ready:
        return None
    note, index = min(ready)
    return index if unknown_from is None or note.onset < unknown_from else None


def _with_one_more(engine: Engine, voices: Sequence[Voice], queues: tuple[VoiceQueue, ...]) -> tuple[VoiceQueue, ...]:
    """Make one event of every voice whose queue has room for one."""
    wanting = [index for index, queue in enumerate(queues) if len(queue.ready) < MADE_AHEAD]
    requests = [voices[index].request(queues[index].next) for index in wanting]
    steps = run_batch(engine, requests)
    made = list(queues)
    for index, step in zip(wanting, steps, strict=True):
        queue = queues[index]
        note, after = voices[index].advance(queue.next, step)
        if note is not None:
            made[index] = VoiceQueue(queue.state, (*queue.ready, (note, after)), after)
        elif queue.ready:
            made[index] = replace(queue, next=after)
        else:
            made[index] = VoiceQueue(after, (), after)
    return tuple(made)


def run_batch(engine: Engine, requests: Sequence[StepRequest | None]) -> list[Step | None]:
    """Run the network once for all requests; None where a voice requests no run."""
    needed = [request for request in requests if request is not None]
    if not needed:
        return [None for _ in requests]
    if len(needed) == 1:
        steps = iter([engine.step(*needed[0])])
    else:
        states, controls, noises = zip(*needed, strict=True)
        step = engine.step(engine.carried.joined(states), stack_voices(controls), stack_voices(noises))
        steps = iter(_split(engine, step, len(needed)))
    return [None if request is None else next(steps) for request in requests]


def _split(engine: Engine, step: Step, voices: int) -> list[Step]:
    """One step for each voice."""
    states = engine.carried.split(step.state, voices)
    return [Step(state, step.log_probability[row : row + 1].copy()) for row, state in enumerate(states)]
