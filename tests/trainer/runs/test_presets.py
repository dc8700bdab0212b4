"""The table of presets that trains and the encodings that play are about the same presets."""

from typing import get_args

from lstm_composer.runtime.bundle.encodings import TOKEN_ENCODINGS, Encoding
from lstm_composer.trainer.runs.settings import PRESETS


def test_every_preset_has_an_encoding_that_knows_whether_it_is_in_time() -> None:
    in_time = {encoding.__struct_config__.tag: encoding.is_in_time for encoding in get_args(Encoding)}
    assert in_time == {name: preset.is_judged for name, preset in PRESETS.items()}
    assert set(TOKEN_ENCODINGS) == {name for name, is_in_time in in_time.items() if not is_in_time}
