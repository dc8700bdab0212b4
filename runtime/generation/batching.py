"""Several voices as one stream of notes: the network runs for those that need it in one batch."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from runtime.generation.free_voice import StepRequest
from runtime.generation.voice import Advance, Voice
from runtime.generation.voice_state import EnsembleState, VoiceQueue
from runtime.graph.engine import Engine, Step
from runtime.graph.inputs import stack_voices
from runtime.music.notes import Note

MADE_AHEAD: Final = 4
"""Notes that each voice has ready: more make fuller batches, and more to throw away when a knob is turned."""


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
