"""How a style is trained: what the command line asks for and config.json keeps."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final, Literal

import msgspec

from lstm_composer.runtime.bundle.schema import DataSource, StyleCard
from lstm_composer.runtime.errors import CorpusError, InputError
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.runs.network_config import PAST, NetworkConfig, Share, check_size

MOST_COUNT: Final = 1_000_000
"""Of epochs, of notes in a batch and the like."""
MOST_SEED: Final = 2**32 - 1
"""Keras takes no larger ones."""
MOST_NAME_BYTES: Final = 200
"""Of a style's name: with the ending of a bundle's file it still fits into every file system."""
Count = Annotated[int, msgspec.Meta(ge=1, le=MOST_COUNT)]
Rate = Annotated[float, msgspec.Meta(gt=0, le=1)]
Minutes = Annotated[float, msgspec.Meta(gt=0, le=MOST_COUNT)]
Seed = Annotated[int, msgspec.Meta(ge=0, le=MOST_SEED)]
PresetName = Literal["stream", "article", "skuldur"]


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What depends on whether a training starts from nothing or from a base; see `TrainingSettings`."""

    epochs: Count
    save_every: Count
    learning_rate: Rate
    batch_steps: Count
    patience: Count | None


FROM_NOTHING = Recipe(epochs=100, save_every=25, learning_rate=3e-3, batch_steps=4096, patience=None)
FINE_TUNING = Recipe(epochs=24, save_every=2, learning_rate=3e-4, batch_steps=1024, patience=6)
"""Ten pieces are few notes: small batches, so that an epoch is more than a handful of steps."""
ARTICLE = Recipe(epochs=500, save_every=25, learning_rate=1e-3, batch_steps=50, patience=None)
"""The article's: 500 epochs, batches of 50 windows, and the learning rate that its optimizers have of themselves."""


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """What sets a preset apart, without loading its network.

    Attributes:
        recipe: How it is trained where nothing else is asked for.
        unit: What its losses are counted by.
        targets: What its speed is counted by.
        is_judged: Whether it plays events in time, which can be judged beside human music, and built upon by `--from`.

    """

    recipe: Recipe
    unit: Literal["note", "token"]
    targets: Literal["notes", "targets"]
    is_judged: bool


PRESETS: Final[dict[str, Preset]] = {
    "stream": Preset(recipe=FROM_NOTHING, unit="note", targets="notes", is_judged=True),
    "article": Preset(recipe=ARTICLE, unit="token", targets="targets", is_judged=False),
    "skuldur": Preset(recipe=ARTICLE, unit="token", targets="targets", is_judged=False),
}


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
        minutes: Of training, after which it ends with the epoch that they end in; None: it does not.
        transpose: Whether pieces are heard in another key each time, or always in their own.
        own_keys_last: Epochs at the end in which every piece is heard in its own key, after those in all keys.
        tensorboard: Whether the history is written for TensorBoard as well.

    """

    name: str
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    preset: PresetName = "stream"
    epochs: Count = FROM_NOTHING.epochs
    save_every: Count = FROM_NOTHING.save_every
    seed: Seed = 0
    batch_steps: Count = FROM_NOTHING.batch_steps
    window: Count = 512
    learning_rate: Rate = FROM_NOTHING.learning_rate
    weight_decay: Share = 1e-2
    network: NetworkConfig = NetworkConfig(memory=PAST)
    styles: tuple[str, ...] = ()
    base: BaseCard | None = None
    patience: Count | None = None
    minutes: Minutes | None = None
    leave_out_untidy: bool = False
    transpose: bool = True
    own_keys_last: Annotated[int, msgspec.Meta(ge=0, le=MOST_COUNT)] = 0
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


def check_read(settings: TrainingSettings) -> None:
    """Check settings that come from a file: names that can be shown and used, numbers that fit each other.

    Raises:
        InputError: If they are not such; the message is a reason that follows the file's name.

    """
    for name in (settings.name, *settings.styles):
        if not _can_be_a_name(name):
            raise InputError(f"names a style {visible(name[:40])!r}, which is not allowed: {_GOOD_NAME}")
    if "\0" in settings.source:
        raise InputError("names a source that no folder can be")
    check_cards(settings.base_styles)
    styles = len(settings.base_styles) + len(settings.style_names)
    if settings.network.styles != styles:
        raise InputError(f"has a network of {settings.network.styles} styles and names {styles}")
    if len(set(settings.style_names)) != len(settings.style_names):
        raise InputError("names a style twice")
    try:
        check_size(settings.network)
    except InputError as error:
        raise InputError(f"asks for too large a network ({error})") from error


def check_cards(styles: Sequence[StyleCard]) -> None:
    """Check names and meters of styles that come from a file.

    Raises:
        InputError: If one cannot be; the message is a reason that follows the file's name.

    """
    for style in styles:
        if not style.name or not style.name.isprintable() or len(style.name.encode()) > MOST_NAME_BYTES:
            raise InputError(f"names a style {visible(style.name[:40])!r}, which is not allowed: {_GOOD_NAME}")
        try:
            Meter.parse(style.meter)
        except (InputError, ValueError) as error:
            raise InputError(f"gives the style {style.name} a meter that is none ({error})") from error


def check_style_name(name: str) -> None:
    """Check that a style's name can be a file's name on every system, and be told from others in a list of styles.

    Raises:
        InputError: If it cannot.

    """
    if not _can_be_a_name(name):
        shown = name if len(name) <= MOST_NAME_BYTES else f"{name[:40]}..."
        raise InputError(f"--name {shown!r} is not allowed: {_GOOD_NAME}")


_GOOD_NAME = f"letters, digits, - and _ make a good name, of {MOST_NAME_BYTES} bytes at the most"


def _can_be_a_name(name: str) -> bool:
    return (
        bool(name)
        and name == name.strip()
        and not name.startswith((".", "-"))
        and name.isprintable()
        and len(name.encode()) <= MOST_NAME_BYTES
        and not set(name) & set('/\\:,*?"<>|')
    )
