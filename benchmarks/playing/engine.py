"""Time per note: our engine against the article's way, in one run on one machine.

The article calls Keras' `model.predict` for each note on a window of 100: LSTM 512, LSTM 256, Dense 128, softmax. Its
weights do not matter for the time, so they are random; the vocabulary has 300 names.

Run: python benchmarks/playing/engine.py [BUNDLE.onnx ...]

Several bundles are measured by turns, ROUNDS times a part of the notes, so that what else the machine does meets them
alike; without any it is the one that has the style `bach` by itself.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.common.tables import machine, percentile, print_table
from lstm_composer.runtime.bundle.files import load_bundle
from lstm_composer.runtime.bundle.library import find_style
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.gumbel_noise import gumbel_noise
from lstm_composer.runtime.graph.inputs import GraphInputs, stack_voices
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.system.process_exit import in_words

NOTES = 3000
ROUNDS = 10
ARTICLE_NOTES = 30
WINDOW, VOCABULARY = 100, 300
METER = Meter(4, 4)
MICRO = 1e6


def timed(steps: Sequence[Callable[[int], None]], count: int) -> list[list[float]]:
    """Microseconds of `count` calls of each of some steps, by turns; before each turn a tenth more calls are made."""
    found: list[list[float]] = [[] for _ in steps]
    for _ in range(ROUNDS):
        for step, taken in zip(steps, found, strict=True):
            for number in range(count // (10 * ROUNDS) + 1):
                step(number)
            for number in range(count // ROUNDS):
                began = time.perf_counter()
                step(number)
                taken.append((time.perf_counter() - began) * MICRO)
    return found


def engine_step(path: Path, voices: int) -> Callable[[int], None]:
    """One note for each of `voices`, the noise included."""
    engine = Engine(load_bundle(path.with_suffix(".onnx.json")), "cpu")
    has_memory = engine.card.network.memory > 0
    style = tuple(float(number == 0) for number in range(len(engine.card.styles)))
    one = GraphInputs(style=style, meter=METER, min_p=0.03, has_memory=has_memory).tensors(may_end=False)
    controls = stack_voices([one] * voices)
    state = engine.start(voices)

    def step(number: int) -> None:
        nonlocal state
        noises = [gumbel_noise(voice, number) for voice in range(voices)]
        noise = stack_voices(noises) if voices > 1 else noises[0]
        state = engine.step(state, controls, noise).state

    return step


def article_step() -> Callable[[int], None]:
    """One note the article's way."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras  # noqa: PLC0415 - after our own engine has been measured without it

    layers = keras.layers
    model = keras.Sequential([
        layers.Input((WINDOW, 1)),
        layers.LSTM(512, return_sequences=True),
        layers.Dropout(0.2), layers.BatchNormalization(),
        layers.LSTM(256),
        layers.Dropout(0.2), layers.BatchNormalization(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.2), layers.BatchNormalization(),
        layers.Dense(VOCABULARY, activation="softmax"),
    ])  # fmt: skip
    window = np.random.default_rng(0).random((1, WINDOW, 1)).astype(np.float32)

    def step(_number: int) -> None:
        chosen = int(np.argmax(model.predict(window, verbose=0)))
        window[0, :, 0] = np.append(window[0, 1:, 0], chosen / VOCABULARY)

    return step


def main() -> int:
    """Measure one voice, sixteen voices and the article's way."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundles", nargs="*", metavar="BUNDLE.onnx", type=Path)
    bundles = parser.parse_args().bundles or [find_style("bach").path.with_suffix("")]
    measured = []
    for name, voices, count in (("1 voice", 1, NOTES), ("16 voices in one batch", 16, NOTES // 4)):
        taken = timed([engine_step(path, voices) for path in bundles], count)
        first = percentile(taken[0], 0.5)
        measured += [(f"{path}, {name}", one, voices, first) for path, one in zip(bundles, taken, strict=True)]
    (article,) = timed([article_step()], ARTICLE_NOTES)
    baseline = percentile(article, 0.5)
    rows = []
    for name, found, voices, first in [*measured, ("the article's way", article, 1, baseline)]:
        p50, p99 = percentile(found, 0.5), percentile(found, 0.99)
        rows.append((name, f"{p50:,.0f}", f"{p99:,.0f}", f"{p50 / first:.2f}", f"{baseline * voices / p50:,.0f}"))
    print(f"one thread, {machine()}\n")
    heads = ("microseconds a run", "p50", "p99", "p50 of the first bundle's", "notes for one of the article's")
    print_table(heads, rows)
    return 0


if __name__ == "__main__":
    sys.exit(in_words(main))
