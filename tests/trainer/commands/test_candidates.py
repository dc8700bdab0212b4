"""What can be evaluated."""

from pathlib import Path

import pytest
from rich.console import Console

from lstm_composer.runtime.bundle.files import Bundle, write_bundle
from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.commands.candidates import candidate_of
from tests.support.token_bundle import token_card


def test_a_bundle_whose_music_has_no_rhythm_is_refused(tiny_bundle: Bundle, tmp_path: Path) -> None:
    path = write_bundle(token_card(tiny_bundle.card), tiny_bundle.onnx, tmp_path)
    with pytest.raises(InputError, match="is of the article's presets, whose tokens have no rhythm to measure"):
        candidate_of(str(path), None, Console())
