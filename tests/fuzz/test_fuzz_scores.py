"""Kern and MusicXML, whatever is in them: music that can be learned from, or one line with the reason."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.formats.score_reader import read_score

pytestmark = pytest.mark.skipif(find_spec("music21") is None, reason="music21 is not here")  # loaded by the first score

CASES = Path(__file__).parent.parent / "data" / "cases"
VALID = {
    name: (CASES / name).read_bytes() for name in ("harm.krn", "tie_merge.krn", "cue.musicxml", "linked_full_first.mxl")
}


@pytest.mark.parametrize("name", VALID)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(edits=st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 255)), max_size=3), cut=st.integers(0, 20_000))
def test_any_bytes_are_a_score_or_refused_in_a_line(
    tmp_path: Path, name: str, edits: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(VALID[name])
    for place, byte in edits:
        data[place % len(data)] = byte
    path = tmp_path / name
    path.write_bytes(data[: cut if cut < len(data) else None])
    try:
        pieces = read_score(path, name).pieces
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017 - whatever is raised
    else:
        assert all(0 <= note.pitch < 128 and note.duration > 0 for piece in pieces for note in piece.notes)
