"""Run directories of others: whatever is in their files, reading gives a value or one line."""

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import ComposerError
from lstm_composer.trainer.runs.newest_run import newest_run
from lstm_composer.trainer.runs.request import TrainingRequest
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.sweep.job import Outcome, is_complete
from lstm_composer.trainer.sweep.results import page, read_results, result_of, terminal_table, with_winners
from lstm_composer.trainer.sweep.sweep_file import PlannedRun
from lstm_composer.trainer.training.collapse_guard import Rollbacks
from lstm_composer.trainer.training.fine_tuning import find_pretrained, read_initial_weights
from lstm_composer.trainer.training.learned_from import data_of_run, styles_of_run
from tests.support.hand_made_run import FILES, make_run

PLAN = PlannedRun(
    "tiny", {"seed": 7}, {"folder": "music", "seed": 7}, TrainingRequest(folder="music", name="tiny", seed=7)
)
NASTY: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 2**64, 10**400, 1e308, 0.5, "", "nan", "4/4", "0/0", "9" * 5000 + "/4", "x" * 100_000,
    "a|b\r\n# c", "\x1b]0;title\x07", "[red]", "\u202e", "../../etc/passwd", "\0", [], {}, [[]], {"a": {}},
    ["a"] * 1000,
)  # fmt: skip
READERS: dict[str, Callable[[RunDirectory], object]] = {
    "settings": RunDirectory.read_settings,
    "corpus": lambda run: run.read_corpus(run.read_settings()),
    "history": RunDirectory.read_history,
    "history until": lambda run: run.history_until(4),
    "advice": RunDirectory.read_advice,
    "metrics": lambda run: run.read_metrics().as_dict(),
    "rollbacks": lambda run: run.read_as("rollbacks.json", Rollbacks),
    "best": RunDirectory.best_epoch,
    "newest": lambda run: newest_run(run.path.parent),
    "styles": lambda run: styles_of_run(run, run.read_settings()),
    "data": lambda run: data_of_run(run, run.read_settings()),
    "first weights": read_initial_weights,
    "base": lambda run: find_pretrained(str(run.path)),
    "complete": is_complete,
    "results": lambda run: page("s", with_winners(list(read_results(run.path).values()))),
    "table": lambda run: terminal_table(list(read_results(run.path).values())),
    "result": lambda run: result_of(PLAN, run, Outcome("done")),
}


def holds(run: RunDirectory) -> None:
    """Every reader gives a value, or one line."""
    said: list[str] = []
    for read in READERS.values():
        try:
            read(run)
        except ComposerError as error:
            said.append(str(error))
    assert not [line for line in said if not line.isprintable() or len(line) > 2000]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    return make_run(tmp_path_factory.mktemp("runs") / "tiny")


def test_the_run_itself_is_read(run: RunDirectory) -> None:
    assert {name: bool(read(run)) for name, read in READERS.items()} == dict.fromkeys(READERS, True)


def spoilt(data: bytes, draw: random.Random) -> bytes:
    """Bytes with a few of them changed, cut out, doubled, or all after one cut off."""
    found = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        at, length = draw.randrange(len(found) + 1), draw.choice((1, 1, 2, 8, 64))
        match draw.randrange(5):
            case 0:
                found[at : at + length] = draw.randbytes(length)
            case 1:
                del found[at : at + length]
            case 2:
                found[at:at] = found[at : at + length] * draw.choice((1, 1, 50))
            case 3:
                found[at : at + 1] = draw.choice((b"\xff", b"\0", b'"', b"[", b"{", b"\n", b",", b"\xef\xbb\xbf", b"-"))
            case _:
                del found[at:]
    return bytes(found)


def exchanged(data: bytes, draw: random.Random) -> bytes:
    """JSON with a value somewhere in it exchanged for a nasty one."""
    whole: Any = json.loads(data)
    place = whole
    while True:
        key: Any = draw.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not (isinstance(place[key], dict | list) and place[key]) or draw.random() < 0.2:
            break
        place = place[key]
    place[key] = draw.choice(NASTY)
    if isinstance(place, dict) and draw.random() < 0.1:
        place[draw.choice([name for name in NASTY if isinstance(name, str)])] = place.pop(key)
    text = json.dumps(whole)
    if draw.random() < 0.05:
        text = text.replace(": ", ": " + "[" * 5000, 1)
    return text.encode()


def mutated(name: str, draw: random.Random) -> bytes:
    return exchanged(FILES[name], draw) if name.endswith(".json") and draw.random() < 0.6 else spoilt(FILES[name], draw)


@given(name=st.sampled_from(sorted(FILES)), seed=st.integers(0, 2**32))
def test_a_mutated_file(run: RunDirectory, name: str, seed: int) -> None:
    (run.path / name).write_bytes(mutated(name, random.Random(seed)))
    try:
        holds(run)
    finally:
        (run.path / name).write_bytes(FILES[name])


@given(name=st.sampled_from(sorted(FILES)), data=st.binary(max_size=200))
def test_a_file_of_anything(run: RunDirectory, name: str, data: bytes) -> None:
    (run.path / name).write_bytes(data)
    try:
        holds(run)
    finally:
        (run.path / name).write_bytes(FILES[name])


def no_file(kind: str, path: Path) -> None:
    """Put something there that is no file, or one without end."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "huge":
        path.touch()
        os.truncate(path, 1 << 40)
    else:
        path.symlink_to({"nowhere": "gone", "endless": "/dev/zero", "circle": path.name}[kind])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
@pytest.mark.parametrize("kind", ["pipe", "folder", "huge", "nowhere", "endless", "circle"])
@pytest.mark.parametrize("name", sorted(FILES))
def test_what_is_no_file(tmp_path: Path, name: str, kind: str) -> None:
    run = make_run(tmp_path / "runs" / "tiny")
    (run.path / name).unlink()
    no_file(kind, run.path / name)
    holds(run)


if __name__ == "__main__":  # so many as were asked for, with the longest time and the most memory
    import resource
    import sys
    import tempfile

    count = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        tried, longest = make_run(Path(folder) / "runs" / "tiny"), (0.0, "")
        for number in range(count):
            draw = random.Random(number)
            spoilt_name = draw.choice(sorted(FILES))
            (tried.path / spoilt_name).write_bytes(mutated(spoilt_name, draw))
            began = time.monotonic()
            holds(tried)
            longest = max(longest, (time.monotonic() - began, f"{number} {spoilt_name}"))
            (tried.path / spoilt_name).write_bytes(FILES[spoilt_name])
    print(count, longest, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "MiB")  # noqa: T201
