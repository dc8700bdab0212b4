"""Names of ports that are not taken."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.ports.names import MAX_NAME_BYTES, first_free, numbered


def test_the_names_after_the_first_are_numbered() -> None:
    assert list(islice(numbered("LSTM Composer"), 3)) == ["LSTM Composer", "LSTM Composer 2", "LSTM Composer 3"]


@given(st.text(min_size=1, max_size=MAX_NAME_BYTES).filter(lambda name: len(name.encode()) <= MAX_NAME_BYTES))
def test_every_name_fits_and_none_is_given_twice(name: str) -> None:
    names = list(islice(numbered(name), 12))
    assert len(set(names)) == len(names)
    assert all(len(one.encode()) <= MAX_NAME_BYTES for one in names)


@pytest.mark.parametrize(
    ("port_names", "free"),
    [
        ([], "LSTM Composer"),
        (["Midi Through:Midi Through Port-0 14:0", "LSTM Composer in:LSTM Composer"], "LSTM Composer"),
        (["LSTM Composer:LSTM Composer 128:0"], "LSTM Composer 2"),
        (["LSTM Composer", "LSTM Composer 2", "LSTM Composer 4"], "LSTM Composer 3"),
    ],
)
def test_first_free(port_names: list[str], free: str) -> None:
    assert first_free("LSTM Composer", port_names) == free
