"""`lstm-composer panel` with small trainings: tiny ones, or pretended ones where $PRETEND_BUNDLE names a bundle."""

import os
import sys
from typing import Any

import pytest

import lstm_composer.runtime.cli.main
from lstm_composer.runtime.panel.context import PanelContext

_PRETENDED, _TINY = "tests.support.pretend_training", "tests.support.tiny_program"


def main() -> int:
    """Do `lstm-composer`, with another program for what the panel starts."""
    pretends = "PRETEND_BUNDLE" in os.environ
    program = (sys.executable, "-m", _PRETENDED if pretends else _TINY)

    def context(**given: Any) -> PanelContext:
        return PanelContext(**{**given, "program": program})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lstm_composer.runtime.panel.server.PanelContext", context)
        if pretends:  # the known bundle stands for the base
            patch.setattr("lstm_composer.runtime.panel.training.bundles.BASE", "tiny")
        return lstm_composer.runtime.cli.main.main()


if __name__ == "__main__":
    sys.exit(main())
