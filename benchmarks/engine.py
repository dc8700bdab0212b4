"""Time per note: our engine against the article's way, in one run on one machine.

The article calls Keras' `model.predict` for each note on a window of 100: LSTM 512, LSTM 256, Dense 128, softmax. Its
weights do not matter for the time, so they are random; the vocabulary has 300 names.

Run: python benchmarks/engine.py
"""

import os
import time
from collections.abc import Callable

import numpy as np
from tables import machine, percentile, print_table

from runtime.bundle import load_bundle
from runtime.controls import Controls, stack_voices
from runtime.engine import Engine
from runtime.library import find_style
from runtime.noise import gumbel_noise
from runtime.notes import Meter

NOTES = 3000
ARTICLE_NOTES = 30
WINDOW, VOCABULARY = 100, 300
METER = Meter(4, 4)
MICRO = 1e6


def timed(step: Callable[[int], None], count: int) -> list[float]:
    """Microseconds of each of `count` calls, a tenth more having been made before."""
    for number in range(count // 10 + 1):
        step(number)
    found = []
    for number in range(count):
        began = time.perf_counter()
        step(number)
        found.append((time.perf_counter() - began) * MICRO)
    return found


def engine_step(voices: int) -> Callable[[int], None]:
    """One note for each of `voices`, the noise included."""
    engine = Engine(load_bundle(find_style("bach").path), "cpu")
    has_memory = engine.card.network.memory > 0
    one = Controls(style=(1.0,), meter=METER, min_p=0.03, has_memory=has_memory).tensors(may_end=False)
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


def main() -> None:
    """Measure one voice, sixteen voices and the article's way."""
    one, sixteen = timed(engine_step(1), NOTES), timed(engine_step(16), NOTES // 4)
    article = timed(article_step(), ARTICLE_NOTES)
    baseline = percentile(article, 0.5)
    measured = (("1 voice", one, 1), ("16 voices in one batch", sixteen, 16), ("the article's way", article, 1))
    rows = []
    for name, found, voices in measured:
        p50, p99 = percentile(found, 0.5), percentile(found, 0.99)
        rows.append((name, f"{p50:,.0f}", f"{p99:,.0f}", f"{baseline * voices / p50:,.0f}"))
    print(f"one thread, {machine()}\n")
    print_table(("microseconds a run", "p50", "p99", "notes for one of the article's"), rows)


if __name__ == "__main__":
    main()
