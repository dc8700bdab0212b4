"""Whether a key that is set is held."""

import pytest

from benchmarks.training.key_held import locked, share_in
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.piece_keys import key_number
from lstm_composer.trainer.measures.passage import Passage, lay_out

C_MINOR = (60, 63, 67, 72, 68, 65, 67, 71, 72, 67, 63, 60)


def music(*pitches: int) -> Passage:
    return lay_out([Note(24 * number, pitch, 24, 80) for number, pitch in enumerate(pitches * 8)], 96)


def test_windows_in_the_key_count() -> None:
    in_it, above = music(*C_MINOR), music(*(pitch + 2 for pitch in C_MINOR))
    assert share_in([in_it], key_number("C minor")) == pytest.approx(1.0)
    assert share_in([in_it, above], key_number("C minor")) == pytest.approx(0.5)
    assert share_in([above], key_number("D minor")) == pytest.approx(1.0)


def test_a_key_that_is_set_is_told_and_kept_to() -> None:
    controls = locked(GraphInputs(style=(1.0,)), "C minor", (48, 84))
    assert controls.key == key_number("C minor")
    assert controls.pitch_bias is not None
    allowed = [pitch for pitch, nats in enumerate(controls.pitch_bias) if nats == 0]
    assert allowed[:4] == [48, 50, 51, 53]
    assert allowed[-1] == 84
