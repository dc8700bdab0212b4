"""Nothing at all is no path: Python takes it for the current folder, which nobody has named."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from lstm_composer.export.cli import main as export
from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.cli.advise import main as advise
from lstm_composer.trainer.cli.evaluate import main as evaluate
from lstm_composer.trainer.cli.train import main as train

TRAIN, EXPORT = ("music", "--name", "x"), ("--epoch", "best")


@pytest.mark.parametrize(
    ("main", "argv"),
    [
        (train, ("NOTHING", "--name", "x")),
        (train, (*TRAIN, "--run-dir", "NOTHING")),
        (train, (*TRAIN, "--from", "NOTHING")),
        (train, ("--sweep", "NOTHING")),
        (train, ("--sweep", "sweep.toml", "--run-dir", "NOTHING")),
        (export, (*EXPORT, "--run", "NOTHING")),
        (export, (*EXPORT, "-o", "NOTHING")),
        (export, (*EXPORT, "--data", "NOTHING")),
        (export, (*EXPORT, "--sampling", "NOTHING")),
        (export, (*EXPORT, "--leave-out", "NOTHING")),
        (export, (*EXPORT, "--licence", "NOTHING")),
        (advise, ("NOTHING",)),
        (evaluate, ("NOTHING",)),
        (evaluate, ("run", "NOTHING")),
    ],
)
def test_an_empty_argument_is_refused(main: Callable[[Sequence[str]], int], argv: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=r"argument .*: an empty name is not allowed: "):
        main(["" if word == "NOTHING" else word for word in argv])


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ((*TRAIN, "--units", "4097"), "4097 units are too many for a network: 4096 at the most are allowed"),
        ((*TRAIN, "--units", "4096", "--layers", "9"), "9 layers of 4096 units are 1,143 million weights"),
        (("music", "--name", "x" * 300), "letters, digits, - and _ make a good name, of 200 bytes at the most"),
    ],
)
def test_what_no_run_can_be(
    argv: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "scale.abc").write_text("X:1\nK:C\nCDEF|\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as refusal:
        train(list(argv))
    assert message in str(refusal.value)
    assert len(str(refusal.value)) < 400
