"""What a network plays to be judged: pieces of so many bars, with the seeds 0 and up, as `play` makes them."""

from collections.abc import Sequence

from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.trainer.measures.passage import Passage, lay_out
from lstm_composer.trainer.network.excerpts import SteppedNetwork, make_excerpts

BARS = 64
"""Bars in a piece that is judged."""
_MORE = 3
"""A piece whose notes do not fill the bars is made again with so many times as many, and then judged by what it has."""


def play_bars(player: SteppedNetwork, controls: Sequence[GraphInputs], notes: int, bars: int = BARS) -> list[Passage]:
    """Let a network play pieces of so many bars, all at once, one for each of the controls.

    Args:
        player: The network.
        controls: One for each piece, with its meter; the first has seed 0, the next seed 1, and so on.
        notes: How many notes so many bars have in most pieces.
        bars: Bars in a piece; where it has _MORE times `notes` in fewer, the last of them are empty.

    """
    seeds = range(len(controls))
    made = dict(zip(seeds, make_excerpts(player, seeds, notes, controls), strict=True))
    ends = [bars * voice.meter.ticks_per_bar for voice in controls]
    short = [seed for seed in seeds if not made[seed] or made[seed][-1].onset < ends[seed]]
    if short:
        again = make_excerpts(player, short, _MORE * notes, [controls[seed] for seed in short])
        made |= dict(zip(short, again, strict=True))
    return [lay_out(made[seed], controls[seed].meter.ticks_per_bar, bars) for seed in seeds if made[seed]]
