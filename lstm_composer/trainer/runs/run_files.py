"""What the JSON files of a run hold, as far as other commands read it again."""

from typing import Annotated, Any, Final

import msgspec

from lstm_composer.runtime.bundle.schema import PartCard, StyleCard
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.event_encoding import HEADS
from lstm_composer.runtime.system.foreign_files import MEBIBYTE
from lstm_composer.trainer.runs.settings import check_cards

MOST_RUN_FILE_BYTES: Final = 16 * MEBIBYTE
"""corpus.json names every file of the corpus."""
CORPUS: Final = "corpus.json"
ADVICE: Final = "advice.json"
METRICS: Final = "metrics.json"
PARTS: Final = frozenset({"train", "validation", "test"})

Epoch = Annotated[int, msgspec.Meta(ge=1)]


class CorpusSummary(msgspec.Struct, frozen=True, kw_only=True):
    """corpus.json.

    Attributes:
        parts: Sizes of the parts of the split.
        tempo_bpm: The pieces' usual tempo, in quarter notes a minute.
        meter: Their usual meter.
        styles: All styles of the network; none in a run that is older than styles are.
        names: Names of the pieces by part, None in a run that is older than they are.

    """

    parts: dict[str, PartCard]
    tempo_bpm: Annotated[float, msgspec.Meta(ge=4, le=1000)]
    meter: str
    styles: tuple[StyleCard, ...] = ()
    names: dict[str, list[str]] | None = None

    def cards(self, name: str) -> list[StyleCard]:
        """The styles; of a run that is older than they are, the one that it was called by."""
        if self.styles:
            return list(self.styles)
        pieces, notes = self.size
        tempo = round(self.tempo_bpm, 1)
        return [StyleCard(name=name, tempo_bpm=tempo, meter=self.meter, pieces=pieces, notes=notes)]

    @property
    def size(self) -> tuple[int, int]:
        """Pieces and notes in all parts."""
        return sum(part.pieces for part in self.parts.values()), sum(part.notes for part in self.parts.values())


def check_summary(summary: CorpusSummary, name: str, styles: int) -> None:
    """Check that a summary fits a run of this name and so many styles.

    Raises:
        InputError: If it does not; the message is a reason that follows the file's name.

    """
    if not summary.parts.keys() <= PARTS:
        raise InputError(f"has other parts of the split than {', '.join(sorted(PARTS))}")
    if any(count < 0 for part in summary.parts.values() for count in (part.pieces, part.notes)):
        raise InputError("has a part of the split with less than nothing in it")
    cards = summary.cards(name)
    check_cards(cards)
    if len(cards) != styles:
        raise InputError(f"holds {len(cards)} styles, and the run's network {styles}")


class JudgedGate(msgspec.Struct, frozen=True):
    """Whether a checkpoint passes a gate."""

    passed: bool


class JudgedCheckpoint(msgspec.Struct, frozen=True):
    """What the gates said of a checkpoint."""

    loop: JudgedGate
    copy: JudgedGate


class ChosenEpoch(msgspec.Struct, frozen=True):
    """advice.json, as far as other commands need it: the epoch to take, if any, and what was judged."""

    epoch: Epoch | None = None
    checkpoints: tuple[JudgedCheckpoint, ...] = ()


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """metrics.json of preset `stream`; one of the article's presets holds other figures and leaves these empty.

    Attributes:
        best_epoch: The epoch that was measured.
        measured_on: The part of the split that it was measured on.
        test: Its figures.
        markov_order_3: Those of the Markov model.
        below_markov: By what share the network is below it.
        training_seconds: How long the training took.

    """

    best_epoch: Epoch | None = None
    measured_on: str = ""
    test: dict[str, float] = {}
    markov_order_3: dict[str, float] = {}
    below_markov: float = 0.0
    training_seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether it has all the figures of a network of preset `stream`."""
        needed = {"loss", *(f"nll_{head}" for head in HEADS)}
        return self.best_epoch is not None and needed <= self.test.keys() and needed <= self.markov_order_3.keys()

    def as_dict(self) -> dict[str, Any]:
        """The figures by name; none where they are not all there."""
        return msgspec.to_builtins(self) if self.is_whole else {}
