"""What the article's networks play, and what is asked of them in vain, without one of them."""

from pathlib import Path
from typing import Any

import pytest

from lstm_composer.runtime.bundle.files import Bundle
from lstm_composer.runtime.bundle.library import BundleEntry, styles
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.generation.voice import note_stream
from lstm_composer.runtime.session.loading import LoadedNetwork, composer_of
from lstm_composer.runtime.session.settings import MusicSettings
from tests.support.token_bundle import NextToken, token_card


@pytest.fixture
def network(tiny_bundle: Bundle) -> LoadedNetwork:
    card = token_card(tiny_bundle.card)
    engine: Any = NextToken()
    return LoadedNetwork(styles([BundleEntry(Path("tiny.onnx.json"), card)]), card, engine)


def test_tokens_become_notes_half_a_beat_each(network: LoadedNetwork) -> None:
    composer = composer_of(network, MusicSettings(style="scale", seed=1))
    notes = note_stream(composer.advance, composer.cursor)
    heard = [next(notes).note for _ in range(7)]
    assert [note.pitch for note in heard] == [60, 64, 67, 60, 64, 67, 60]
    assert [note.onset for note in heard] == [0, 0, 0, 12, 24, 36, 48]
    assert composer.controllable is None


def test_far_positions_begin_anew(network: LoadedNetwork) -> None:
    composer = composer_of(network, MusicSettings(style="scale", seed=1))
    assert composer.anew is not None
    far = composer.anew(composer.cursor, composer.cursor, 960)
    assert next(note_stream(composer.advance, far)).note.onset == 960


@pytest.mark.parametrize(
    ("flag", "asked"),
    [
        ("--form", {"form": "AABA"}),
        ("--ending", {"ending": True, "bars": 4}),
        ("--lead-in", {"lead_in": 1}),
        ("--set", {"initial_commands": ("swing 0.5",)}),
        ("--style-strength", {"style_strength": 1.0}),
        ("--voices", {"voices": (("scale", 1), ("scale", 2))}),
    ],
)
def test_what_tokens_cannot_do(network: LoadedNetwork, flag: str, asked: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=rf"^{flag} is not for tiny, a bundle of an article's preset"):
        composer_of(network, MusicSettings(style="scale", seed=1, **asked))
