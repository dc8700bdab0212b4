"""`lstm-composer panel`: a page in the browser."""

import argparse
from typing import Final

from lstm_composer.runtime.cli.music_options import add_models_dir
from lstm_composer.runtime.cli.options import whole
from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.system.installation import adding
from lstm_composer.runtime.system.process_exit import loading

HELP: Final = "open a page in the browser from which all of this can be done"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    usual = "port on this machine (default: 7348, or another where that is taken)"
    parser.add_argument("--port", type=whole(1, 65535), metavar="N", help=usual)
    unopened = "print the address and leave it to you to open it"
    parser.add_argument("--no-browser", action="store_true", help=unopened)
    add_models_dir(parser)


def run(arguments: argparse.Namespace) -> None:
    """Serve the panel until it is asked to end.

    Raises:
        MissingError: If the extra is not installed, or the port is taken.

    """
    with loading():
        from lstm_composer.runtime.doctor.panel_extra import missing_packages  # noqa: PLC0415 - as in all subcommands

        if missing := missing_packages():
            raise MissingError(f"the panel needs {', '.join(missing)}: {adding('panel')}")
        from lstm_composer.runtime.panel.server import run_panel  # noqa: PLC0415

    run_panel(arguments.port, arguments.models_dirs, opens_browser=not arguments.no_browser)
