"""Write models/base.md, the card of `base`: `python recipes/write_base_card.py RUN BUNDLE STYLES TOLD > base.md`.

RUN is the run directory, BUNDLE the bundle's BUNDLE.onnx.json, STYLES what `lstm-composer evaluate BUNDLE FOLDER
--by-style --json` prints, and TOLD what `benchmarks/training/style_recognition.py RUN --json` prints.
"""

import csv
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from lstm_composer.runtime.bundle.files import read_card
from lstm_composer.runtime.bundle.schema import BundleCard, DataSource, StyleCard
from lstm_composer.trainer.judging.tables import SHOWN
from lstm_composer.trainer.measures.measures import MEASURES

LIKE_ENOUGH = 0.85
"""Share of the human likeness that a style should reach."""
PAGE = Path(__file__).with_name("base_card.template.md")
"""The page without its figures."""


def _number(value: float | None, form: str = ".3f") -> str:
    return "" if value is None else format(value, form)


def _gate(gate: Mapping[str, Any] | None) -> str:
    return "" if gate is None else f"{gate['inside']}{'' if gate['passed'] else ', fails'}"


def row(measured: Mapping[str, Any], style: StyleCard, card: BundleCard, told: Mapping[str, Any]) -> str:
    """One style's line of the table."""
    name, sampling = style.name, style.sampling or card.sampling
    markov = None if measured["markov"] is None else min(measured["markov"], measured["markov_of_all"])
    cells = (
        name,
        f"{style.pieces}",
        f"{style.notes:,}",
        _number(measured["nll"]),
        _number(markov),
        _number(measured["below_markov"], ".0%"),
        f"{sampling.style_strength:g}",
        f"{sampling.temperature[1]:g}",
        _gate(measured["loop"]),
        _gate(measured["copy"]),
        _number(measured["likeness"]),
        _number(measured["ceiling"]),
        _number(told["real"].get(name), ".0%"),
        _number(told["generated"].get(name), ".0%"),
    )
    return f"| {' | '.join(cells)} |"


def judged_row(measured: Mapping[str, Any]) -> str:
    """One style's line of the table of what it plays beside what people wrote."""
    judged = measured["judged"]
    told = judged["told"] or {"overall": None, "floor": None}
    cells = [_beside(judged["measures"][name]) for name in SHOWN]
    areas = [_number(told[name], ".2f") for name in ("overall", "floor")]
    return f"| {' | '.join((measured['style'], *cells, *areas))} |"


def _beside(one: Mapping[str, Any]) -> str:
    mark = "" if one["verdict"] == "inside" else f", {one['verdict']}"
    return f"{one['played']:.2f} ({one['low']:.2f}-{one['high']:.2f}){mark}"


def judged_part(measured: Mapping[str, Any]) -> str:
    """The part on what is played beside what people wrote; nothing where that was not measured."""
    rows = [judged_row(one) for one in measured["styles"] if one.get("judged")]
    if not rows:
        return ""
    titles = ("style", *(MEASURES[name] for name in SHOWN), "told apart", "floor")
    inside = measured["means"]["returns_inside"]
    return "\n".join(
        (
            "",
            "Each style plays 16 pieces of 64 bars. Their means stand beside the range of the style's human music (in",
            'brackets: nine in ten pieces are inside); "told apart" is the area under the curve of a classifier that',
            'tells them from human music, "floor" that of human music against itself (0.5 is a guess). In',
            f"{inside} of {len(rows)} styles returns are inside the range on all counts.",
            "",
            f"| {' | '.join(titles)} |",
            f"|{'---|' * len(titles)}",
            *rows,
            "",
        )
    )


def source_line(source: DataSource) -> str:
    """One source; those who encoded Mutopia's are too many to name here."""
    thanks = "" if source.source.startswith("The Mutopia") else f"; {source.attribution}"
    return f"- {source.source}, {source.licence}: {source.pieces} pieces, {source.notes:,} notes{thanks}."


def page(run: Path, card: BundleCard, measured: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Return the whole page."""
    history = list(csv.DictReader((run / "history.csv").read_text().splitlines()))
    parts = json.loads((run / "corpus.json").read_text())["parts"]
    styles, means = {style.name: style for style in card.styles}, measured["means"]
    rows = [row(one, styles[one["style"]], card, told) for one in measured["styles"]]
    failing = [one["style"] for one in measured["styles"] if not (one["loop"]["passed"] and one["copy"]["passed"])]
    shares = [(one["style"], one["of_ceiling"]) for one in measured["styles"] if one["of_ceiling"] is not None]
    unlike = [f"{name} ({share:.2f})" for name, share in shares if share < LIKE_ENOUGH]
    real = fmean(told["real"].values())
    return PAGE.read_text(encoding="utf-8").format(
        count=len(card.styles),
        megabytes=card.onnx_bytes / 1e6,
        layers=card.network.layers,
        units=card.network.units,
        licence=card.licence,
        pieces=sum(source.pieces for source in card.data),
        notes=sum(source.notes for source in card.data),
        sources="\n".join(map(source_line, card.data)),
        epochs=len(history),
        minutes=sum(float(one["seconds"]) for one in history) / 60,
        split=", ".join(f"{part['pieces']:,} ({part['notes']:,} notes) for {name}" for name, part in parts.items()),
        loss=card.metrics["test_loss"],
        markov=card.metrics["markov_order_3_loss"],
        mean=means["nll"],
        below=means["below_markov"],
        real=real,
        generated=real * told["ratio"],
        ratio=told["ratio"],
        rows="\n".join(rows),
        passing=means["pass_both_gates"],
        failing=f"; not: {', '.join(failing)}" if failing else "",
        of_ceiling=means["of_ceiling"],
        enough=LIKE_ENOUGH,
        unlike=", ".join(unlike) or "none",
        judged=judged_part(measured),
    )


def main() -> None:
    """Print the page."""
    run, bundle, by_style, told = map(Path, sys.argv[1:5])
    print(page(run, read_card(bundle), json.loads(by_style.read_text()), json.loads(told.read_text())), end="")


if __name__ == "__main__":
    main()
