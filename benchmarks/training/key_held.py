"""Is a key that the player sets held? Windows of four bars that are in it, beside those of human pieces in their own.

    python benchmarks/training/key_held.py RUN_OR_BUNDLE [FOLDER] [--epoch N] [--key "C minor"] [--styles A,B] [--pieces
        8]

Every style plays pieces of 64 bars with its own defaults, the seeds 0 and up, and the key set as `play --set "key C
minor"` sets it: the network is told, and all other notes are forbidden. In the second column the network is told alone.
A bundle needs the FOLDER of styles that its music is in.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from benchmarks.common.tables import print_table
from lstm_composer.runtime.graph.inputs import GraphInputs, graph_inputs
from lstm_composer.runtime.music.piece_keys import key_number
from lstm_composer.runtime.parameters.parameters import WHOLE, Parameters, Register
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.network.quiet_tensorflow import quiet_tensorflow

with quiet_tensorflow():
    from lstm_composer.trainer.commands.candidates import candidate_of, material_by_style
    from lstm_composer.trainer.evaluation.per_style import as_played, by_style, only
    from lstm_composer.trainer.judging.style import Yardstick
    from lstm_composer.trainer.measures.passage import Passage
    from lstm_composer.trainer.measures.tonality import tonality_of, window_keys
    from lstm_composer.trainer.network.excerpts import controls_of
    from lstm_composer.trainer.text.console import PlainConsole

PIECES = 8


def share_in(passages: Sequence[Passage], key: int) -> float:
    """Mean share 0..1 of the windows of four bars that are in a key; pieces without a sound are left out."""
    found = [window_keys(passage) for passage in passages]
    return fmean(float((keys == key).mean()) for keys in found if len(keys))


def locked(controls: GraphInputs, key: str, register: Register) -> GraphInputs:
    """The same controls with the key set as `play` sets it: the network is told, and no other note is allowed."""
    knobs = Parameters(
        style=controls.style,
        style_strength=controls.style_strength,
        temperature=controls.temperature,
        min_p=controls.min_p,
        register=register,
        key=key,
    )
    return graph_inputs(knobs, controls)


def main() -> int:
    """Hear every style in the key, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", metavar="RUN_OR_BUNDLE")
    parser.add_argument("folder", nargs="?", metavar="FOLDER")
    parser.add_argument("--epoch", type=int, metavar="N")
    parser.add_argument("--key", default="C minor")
    parser.add_argument("--styles", default="", metavar="A,B", help="only these")
    parser.add_argument("--pieces", type=int, default=PIECES, metavar="N")
    asked = parser.parse_args()
    key = key_number(asked.key)
    candidate = candidate_of(asked.what, asked.epoch, PlainConsole(stderr=True))
    apart = by_style(material_by_style(candidate, asked.folder))
    rows = []
    for name, own in only(apart, asked.styles, "--styles").items():
        card = candidate.cards[own.train[0].style]
        yardstick = Yardstick(own.split.train, (*own.split.validation, *own.split.test))
        controls = replace(
            as_played(controls_of(candidate.styles, own.train[0].style), card),
            has_memory=candidate.player.has_memory,
        )
        human = fmean(tonality_of(passage).main_key for passage in yardstick.pieces.excerpts)
        told, held = (
            share_in(
                yardstick.play(candidate.player, [replace(one, meter=m) for m in yardstick.meters(asked.pieces)]), key
            )
            for one in (replace(controls, key=key), locked(controls, asked.key, card.register or WHOLE))
        )
        rows.append((name, held, told, human))
        print(f"{name}: {held:.2f}, {human:.2f}", file=sys.stderr, flush=True)
    print(f"{candidate.title}, {asked.pieces} pieces of each style in {asked.key}\n")
    print_table(
        ("style", "in the key", "told alone", "human, in their own", "of human"),
        [
            (name, *(f"{share:.2f}" for share in (held, told, human)), f"{held / human:.2f}")
            for name, held, told, human in rows
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(in_words(main))
