"""Run the network of a bundle by hand, one event at a time, and print how surprised it was by its own choices.

Run: python examples/step_the_graph.py [STYLE OR PATH OF A CARD] [EVENTS] [SEED]

An event is the time since the previous onset, a pitch, a duration and a velocity, each as a class (docs/bundles.md).
All randomness is in the noise that goes in, and all memory is in the state that goes in and comes out: from the same
state and noise comes the same event, so that a state that was kept is a place to go on from.
"""

import sys
from pathlib import Path

from lstm_composer import Engine, GraphInputs, load_bundle
from lstm_composer.runtime.bundle.library import find_style
from lstm_composer.runtime.graph.gumbel_noise import gumbel_noise
from lstm_composer.runtime.music.event_encoding import LADDER


def main(style: str = "bach", events: str = "16", seed: str = "1") -> None:
    """Print events of a style; of a bundle whose card is named, of its first."""
    card, index = Path(style), 0
    if card.suffix != ".json":
        found = find_style(style)
        card, index = found.path, found.index
    bundle = load_bundle(card)
    engine = Engine(bundle, device="cpu")
    styles = bundle.card.styles
    # A piece that may not end has no event that is its end.
    inputs = GraphInputs(
        style=tuple(float(number == index) for number in range(len(styles))),
        has_memory=bundle.card.network.memory > 0,
        min_p=0.01,
    ).tensors(may_end=False)
    state = engine.start()
    print(f"{styles[index].name}, a new piece")
    for number in range(int(events)):
        step = engine.step(state, inputs, gumbel_noise(int(seed), number))
        event, nats = step.event(), -step.log_probability[0]
        state = step.state
        print(
            f"{LADDER[event.delta]:4} ticks later: pitch {event.pitch:3} for {LADDER[event.duration]:3} ticks", end=""
        )
        print(f", {nats.sum():5.2f} nats ({', '.join(f'{one:.2f}' for one in nats)})")


if __name__ == "__main__":
    main(*sys.argv[1:])
