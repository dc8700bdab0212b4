"""The first of the program that runs: it makes ready what everything else relies on, and only then loads it.

From here on the standard streams are there, and a signal ends the process without a word. What takes half a second,
loading the rest, comes after. The interpreter's own start, some hundredths of a second, lies before.
"""

import os
import sys

# What `signal` is made of, which takes 20 times as long to load.
from _signal import SIG_IGN, SIGINT, getsignal, signal  # type: ignore[import-not-found] # typeshed leaves it out


def begin() -> None:
    """Make the process ready; a signal that was ignored, as for a program in the background, stays so."""
    if getsignal(SIGINT) != SIG_IGN:
        signal(SIGINT, lambda *_: os._exit(0))
    from lstm_composer.runtime.system.process_exit import (  # noqa: PLC0415 - see above
        exit_at_once,
        faults_from_outside,
        heeded_signals,
        ignored_at_the_very_end,
    )
    from lstm_composer.runtime.system.standard_streams import prepare  # noqa: PLC0415 - see above

    prepare()
    for number in heeded_signals():
        signal(number, exit_at_once)
    faults_from_outside()
    ignored_at_the_very_end()


def main() -> int:
    """`lstm-composer`."""
    begin()
    from lstm_composer.runtime.cli.main import main as run  # noqa: PLC0415 - see above

    return run()


def composer_play() -> int:
    """`composer-play`: short for `lstm-composer play`."""
    begin()
    from lstm_composer.runtime.cli.main import composer_play as run  # noqa: PLC0415 - see above

    return run()


def composer_train() -> int:
    """`composer-train`: short for `lstm-composer train`."""
    begin()
    from lstm_composer.runtime.cli.main import composer_train as run  # noqa: PLC0415 - see above

    return run()


def composer_export() -> int:
    """`composer-export`: short for `lstm-composer export`."""
    begin()
    from lstm_composer.runtime.cli.main import composer_export as run  # noqa: PLC0415 - see above

    return run()


if __name__ == "__main__":
    sys.exit(main())
