"""Several voices as one stream of notes: the network runs for those that need it in one batch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from runtime.generation.bar_history import slim
from runtime.generation.voice import Advance, Ask, Voice
from runtime.graph.engine import Engine, Step
from runtime.graph.inputs import stack_voices
from runtime.music.notes import Note

MADE_AHEAD: Final = 4
"""Notes that each voice has ready: more make fuller batches, and more to throw away when a knob is turned."""


@dataclass(frozen=True, slots=True)
class Part:
    """Where one voice is.

    Attributes:
        place: The place before its first note that has not been given out.
        ready: Its notes from there on, each with the place after it.
        next: The place after those.

    """

    place: Any
    ready: tuple[tuple[Note, Any], ...]
    next: Any


@dataclass(frozen=True, slots=True)
class TogetherPlace:
    """A place of all voices.

    Attributes:
        onset: Position of the previous onset of any.
        parts: The voices'.
        maker: Who made what is ready; another one makes it anew.

    """

    onset: int
    parts: tuple[Part, ...]
    maker: object = None


def begin(places: Sequence[Any]) -> TogetherPlace:
    """Return the place where voices begin, each at its own."""
    return TogetherPlace(max(place.onset for place in places), tuple(Part(place, (), place) for place in places))


def each(place: TogetherPlace, places: Sequence[Any]) -> TogetherPlace:
    """Return a place with every voice at another, and nothing ready."""
    return replace(begin(places), onset=place.onset)


@slim.register
def _without_ready(place: TogetherPlace) -> TogetherPlace:
    """Leave out what is ready, with the voices' places after each note: it is made again, as it was."""
    return each(place, [part.place for part in place.parts])


def together(engine: Engine, voices: Sequence[Voice]) -> Advance:
    """Return the function that gives the next note of all voices, numbered by voice; it takes `TogetherPlace`s."""
    maker = object()

    def advance(place: TogetherPlace) -> tuple[Note | None, TogetherPlace]:
        parts = place.parts
        if place.maker is not maker:
            parts = tuple(Part(part.place, (), part.place) for part in parts)
        voice = _first(parts)
        if voice is None:
            parts = _made_ready(engine, voices, parts)
            voice = _first(parts)
        if voice is None:
            # As far as is known nothing starts before this; a stream whose onset stands still would seem stuck.
            onset = min(part.ready[0][0].onset if part.ready else part.next.onset for part in parts)
            return None, TogetherPlace(max(place.onset, onset), parts, maker)
        (note, after), *others = parts[voice].ready
        moved = Part(after, tuple(others), parts[voice].next)
        return replace(note, voice=voice), TogetherPlace(
            max(place.onset, note.onset), (*parts[:voice], moved, *parts[voice + 1 :]), maker
        )

    return advance


def _first(parts: Sequence[Part]) -> int | None:
    """Return whose note comes next; None if that is not known yet, because another voice may come before it."""
    ready = [(part.ready[0][0], index) for index, part in enumerate(parts) if part.ready]
    # A voice that has nothing ready may have come to its end: then it is far enough ahead not to be waited for.
    unknown_from = min((part.next.onset for part in parts if not part.ready), default=None)
    if not ready:
        return None
    note, index = min(ready)
    return index if unknown_from is None or note.onset < unknown_from else None


def _made_ready(engine: Engine, voices: Sequence[Voice], parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Make one event of every voice that has room for one."""
    wanting = [index for index, part in enumerate(parts) if len(part.ready) < MADE_AHEAD]
    asks = [voices[index].ask(parts[index].next) for index in wanting]
    steps = run_together(engine, asks)
    made = list(parts)
    for index, step in zip(wanting, steps, strict=True):
        part = parts[index]
        note, after = voices[index].tell(part.next, step)
        if note is not None:
            made[index] = Part(part.place, (*part.ready, (note, after)), after)
        elif part.ready:
            made[index] = replace(part, next=after)
        else:
            made[index] = Part(after, (), after)
    return tuple(made)


def run_together(engine: Engine, asks: Sequence[Ask | None]) -> list[Step | None]:
    """Run the network once for all that ask; None for those that do not."""
    asking = [ask for ask in asks if ask is not None]
    if not asking:
        return [None for _ in asks]
    if len(asking) == 1:
        steps = iter([engine.step(*asking[0])])
    else:
        states, controls, noises = zip(*asking, strict=True)
        step = engine.step(engine.carried.joined(states), stack_voices(controls), stack_voices(noises))
        steps = iter(_split(engine, step, len(asking)))
    return [None if ask is None else next(steps) for ask in asks]


def _split(engine: Engine, step: Step, voices: int) -> list[Step]:
    """One step for each voice."""
    states = engine.carried.split(step.state, voices)
    return [Step(state, step.log_probability[row : row + 1].copy()) for row, state in enumerate(states)]
