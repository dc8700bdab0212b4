"""How a style is trained: what the command line asks for and config.json keeps."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from runtime.bundle import DataSource, StyleCard
from runtime.errors import CorpusError, InputError
from trainer.network_config import NetworkConfig


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What depends on whether a training starts from nothing or from a base; see `TrainingSettings`."""

    epochs: int
    save_every: int
    learning_rate: float
    batch_steps: int
    patience: int | None


FROM_NOTHING = Recipe(epochs=100, save_every=25, learning_rate=3e-3, batch_steps=4096, patience=None)
FINE_TUNING = Recipe(epochs=24, save_every=2, learning_rate=3e-4, batch_steps=1024, patience=6)
"""Ten pieces are few notes: small batches, so that an epoch is more than a handful of steps."""
ARTICLE = Recipe(epochs=500, save_every=25, learning_rate=1e-3, batch_steps=50, patience=None)
"""The article's: 500 epochs, batches of 50 windows, and the learning rate that its optimizers have of themselves."""


class BaseCard(msgspec.Struct, frozen=True):
    """What a fine-tuned run takes over from its base besides the weights.

    Attributes:
        source: The run directory or bundle.
        epoch: The checkpoint of the run, or the epoch that the bundle was made of.
        styles: Those of the base; their vectors come before those of the new ones.
        data: What the base was trained on: its licences hold for what is made of it.

    """

    source: str
    epoch: int
    styles: tuple[StyleCard, ...]
    data: tuple[DataSource, ...]


class TrainingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one run; the defaults are the recipe of docs/training.md.

    Attributes:
        name: The style.
        source: Folder, file or corpus the pieces come from.
        preset: Kind of network and encoding.
        epochs: Times that every training piece is heard.
        save_every: Epochs between checkpoints.
        seed: Of the split, the order, the keys, the weights and the dropout.
        batch_steps: Steps (notes and padding) in a batch.
        window: Longest part of a piece trained at once, in notes.
        learning_rate: The highest; it rises over the first epoch and falls along a cosine.
        weight_decay: Of AdamW, per step and learning rate.
        network: Size and dropout.
        styles: Names of the styles learned, in the order of their vectors; none until the music has been looked at.
        base: What a fine-tuning starts from.
        leave_out_untidy: Whether pieces are left out that do not keep the time that they write down.
        patience: Epochs without a new lowest held-out NLL after which the training ends early; None: it does not.
        transpose: Whether pieces are heard in another key each time, or always in their own.
        own_keys_last: Epochs at the end in which every piece is heard in its own key, after those in all keys.
        tensorboard: Whether the history is written for TensorBoard as well.

    """

    name: str
    source: str
    preset: str = "stream"
    epochs: int = FROM_NOTHING.epochs
    save_every: int = FROM_NOTHING.save_every
    seed: int = 0
    batch_steps: int = FROM_NOTHING.batch_steps
    window: int = 512
    learning_rate: float = FROM_NOTHING.learning_rate
    weight_decay: float = 1e-2
    network: NetworkConfig = NetworkConfig()
    styles: tuple[str, ...] = ()
    base: BaseCard | None = None
    patience: int | None = None
    leave_out_untidy: bool = False
    transpose: bool = True
    own_keys_last: int = 0
    tensorboard: bool = False

    @property
    def base_styles(self) -> tuple[StyleCard, ...]:
        """The styles that the network held before."""
        return self.base.styles if self.base else ()

    @property
    def style_names(self) -> tuple[str, ...]:
        """Names of the styles learned: those of the sub-folders, or one, that of the run."""
        return self.styles or (self.name,)


def with_styles(settings: TrainingSettings, folders: Sequence[str]) -> TrainingSettings:
    """Settle the styles of a new run, and the size of its network by them.

    Args:
        settings: Those whose styles are settled already (one, by `--one-style`) keep them.
        folders: Sub-folders of a folder of styles, none of anything else: then the run has one style, its own name's.

    Raises:
        CorpusError: If a folder's name cannot be a style's.
        InputError: If the base holds a style of that name.

    """
    names = settings.styles or tuple(folders) or (settings.name,)
    for name in folders if names == tuple(folders) else ():
        if not _can_be_a_name(name):
            raise CorpusError(f"folder {name!r} of {settings.source} cannot name a style: {_GOOD_NAME}; or --one-style")
    known = [style.name for style in settings.base_styles if style.name in names]
    if settings.base and known:
        raise InputError(f"{settings.base.source} holds the style {known[0]} already: give the new one another name")
    # A base keeps what it has; a network of one style has nothing to tell its heads.
    in_heads = settings.network.style_in_heads if settings.base else len(names) > 1
    styles = len(settings.base_styles) + len(names)
    network = replace(settings.network, styles=styles, style_in_heads=in_heads)
    return msgspec.structs.replace(settings, styles=names, network=network)


def check_style_name(name: str) -> None:
    """Check that a style's name can be a file's name on every system, and be told from others in a list of styles.

    Raises:
        InputError: If it cannot.

    """
    if not _can_be_a_name(name):
        raise InputError(f"--name {name!r} is not allowed: {_GOOD_NAME}")


_GOOD_NAME = "letters, digits, - and _ make a good name"


def _can_be_a_name(name: str) -> bool:
    return bool(name) and not name.startswith((".", "-")) and name.isprintable() and not set(name) & set('/\\:,*?"<>|')
