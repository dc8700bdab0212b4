"""`lstm-composer styles`: what can be named after --style."""

import argparse
from typing import TYPE_CHECKING, Final

from lstm_composer.runtime.cli.music_options import add_models_dir
from lstm_composer.runtime.cli.printing import say
from lstm_composer.runtime.system.process_exit import loading
from lstm_composer.runtime.system.visible_text import json_text, visible

if TYPE_CHECKING:
    from lstm_composer.runtime.bundle.library import StyleEntry

HELP: Final = "list what can be named after --style"
_MOST_OF_A_LICENCE: Final = 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    parser.add_argument("--json", action="store_true", help="for programs to read")
    add_models_dir(parser)


def run(arguments: argparse.Namespace) -> None:
    """List all styles by name, and the bundles that are broken."""
    with loading():
        from lstm_composer.runtime.bundle.library import list_bundles, listed, styles  # noqa: PLC0415 - as in all subcommands

    shelved = list_bundles(arguments.models_dirs)
    found = dict(sorted(styles(shelved).items()))
    broken = [bundle for bundle in shelved if bundle.problem]
    if arguments.json:
        rows = [_row(name, style) for name, style in found.items()]
        problems = [{"bundle": str(bundle.path), "problem": bundle.problem} for bundle in broken]
        say(json_text({"styles": rows, "broken": problems}, indent=2))
        return
    for name, style in found.items():
        card = style.card
        habits = f"{name:<16} {card.tempo_bpm:5g} bpm  {card.meter:<5} from {card.notes:,} notes"
        licences = listed([licence[:_MOST_OF_A_LICENCE] for licence in style.licences])
        say(visible(f"{habits}  {style.path.name}  ({licences})"))
    for bundle in broken:
        say(visible(f"{bundle.name:<16} broken: {bundle.problem}"))


def _row(name: str, style: "StyleEntry") -> dict[str, object]:
    """A style as programs read it."""
    card = style.card
    data = [{"source": one.source, "licence": one.licence, "attribution": one.attribution} for one in style.data]
    return {
        "style": name,
        "bundle": str(style.path),
        "tempo_bpm": card.tempo_bpm,
        "meter": card.meter,
        "pieces": card.pieces,
        "notes": card.notes,
        "register": card.register,
        "data": data,
    }
