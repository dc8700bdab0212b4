"""Training by the clock: a network learns for so long, and the best of its epochs so far is measured at each mark."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Figures = dict[str, Any]
Batches = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Learner:
    """A network, and how it is trained and measured.

    Attributes:
        network: Compiled.
        epoch: Batches of an epoch, in any form that `serve` takes; by its number from 1.
        serve: Makes a `tf.data.Dataset` of some of them.
        targets: How much is learned from some of them: notes, or tokens.
        rate: Learning rate by the share of the whole time that has passed, None for a constant one.
        validate: Its loss on the validation part now, 0 where there is none: then the latest is the best.
        measure: What is known of it now.

    """

    network: Any
    epoch: Callable[[int], Batches]
    serve: Callable[[Batches], Any]
    targets: Callable[[Batches], int]
    rate: Callable[[float], float] | None
    validate: Callable[[], float]
    measure: Callable[[], Figures]


class Best:
    """The best network so far: its validation loss, its epoch and its weights."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._loss, self._epoch, self._weights = math.inf, 0, list[Any]()

    def see(self, epoch: int) -> None:
        """Keep the network as it is now if it is the best so far."""
        loss = self._learner.validate()
        if loss <= self._loss:
            self._loss, self._epoch, self._weights = loss, epoch, self._learner.network.get_weights()

    def measure(self) -> Figures:
        """Measure the best, and put the network back to where it was."""
        network, now = self._learner.network, self._learner.network.get_weights()
        if self._weights:
            network.set_weights(self._weights)
        found = {"best_epoch": self._epoch, "validation_loss": round(self._loss, 4), **self._learner.measure()}
        network.set_weights(now)
        return found


def learn(learner: Learner, marks: Sequence[float], clock: Callable[[], float]) -> Iterator[Figures]:
    """Train, and measure after so many seconds of training each by a clock; compiling counts as training."""
    passed, epoch, targets, waiting = 0.0, 1, 0, learner.epoch(1)
    best = Best(learner)
    for mark in marks:
        while passed < mark:
            if not len(waiting):
                best.see(epoch)
                epoch += 1
                waiting = learner.epoch(epoch)
            began = clock()
            done = _fit(learner, waiting, clock, until=began + mark - passed, whole=(began - passed, marks[-1]))
            passed += clock() - began
            targets += learner.targets(waiting[:done])
            waiting = waiting[done:]
        best.see(epoch)
        yield {"minutes": round(passed / 60, 2), "epochs": epoch, "targets": targets, **best.measure()}


def _fit(
    learner: Learner, batches: Batches, clock: Callable[[], float], *, until: float, whole: tuple[float, float]
) -> int:
    """Train on batches until the clock says `until`; returns how many. `whole`: when it all began, and its seconds."""
    import keras  # noqa: PLC0415

    network, done = learner.network, 0

    def settle(*_: object, **__: object) -> None:
        if learner.rate:
            network.optimizer.learning_rate = learner.rate((clock() - whole[0]) / whole[1])

    def tell(batch: int, **_: object) -> None:
        nonlocal done
        done = batch + 1
        network.stop_training = clock() >= until

    callback = keras.callbacks.LambdaCallback(on_train_batch_begin=settle, on_train_batch_end=tell)
    network.fit(learner.serve(batches), shuffle=False, verbose=0, callbacks=[callback])
    return done
