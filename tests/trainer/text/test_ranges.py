from typing import Any, Literal

import pytest

from lstm_composer.trainer.runs.network_config import Share
from lstm_composer.trainer.runs.settings import Count, Rate, Seed
from lstm_composer.trainer.text.ranges import converted


@pytest.mark.parametrize(
    ("value", "kind", "meant"),
    [
        (3, Count, 3),
        ("3", Count | None, 3),
        (0, Seed, 0),
        (1, Rate, 1.0),
        ("1e-3", Rate | None, 0.001),
        (0.5, Share, 0.5),
        ("x", str, "x"),
        (1750, str | None, "1750"),
        (True, bool, True),
        ("b", Literal["a", "b"], "b"),
    ],
)
def test_what_is_in_range_is_converted(value: Any, kind: Any, meant: object) -> None:
    assert converted(value, kind) == meant
    assert type(converted(value, kind)) is type(meant)


@pytest.mark.parametrize(
    ("value", "kind", "allowed"),
    [
        (0, Count, "a whole number from 1 to 1000000"),
        ("3.0", Count | None, "a whole number from 1 to 1000000"),
        ("1_0", Count, "a whole number from 1 to 1000000"),
        (True, Count, "a whole number from 1 to 1000000"),
        (10**400, Seed, "a whole number from 0 to 4294967295"),
        (0.0, Rate, "a number above 0, at most 1"),
        (float("nan"), Rate, "a number above 0, at most 1"),
        ("nan", Share, "a number from 0 to below 1"),
        (1, Share, "a number from 0 to below 1"),
        (1, bool, "true or false"),
        (True, str, "a text"),
        ("c", Literal["a", "b"], "one of a, b"),
    ],
)
def test_what_is_not_is_refused_in_words(value: Any, kind: Any, allowed: str) -> None:
    with pytest.raises(ValueError, match=f"^{allowed}$"):
        converted(value, kind)
