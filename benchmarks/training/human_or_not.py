"""Does what a network plays pass for human? A classifier tells the two apart, and each measure stands beside its range.

    python benchmarks/training/human_or_not.py RUN_OR_BUNDLE [FOLDER] [--epoch N] [--styles A,B] [--pieces 16] [--json
        FILE]

The network plays pieces of 64 bars in every style, with the style's own defaults and the seeds 0 and up, in the meters
that the style's pieces have. A bundle needs the FOLDER of styles that its music is in; it is split as it was for the
training, so that the human pieces that the classifier is shown are those that were held out, as far as they go.

The first table has the area under the curve of the classifier, over all features and over each group of them, and the
floor: one half of human pieces against the other. The second has all measures: played, human mean, human range (p5 to
p95), and which are outside. Two bundles are compared by the same command for each. See lstm_composer/trainer/judging.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

import msgspec

from benchmarks.common.tables import print_table
from lstm_composer.runtime.cli.options import whole
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.network.quiet_tensorflow import quiet_tensorflow

with quiet_tensorflow():
    from lstm_composer.trainer.commands.candidates import Candidate, candidate_of, material_by_style
    from lstm_composer.trainer.dataset.dataset import Dataset
    from lstm_composer.trainer.evaluation.per_style import as_played, by_style, only
    from lstm_composer.trainer.judging.features import GROUPS
    from lstm_composer.trainer.judging.style import PLAYED, Judgement, judge_style
    from lstm_composer.trainer.measures.measures import MEASURES
    from lstm_composer.trainer.network.excerpts import controls_of
    from lstm_composer.trainer.text.console import PlainConsole


_COUNT = whole(1, 1_000_000)


def judged(
    candidate: Candidate, material: Dataset, styles: Sequence[str], pieces: int, jobs: int
) -> dict[str, Judgement]:
    """Judge each style that has enough music, or only some.

    Raises:
        InputError: If there is no such style.

    """
    apart, found = by_style(material), {}
    for name, own in only(apart, styles, "--styles").items():
        number = own.train[0].style
        controls = as_played(controls_of(candidate.styles, number), candidate.cards[number])
        judgement = judge_style(candidate.player, own, controls, pieces=pieces, jobs=jobs)
        if judgement:
            found[name] = judgement
            print(f"{name}: {_areas(judgement)[0]}", file=sys.stderr, flush=True)
    return found


def _areas(judgement: Judgement) -> list[str]:
    """Overall, each group, the floor; nothing where there is too little music."""
    told = judgement.told
    return [f"{area:.3f}" for area in (told.overall, *told.by_group.values(), told.floor)] if told else [""] * 9


def means_of(found: Mapping[str, Judgement]) -> dict[str, float]:
    """Mean areas over the styles that have them."""
    told = [judgement.told for judgement in found.values() if judgement.told]
    if not told:
        return {}
    groups = {name: fmean(one.by_group[name] for one in told) for name in GROUPS}
    means = {"overall": fmean(one.overall for one in told), **groups, "floor": fmean(one.floor for one in told)}
    return {name: round(area, 4) for name, area in means.items()}


def print_all(found: Mapping[str, Judgement]) -> None:
    """Print both tables."""
    means = means_of(found)
    print_table(
        ("style", "all", *GROUPS, "floor"),
        [
            *((name, *_areas(judgement)) for name, judgement in found.items()),
            *([("**mean**", *(f"{area:.3f}" for area in means.values()))] if means else []),
        ],
    )
    print()
    print_table(
        ("style", *MEASURES.values()),
        [(name, *(_cell(judgement, measure) for measure in MEASURES)) for name, judgement in found.items()],
    )
    print()
    lengths = sorted({length for judgement in found.values() for length in judgement.continued_human})
    print_table(
        ("style", *(f"a match of {length} goes on" for length in lengths)),
        [
            (name, *(_pair(one.continued_played.get(length), one.continued_human.get(length)) for length in lengths))
            for name, one in found.items()
        ],
    )


def _cell(judgement: Judgement, measure: str) -> str:
    """Played, human mean and range; an arrow where it is outside."""
    one = judgement.measures[measure]
    mark = {"inside": "", "too low": " ↓", "too high": " ↑"}[one.verdict]
    return f"{one.played:.2f}{mark}; {one.human:.2f} ({one.low:.2f}-{one.high:.2f})"


def _pair(played: float | None, human: float | None) -> str:
    return "; ".join("" if share is None else f"{share:.2f}" for share in (played, human))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def main(argv: Sequence[str] | None = None) -> int:
    """Judge, print the tables, and write JSON if it is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", metavar="RUN_OR_BUNDLE")
    parser.add_argument("folder", nargs="?", metavar="FOLDER")
    parser.add_argument("--epoch", type=_COUNT, metavar="N")
    parser.add_argument("--styles", type=_names, default=[], metavar="A,B", help="only these")
    parser.add_argument("--pieces", type=_COUNT, default=PLAYED, metavar="N", help="pieces of a style (default: 16)")
    parser.add_argument("--jobs", type=_COUNT, default=1, metavar="N", help="processor cores for the classifier")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args(argv)
    candidate = candidate_of(arguments.what, arguments.epoch, PlainConsole(stderr=True))
    material = material_by_style(candidate, arguments.folder)
    found = judged(candidate, material, arguments.styles, arguments.pieces, arguments.jobs)
    if arguments.json:
        whole = {"judged": candidate.title, "means": means_of(found), "styles": msgspec.to_builtins(found)}
        arguments.json.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    print(f"{candidate.title}, {arguments.pieces} pieces of each style\n")
    print_all(found)
    return 0


if __name__ == "__main__":
    sys.exit(in_words(main))
