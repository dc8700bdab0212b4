"""Tokens as notes, the exact rhythm, and an advance that can be resumed between any two notes."""

from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.bundle.encodings import TOKEN_ENCODINGS, ArticleEncoding, SkuldurEncoding
from lstm_composer.runtime.errors import BundleError
from lstm_composer.runtime.music.notes import Note, without_overlaps
from lstm_composer.runtime.music.token_encoding import (
    STEP_TICKS,
    VELOCITY,
    Arrays,
    TokenAdvance,
    TokenControls,
    TokenCursor,
    TokenEncoding,
    check_encoding,
    notes_of,
    pitches_of,
    token_advancer,
    token_noise,
    token_start,
    token_tensors,
)

VOCABULARY = ["0.4.7", "11.2.5", "C4", "E-4", "G3"]
ENCODING = ArticleEncoding(vocabulary=VOCABULARY, prompts=[[0, 1, 2], [2, 3, 4]], window=3)
GREEDY, WARM = TokenControls(temperature=0.0), TokenControls()


@pytest.mark.parametrize(
    ("token", "pitches"),
    [
        ("C4", (60,)),
        ("B3", (59,)),
        ("E-4", (63,)),
        ("B-3", (58,)),
        ("C-4", (59,)),
        ("F#5", (78,)),
        ("F##5", (79,)),
        ("B#3", (60,)),
        ("E--4", (62,)),
        ("A0", (21,)),
        ("G9", (127,)),
        ("G#9", (116,)),  # beyond MIDI: moved down, as music21 does
        ("C-1", (23,)),  # music21 reads a minus before the octave as a flat
        ("C#-1", (1,)),
        ("C", (60,)),
        ("C~4", (61,)),
        ("C`4", (60,)),
        ("C4(+20c)", (60,)),
        ("0", (60,)),
        ("11", (71,)),
        ("0.4.7", (60, 64, 67)),
        ("11.2.5", (62, 65, 71)),
        ("4.5.7.9.11.0.2", (60, 62, 64, 65, 67, 69, 71)),
    ],
)
def test_pitches_of_a_token(token: str, pitches: tuple[int, ...]) -> None:
    assert pitches_of(token) == pitches


@pytest.mark.parametrize("token", ["", "H4", "c4", "C4 ", "0.4.", ".4", "0,4", "rest", "C#-", "4-C", "C4.E4"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="is no name of a note or chord"):
        pitches_of(token)


def test_the_articles_rhythm() -> None:
    assert notes_of(["C4", "0.4.7", "B-3"], start=96) == [
        Note(96, 60, 12, 90),
        Note(108, 60, 12, 90),
        Note(108, 64, 12, 90),
        Note(108, 67, 12, 90),
        Note(120, 58, 12, 90),
    ]


def counting(inputs: Arrays) -> Arrays:
    """A graph that goes through the vocabulary in order, noise and temperature moving it off its way."""
    window, classes = inputs["window"], inputs["noise"].shape[1]
    logits = -np.abs((np.arange(classes) - window[:, -1:] - 1) % classes).astype(np.float32)
    scores = logits + inputs["noise"] * inputs["temperature"]
    return {"next_token": scores.argmax(axis=-1).astype(np.int32), "log_probability": np.zeros((1, 1), np.float32)}


def advance_under(controls: TokenControls, seed: int = 0) -> TokenAdvance:
    return token_advancer(counting, ENCODING, controls, seed)


def stream(advance: TokenAdvance, cursor: TokenCursor, count: int) -> tuple[list[Note], list[TokenCursor]]:
    """Notes, and the places before each and after the last."""
    notes, places = [], [cursor]
    for _ in range(count):
        note, cursor = advance(cursor)
        notes.append(note)
        places.append(cursor)
    return notes, places


def test_the_known_music() -> None:
    notes, places = stream(advance_under(GREEDY), token_start(ENCODING, 0), 12)
    after_the_prompt = ["E-4", "G3", "0.4.7", "11.2.5", "C4", "E-4", "G3", "0.4.7"]
    assert notes == notes_of(after_the_prompt)[:12]
    assert notes[:3] == [Note(0, 63, 12, 90), Note(12, 55, 12, 90), Note(24, 60, 12, 90)]
    assert [place.onset for place in places] == [0, 0, 12, 24, 24, 24, 36, 36, 36, 48, 60, 72, 84]
    assert [place.number for place in places] == [0, 1, 2, 3, 3, 3, 4, 4, 4, 5, 6, 7, 8]
    assert places[3] == TokenCursor(window=(3, 4, 0), number=3, onset=24, pending=(64, 67))


def test_the_network_runs_once_for_a_chord() -> None:
    runs: list[Arrays] = []

    def counted(inputs: Arrays) -> Arrays:
        runs.append(inputs)
        return counting(inputs)

    stream(token_advancer(counted, ENCODING, GREEDY, 0), TokenCursor((2, 3, 4)), 6)
    assert [run["window"].tolist() for run in runs] == [[[2, 3, 4]], [[3, 4, 0]]]
    shapes, _ = token_tensors(ENCODING)
    for name, (dtype, shape) in shapes.items():
        assert (str(runs[0][name].dtype), runs[0][name].shape) == (dtype, (1, *shape[1:]))
    assert runs[0].keys() == shapes.keys()


@pytest.mark.parametrize(("token", "likelihood"), [(5, 0.0), (-1, 0.0), (2**31 - 1, 0.0), (0, np.nan)])
def test_what_is_no_token_ends_the_music(token: int, likelihood: float) -> None:
    found = {"next_token": np.array([token], np.int32), "log_probability": np.array([[likelihood]], np.float32)}
    advance = token_advancer(lambda _: found, ENCODING, GREEDY, 0)
    with pytest.raises(BundleError, match=f"the network gave token {token} of 5"):
        advance(token_start(ENCODING, 0))


def test_a_seed_chooses_the_prompt() -> None:
    assert [token_start(ENCODING, seed).window for seed in (0, 1, 2, 3)] == [(0, 1, 2), (2, 3, 4)] * 2


@given(seed=st.integers(0, 2**63 - 1), at=st.integers(0, 30))
def test_the_stream_goes_on_from_any_place_as_it_would_have(seed: int, at: int) -> None:
    notes, places = stream(advance_under(WARM, seed), token_start(ENCODING, seed), 40)
    resumed, _ = stream(advance_under(WARM, seed), places[at], 40 - at)
    assert resumed == notes[at:]


@given(seed=st.integers(0, 1000))
def test_notes_are_playable_and_in_order(seed: int) -> None:
    notes, _ = stream(advance_under(WARM, seed), token_start(ENCODING, seed), 60)
    assert notes == sorted(notes)
    assert without_overlaps(notes) == notes
    assert {(note.duration, note.velocity) for note in notes} == {(STEP_TICKS, VELOCITY)}
    assert {later.onset - note.onset for note, later in pairwise(notes)} <= {0, STEP_TICKS}


def test_seeds_differ() -> None:
    cursor = token_start(ENCODING, 0)
    assert len({tuple(stream(advance_under(WARM, seed), cursor, 20)[0]) for seed in range(10)}) == 10


def test_noise_is_settled_by_seed_and_number() -> None:
    noise = token_noise(7, 1000, 64)
    assert noise.shape == (1, 64)
    assert noise.dtype == np.float32
    assert np.array_equal(noise, token_noise(7, 1000, 64))
    assert not np.any(noise == token_noise(7, 1001, 64))
    assert not np.any(noise == token_noise(8, 1000, 64))
    many = np.concatenate([token_noise(1, number, 64) for number in range(200)])
    assert np.isfinite(many).all()
    assert np.mean(many) == pytest.approx(0.5772, abs=0.05)  # of a Gumbel distribution: Euler's constant


@pytest.mark.parametrize("name", ["article", "skuldur"])
def test_an_encoding_is_kept_under_the_name_of_its_preset(name: str) -> None:
    encoding = TOKEN_ENCODINGS[name](vocabulary=VOCABULARY, prompts=[[0] * 100])
    kept = msgspec.json.encode(encoding)
    assert msgspec.json.decode(kept) == {
        "name": name,
        "vocabulary": VOCABULARY,
        "prompts": [[0] * 100],
        "window": 100,
        "step_ticks": 12,
    }
    assert msgspec.json.decode(kept, type=ArticleEncoding | SkuldurEncoding) == encoding


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocabulary": [*VOCABULARY, "H4"]}, "a vocabulary that cannot be played .'H4' is no name"),
        ({"prompts": []}, "no window of its own vocabulary"),
        ({"prompts": [[0, 1]]}, "no window of its own vocabulary"),
        ({"prompts": [[0, 1, 5]]}, "no window of its own vocabulary"),
        ({"prompts": [[0, 1, -1]]}, "no window of its own vocabulary"),
        ({"prompts": [[]], "window": 0}, "no window of its own vocabulary"),
        ({"step_ticks": 0}, "no window of its own vocabulary"),
    ],
)
def test_an_encoding_that_cannot_be_played_is_refused(change: dict[str, Any], message: str) -> None:
    encoding: TokenEncoding = msgspec.structs.replace(ENCODING, **change)
    with pytest.raises(BundleError, match=f"bundle bad has {message}"):
        check_encoding(encoding, "bad")
    check_encoding(ENCODING, "good")
