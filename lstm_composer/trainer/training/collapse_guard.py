"""The guard against collapse: it sees a training that has come apart, and says how to go on.

A recurrent network can lose within a few batches what it has learned in hours. The guard is told the training loss of
every epoch. It calls a collapse when

- the loss is no number any more, or
- the loss is well above that of guessing blind (a far too high learning rate, from the first epoch on), or
- the smoothed loss has jumped: above its lowest of the last RECENT epochs by more than a quarter of that, and by more
  than a tenth of all that the training has gained.

Smoothed means that an epoch counts half and all before it the other half, so that one odd epoch passes. Epochs of
healthy trainings here rise by less than 1 % over the one before them. A held-out loss that climbs slowly, as in every
over-trained network, is no jump: what is compared is recent.

The answer is to go back to the last good checkpoint with half the learning rate; after MAX_ROLLBACKS of them the guard
gives up.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

MAX_ROLLBACKS = 3
RATE_FACTOR = 0.5
"""By how much every rollback scales the learning rate."""
RECENT = 5
"""Epochs that a jump is measured against."""
JUMP = 0.25
"""A jump is higher than this share of the recent loss ..."""
LOST = 0.1
"""... and loses this share of what had been gained since the first epoch."""
GUESSING = 1.1
"""An untrained network guesses blind, give or take a tenth."""


@dataclass(frozen=True, slots=True)
class Collapse:
    """What the guard saw.

    Attributes:
        epoch: The epoch that collapsed, from 1.
        loss: Its training loss, in nats a note; may be no finite number.
        before: The loss of the last good epoch, None if there was none.
        last_good: The last epoch whose loss was half way or less to a jump; 0 if there was none.

    """

    epoch: int
    loss: float
    before: float | None
    last_good: int

    def __str__(self) -> str:
        if not math.isfinite(self.loss):
            return f"epoch {self.epoch}: the loss is no longer a number"
        if self.before is None:
            return f"epoch {self.epoch}: the loss is {self.loss:.3g}, worse than guessing"
        return f"epoch {self.epoch}: the loss jumped from {self.before:.3g} to {self.loss:.3g}"


class Rollback(msgspec.Struct, frozen=True):
    """One return to an earlier checkpoint.

    Attributes:
        epoch: The epoch that collapsed.
        back_to: The epoch that the training went back to, 0 for the start.
        scale: What the planned learning rate is multiplied by from there on.
        sentence: What happened, for log and report.

    """

    epoch: Annotated[int, msgspec.Meta(ge=1)]
    back_to: Annotated[int, msgspec.Meta(ge=0)]
    scale: Annotated[float, msgspec.Meta(gt=0, le=1)]
    sentence: str


class Rollbacks(msgspec.Struct, frozen=True):
    """rollbacks.json: what `CollapseGuard.to_dict` gives."""

    rollbacks: tuple[Rollback, ...] = ()


class CollapseGuard(msgspec.Struct):
    """Watches the training loss of one run for a collapse.

    Attributes:
        learning_rate: The highest that was planned.
        guessing: Loss of guessing blind (the sum of the logarithms of the heads' classes), None if not known.
        losses: Training loss of every epoch so far, those undone by a rollback left out.
        rollbacks: Every return to an earlier checkpoint.

    """

    learning_rate: float
    guessing: float | None = None
    losses: list[float] = []
    rollbacks: list[Rollback] = []

    @property
    def scale(self) -> float:
        """What the planned learning rate is multiplied by."""
        return RATE_FACTOR ** len(self.rollbacks)

    @property
    def exhausted(self) -> bool:
        """Whether the next collapse ends the training."""
        return len(self.rollbacks) >= MAX_ROLLBACKS

    def observe(self, loss: float) -> Collapse | None:
        """Add the training loss of the next epoch; return the collapse if it is one.

        A collapsed epoch is not kept: `roll_back` comes next, or the end.
        """
        losses = [*self.losses, loss]
        if math.isfinite(loss) and not self._worse_than_guessing(loss) and not _jumped(losses, share=1.0):
            self.losses = losses
            return None
        good = _last_good(self.losses)
        return Collapse(len(losses), loss, self.losses[good - 1] if good else None, good)

    def _worse_than_guessing(self, loss: float) -> bool:
        return self.guessing is not None and loss > GUESSING * self.guessing

    def roll_back(self, collapse: Collapse, saved_epochs: Iterable[int]) -> Rollback:
        """Go back to the last of the saved epochs that was good, or to the start, and halve the learning rate.

        Raises:
            ValueError: If the rollbacks are spent.

        """
        if self.exhausted:
            raise ValueError(f"all {MAX_ROLLBACKS} rollbacks are spent")
        back_to = max((epoch for epoch in saved_epochs if epoch <= collapse.last_good), default=0)
        scale = self.scale * RATE_FACTOR
        rate = f"half the learning rate ({scale * self.learning_rate:.2g})"
        sentence = f"{collapse}; going back to {_place(back_to)} with {rate}"
        rollback = Rollback(collapse.epoch, back_to, scale, sentence)
        self.rollbacks = [*self.rollbacks, rollback]
        self.losses = self.losses[:back_to]
        return rollback

    def final_message(self, collapse: Collapse, saved_epochs: Iterable[int]) -> str:
        """Say why the training ends here, and what is left of it."""
        kept = max((epoch for epoch in saved_epochs if epoch <= collapse.last_good), default=0)
        left = f"the checkpoint of epoch {kept} is kept" if kept else "no checkpoint had been saved"
        return (
            f"{collapse}, after {len(self.rollbacks)} rollbacks and with the learning rate down to "
            f"{self.scale * self.learning_rate:.2g}; giving up: {left}; train again with a smaller --learning-rate"
        )

    def to_dict(self) -> dict[str, Any]:
        """What a resumed run must know and its history does not say: the rollbacks."""
        return {"rollbacks": msgspec.to_builtins(self.rollbacks)}


def _place(epoch: int) -> str:
    return f"epoch {epoch}" if epoch else "the start"


def _smoothed(losses: Sequence[float]) -> list[float]:
    """Each loss and the smoothed one before it, half and half."""
    values: list[float] = []
    for loss in losses:
        values.append((values[-1] + loss) / 2 if values else loss)
    return values


def _jumped(losses: Sequence[float], share: float) -> bool:
    """Whether the smoothed loss rises at the last epoch by more than `share` of a jump."""
    values = _smoothed(losses)
    lowest = min(values[-1 - RECENT : -1], default=values[-1])
    height = max(JUMP * lowest, LOST * (values[0] - min(values)))
    return values[-1] - lowest > share * height


def _last_good(losses: Sequence[float]) -> int:
    """The last epoch that was no more than half way to a jump, 0 if there is none."""
    epochs = range(len(losses), 0, -1)
    return next((epoch for epoch in epochs if not _jumped(losses[:epoch], share=0.5)), 0)
