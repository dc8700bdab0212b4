"""`lstm-composer` with trainings as small as they get: for programs that start it, where the rest is to be real."""

import sys
from pathlib import Path
from typing import Final

import lstm_composer.runtime.cli.main
from tests.support.small_trainings import alone, short_pieces, step_by_step

_TINY: Final = (
    *("--units", "16", "--layers", "1", "--head-units", "16", "--batch-steps", "256", "--seed", "3"),
    *("--epochs", "4", "--save-every", "2"),
)


def main(argv: list[str]) -> int:
    """Do `lstm-composer ARGV`; the cache is in the folder that it is started in."""
    with alone(Path.cwd() / "cache"):
        if argv[:1] != ["train"] or "--dry-run" in argv:
            return lstm_composer.runtime.cli.main.main(argv)
        with short_pieces(), step_by_step():
            return lstm_composer.runtime.cli.main.main([*argv, *_TINY])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
