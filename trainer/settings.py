"""How a style is trained: what the command line asks for and config.json keeps."""

import msgspec

from runtime.errors import InputError
from trainer.network_config import NetworkConfig


class TrainingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one run; the defaults are the recipe of docs/training.md.

    Attributes:
        name: The style.
        source: Folder, file or corpus the pieces come from.
        preset: Kind of network and encoding.
        epochs: Times that every training piece is heard, each time in another key.
        save_every: Epochs between checkpoints.
        seed: Of the split, the order, the keys, the weights and the dropout.
        batch_steps: Steps (notes and padding) in a batch.
        window: Longest part of a piece trained at once, in notes.
        learning_rate: The highest; it rises over the first epoch and falls along a cosine.
        weight_decay: Of AdamW, per step and learning rate.
        network: Size and dropout.

    """

    name: str
    source: str
    preset: str = "stream"
    epochs: int = 100
    save_every: int = 25
    seed: int = 0
    batch_steps: int = 4096
    window: int = 512
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    network: NetworkConfig = NetworkConfig()


def check_style_name(name: str) -> None:
    """Check that a style's name can be a file's name on every system, and be told from others in a list of styles.

    Raises:
        InputError: If it cannot.

    """
    if not name or name.startswith((".", "-")) or not name.isprintable() or set(name) & set('/\\:,*?"<>|'):
        raise InputError(f"--name {name!r} is not allowed: letters, digits, - and _ make a good name")
