"""Judgements in words and tables: for a terminal, a report and a page."""

from collections.abc import Mapping

from rich.table import Table

from lstm_composer.trainer.judging.style import Judgement
from lstm_composer.trainer.judging.verdicts import Verdict
from lstm_composer.trainer.measures.measures import MEASURES
from lstm_composer.trainer.text.console import cell

SHOWN = (
    "bars_return",
    "phrase_returns",
    "main_key",
    "outside_scale",
    "longest_chord",
    "velocity_spread",
    "bad_windows",
)
"""The measures that a terminal and a page have room for; all are in JSON."""


def table_of(judged: Mapping[str, Judgement]) -> Table:
    """The measures of each style: played, and the human range."""
    table = Table()
    table.add_column("style")
    for name in SHOWN:
        table.add_column(MEASURES[name], justify="right")
    table.add_column("told apart (floor)", justify="right")
    for style, judgement in judged.items():
        told = judgement.told
        area = f"{told.overall:.2f} ({told.floor:.2f})" if told else ""
        table.add_row(cell(style), *(_short(judgement.measures[name]) for name in SHOWN), area)
    return table


def _short(one: Verdict) -> str:
    mark = "" if one.inside else " !"
    return f"{one.played:.2f}{mark} ({one.low:.2f}-{one.high:.2f})"


def markdown(judgement: Judgement) -> str:
    """All measures as lines of a Markdown table, with what is outside the human range."""
    rows = [
        f"| {MEASURES[name]} | {one.played:.2f} | {one.human:.2f} | {one.low:.2f} to {one.high:.2f} | "
        f"{'' if one.inside else one.verdict} |"
        for name, one in judgement.measures.items()
    ]
    return "\n".join(["| measure | played | human mean | human range | |", "|---|---|---|---|---|", *rows])
