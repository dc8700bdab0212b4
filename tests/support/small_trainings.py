"""Trainings in a test: alone on one thread, in no time, with nothing of the user's, and leaving nothing in memory."""

import gc
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lstm_composer.runtime.system.process_exit import ending_signals

JUDGED_BARS = 8
"""Networks that know nothing play so many bars to be judged, not 64."""
SAMPLE_NOTES = 40
"""Notes that a checkpoint leaves in samples/, not 200."""


@contextmanager
def alone(cache: Path) -> Iterator[None]:
    """Give TensorFlow one thread, so that sums come out the same twice, no GPU, and a cache that is not the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_NUM_INTRAOP_THREADS", "1")
        patch.setenv("TF_NUM_INTEROP_THREADS", "1")
        patch.setenv("CUDA_VISIBLE_DEVICES", "-1")
        patch.setenv("XDG_CACHE_HOME", str(cache))
        # pytest-timeout's alarm is one of the signals by which a training is asked to end, and would be taken for that:
        # the test would go on, and on.
        patch.setattr(
            "lstm_composer.trainer.training.interruption.ending_signals",
            lambda: [number for number in ending_signals() if number != getattr(signal, "SIGALRM", None)],
        )
        yield


@contextmanager
def short_pieces() -> Iterator[None]:
    """Have networks play little to be judged and to be heard."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lstm_composer.trainer.judging.style.BARS", JUDGED_BARS)
        patch.setattr("lstm_composer.trainer.reports.artifacts.SAMPLE_NOTES", SAMPLE_NOTES)
        yield


@contextmanager
def step_by_step() -> Iterator[None]:
    """Have networks trained within the block without a graph: to make one takes longer than a few small batches.

    For runs that tests look at afterwards. What a training computes is the business of others.
    """
    from lstm_composer.trainer.network import trained_network  # noqa: PLC0415 - it loads TensorFlow

    compiled = trained_network.compiled

    def eager(*arguments: Any) -> Any:
        network = compiled(*arguments)
        network.run_eagerly = True
        return network

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # Keras 3.15 copies variables in a way that NumPy 2 warns of.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        patch.setattr("lstm_composer.trainer.network.trained_network.compiled", eager)
        patch.setattr("lstm_composer.trainer.training.stream_learner.compiled", eager)
        yield


def train_step_by_step(*argv: str) -> None:
    """Do `lstm-composer train ARGV` without a graph."""
    from lstm_composer.trainer.cli.train import main  # noqa: PLC0415 - it loads TensorFlow

    with step_by_step():
        assert main(list(argv)) == 0


def let_go_of_graphs() -> None:
    """Give the memory of all graphs back: to be called where no network is used any more.

    TensorFlow 2.21 lets go of the graph of a function, but neither of those within it, of which a training has a
    hundred, nor of those in which Keras finds out shapes: the garbage collector does not see through their cycles.
    """
    if "tensorflow" not in sys.modules:
        return
    import keras  # noqa: PLC0415 - slow
    from tensorflow.python.framework.func_graph import FuncGraph, dismantle_func_graph  # noqa: PLC0415 - slow

    keras.backend.clear_session()
    gc.collect()
    # By its type: what stands for an object that has gone has no class to be asked for.
    for graph in [one for one in gc.get_objects() if issubclass(type(one), FuncGraph)]:
        dismantle_func_graph(graph)
    gc.collect()
