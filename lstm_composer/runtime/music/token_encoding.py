"""Bundles of the presets `article` and `skuldur`: names of notes and chords instead of events, half a beat each.

The article's network sees a window of 100 tokens and guesses the next. A token is the name of a note as music21 writes
it ("C4", "E-5", "F#3") or a chord by the normal order of its pitch classes ("0.4.7"). There is no rhythm and no
loudness: each token starts half a beat after the one before and lasts as long. The whole window goes through the
network for every token; nothing else is carried from one to the next.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.errors import BundleError
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note
from lstm_composer.runtime.music.pitches import SEMITONES

WINDOW: Final = 100
STEP_TICKS: Final = TICKS_PER_QUARTER // 2
VELOCITY: Final = 90
"""What music21 writes for notes of which nothing is known."""
CHORD_OCTAVE: Final = 60
"""The C from which a chord's pitch classes are counted: music21's note of the number 0."""
_DEFAULT_OCTAVE: Final = 4
_CHORD: Final = re.compile(r"\d{1,2}(\.\d{1,2})*", re.ASCII)
_NOTE: Final = re.compile(r"([A-G])(-+|#*)([~`]?)(-?\d{1,3})?(?:\([+-]?\d{1,6}c\))?", re.ASCII)
"""Letter; flats (a minus each) or sharps; quarter tone up or down; octave. Deviations in cents are passed over."""
_TINIEST: Final = 2.0**-60

Arrays = Mapping[str, NDArray[Any]]
Run = Callable[[Arrays], Arrays]
"""Runs the graph once: its inputs to its outputs, as `token_tensors` describes them (`Engine.run`)."""
Shapes = dict[str, tuple[str, tuple[int | str, ...]]]
"""Type and shape of tensors by name; the batch is "voices"."""


class TokenEncoding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What token numbers mean, and where the music may begin.

    Attributes:
        vocabulary: Names in the order of their numbers.
        prompts: Windows of token numbers from the training pieces: the network needs one to begin with.
        window: Tokens that the network sees.
        step_ticks: From one token to the next, and how long it sounds.

    """

    vocabulary: list[Annotated[str, msgspec.Meta(max_length=200)]]
    prompts: list[list[Annotated[int, msgspec.Meta(ge=0, lt=1 << 20)]]]
    window: Annotated[int, msgspec.Meta(ge=1, le=4096)] = WINDOW
    step_ticks: Annotated[int, msgspec.Meta(ge=1, le=TICKS_PER_QUARTER * 64)] = STEP_TICKS


@dataclass(frozen=True, slots=True)
class TokenControls:
    """What steers the choice of a token.

    Attributes:
        temperature: 0 or more; 0 takes the likeliest token, as the article did.
        min_p: 0..1; tokens less likely than this share of the likeliest are never taken.

    """

    temperature: float = 1.0
    min_p: float = 0.0

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Return the constant inputs of the graph for one voice, each float32 [1, 1]."""
        return {
            "temperature": np.array([[self.temperature]], np.float32),
            "min_p": np.array([[self.min_p]], np.float32),
        }


@dataclass(frozen=True, slots=True)
class TokenCursor:
    """A place between two notes, from which the music can be resumed at any time.

    Attributes:
        window: Numbers of the last tokens, the newest last.
        number: Tokens made so far: what the noise of the next is drawn by.
        onset: Position in ticks of the last token, or where the first will be.
        pending: Pitches of the last token's chord that are still to be given, rising.

    """

    window: tuple[int, ...]
    number: int = 0
    onset: int = 0
    pending: tuple[int, ...] = ()


NUMBERS_A_TICK: Final = 1 << 32
"""Tokens of music that begins at a position of its own are numbered from a multiple of this."""
TokenAdvance = Callable[[TokenCursor], tuple[Note, TokenCursor]]
"""Gives one note and the place after it."""


def pitches_of(token: str) -> tuple[int, ...]:
    """MIDI note numbers of a token, rising: what music21 makes of the article's names.

    "C4" is 60, "E-4" 63, "F##5" 79, "C-1" the C flat of octave 1. The classes of a chord count from middle C, so
    "11.2.5" is 62, 65, 71. Quarter tones are rounded up, pitches beyond 0..127 moved into it by octaves.

    Raises:
        ValueError: If it is neither a note's name nor a chord's.

    """
    if _CHORD.fullmatch(token):
        return tuple(sorted({CHORD_OCTAVE + int(number) % 12 for number in token.split(".")}))
    match = _NOTE.fullmatch(token)
    if match is None:
        raise ValueError(f"{token!r} is no name of a note or chord")
    letter, accidentals, quarter_tone, octave = match.groups()
    altered = accidentals.count("#") - accidentals.count("-") + (1 if quarter_tone == "~" else 0)
    number = 12 * (int(octave or _DEFAULT_OCTAVE) + 1) + SEMITONES[letter] + altered
    return (_within_midi(number),)


def _within_midi(number: int) -> int:
    if 0 <= number <= 127:
        return number
    highest = 108 + number % 12
    return number % 12 if number < 0 else highest + 12 if highest < 115 else highest


def notes_of(tokens: Iterable[str], start: int = 0) -> list[Note]:
    """Turn tokens into notes in the article's rhythm, the first at position `start`.

    Raises:
        ValueError: If one is neither a note's name nor a chord's.

    """
    return [
        Note(start + STEP_TICKS * index, pitch, STEP_TICKS, VELOCITY)
        for index, token in enumerate(tokens)
        for pitch in pitches_of(token)
    ]


def check_encoding(encoding: TokenEncoding, bundle: str) -> None:
    """Check that an encoding can be played.

    Raises:
        BundleError: If it cannot; `bundle` is the name that the line says.

    """
    try:
        for token in encoding.vocabulary:
            pitches_of(token)
    except ValueError as error:
        raise BundleError(
            f"bundle {bundle} has a vocabulary that cannot be played ({error}): export it again"
        ) from None
    numbers = range(len(encoding.vocabulary))
    whole = all(
        len(prompt) == encoding.window and all(number in numbers for number in prompt) for prompt in encoding.prompts
    )
    if not encoding.prompts or not whole or encoding.window < 1 or encoding.step_ticks < 1:
        raise BundleError(f"bundle {bundle} has no window of its own vocabulary to begin with: export it again")


def token_tensors(encoding: TokenEncoding) -> tuple[Shapes, Shapes]:
    """Inputs and outputs of the graph; the log-probability is in nats under the network itself."""
    inputs: Shapes = {
        "window": ("int32", ("voices", encoding.window)),
        "temperature": ("float32", ("voices", 1)),
        "min_p": ("float32", ("voices", 1)),
        "noise": ("float32", ("voices", len(encoding.vocabulary))),
    }
    outputs: Shapes = {"next_token": ("int32", ("voices",)), "log_probability": ("float32", ("voices", 1))}
    return inputs, outputs


def token_noise(seed: int, number: int, classes: int) -> NDArray[np.float32]:
    """Gumbel noise of one token for one voice, as a function of seed and number (see `runtime.graph.gumbel_noise`).

    Args:
        seed: 0 or more, below 2**64.
        number: Count of the token since the music began, 0 or more.
        classes: Tokens in the vocabulary.

    Returns:
        float32 [1, classes].

    """
    generator = np.random.Generator(np.random.Philox(key=seed, counter=number << 64))
    uniform = np.maximum(generator.random((1, classes)), _TINIEST)
    return (-np.log(-np.log(uniform))).astype(np.float32)


def token_start(encoding: TokenEncoding, seed: int) -> TokenCursor:
    """Return the place before the first token: after one of the prompts, which are themselves not heard."""
    return TokenCursor(tuple(encoding.prompts[seed % len(encoding.prompts)]))


def token_anew(encoding: TokenEncoding) -> Callable[[TokenCursor, TokenCursor, int], TokenCursor]:
    """Return what gives the place before a far position: the window of the beginning, and noise of its own."""

    def anew(beginning: TokenCursor, _present: TokenCursor, tick: int) -> TokenCursor:
        return replace(beginning, number=tick * NUMBERS_A_TICK, onset=tick - encoding.step_ticks)

    return anew


def token_advancer(run: Run, encoding: TokenEncoding, controls: TokenControls, seed: int) -> TokenAdvance:
    """Return the function that gives the next note under fixed controls; from the same cursor always the same.

    A chord is given note by note, from low to high: the network runs for the first, the others wait in the cursor.
    """
    tensors = controls.tensors()
    pitches = [pitches_of(token) for token in encoding.vocabulary]

    def advance(cursor: TokenCursor) -> tuple[Note, TokenCursor]:
        if not cursor.pending:
            noise = token_noise(seed, cursor.number, len(pitches))
            found = run({**tensors, "window": np.array([cursor.window], np.int32), "noise": noise})
            token = int(found["next_token"][0])
            if not 0 <= token < len(pitches) or np.isnan(found["log_probability"]).any():
                raise BundleError(
                    f"the network gave token {token} of {len(pitches)}, or computed with what is no number: its bundle "
                    "is damaged; export or download it again"
                )
            cursor = TokenCursor(
                window=(*cursor.window[1:], token),
                number=cursor.number + 1,
                onset=cursor.onset + (encoding.step_ticks if cursor.number else 0),
                pending=pitches[token],
            )
        lowest, *others = cursor.pending
        return Note(cursor.onset, lowest, encoding.step_ticks, VELOCITY), replace(cursor, pending=tuple(others))

    return advance
