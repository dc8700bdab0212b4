"""Nothing at all is no path: Python takes it for the current folder, which nobody has named."""

from collections.abc import Callable, Sequence

import pytest

from export.cli import main as export
from runtime.errors import InputError
from trainer.advise_cli import main as advise
from trainer.cli import main as train
from trainer.evaluate_cli import main as evaluate

TRAIN, EXPORT = ("music", "--name", "x"), ("--epoch", "best")


@pytest.mark.parametrize("nothing", ["", "  "])
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
def test_an_empty_argument_is_refused(
    main: Callable[[Sequence[str]], int], argv: tuple[str, ...], nothing: str
) -> None:
    with pytest.raises(InputError, match=r"argument .*: '\s*' is empty: give a name or a path; \. is the current"):
        main([nothing if word == "NOTHING" else word for word in argv])


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("F\udcfcr Elise", "--name", "x"), r"F\xfcr Elise has characters in its name that no text can hold"),
        (("a\x1b[31m", "--name", "x"), r"a\x1b[31m has characters in its name"),
        ((*TRAIN, "--units", "4097"), "argument --units: 4097 is not allowed: give a whole number from 1 to 4096"),
        ((*TRAIN, "--layers", "9" * 5000), "is not allowed: give a whole number from 1 to 16"),
        ((*TRAIN, "--epochs", "10000000"), "10000000 is not allowed: give a whole number from 1 to 1000000"),
        ((*TRAIN, "--seed", "9" * 5000), "is not allowed: give a whole number from 0 to 4294967295"),
        (("music", "--name", "x" * 300), "letters, digits, - and _ make a good name, of 200 bytes at the most"),
    ],
)
def test_what_no_run_can_be(argv: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError) as refusal:
        train(list(argv))
    assert message in str(refusal.value)
    assert len(str(refusal.value)) < 400
