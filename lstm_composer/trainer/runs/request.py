"""What is asked of a training: on the command line, in a sweep, and by a sweep of the processes that it starts."""

from typing import Annotated, Any, Final

import msgspec

from lstm_composer.trainer.runs.network_config import Share
from lstm_composer.trainer.runs.settings import Count, Minutes, PresetName, Rate, Seed

Text = Annotated[str, msgspec.Meta(min_length=1)]


class TrainingRequest(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """What is asked of a training, by the flags of `lstm-composer train`, whose names the fields have when encoded.

    These are no `TrainingSettings` yet: what is not asked for, the preset's recipe or the base decides, and a base is
    looked for where the training runs; a run that is resumed keeps what it began with.

    Attributes:
        folder: Where the music comes from.
        name: Of the style.
        preset: Its name.
        base: What a fine-tuning starts from: a run directory, a bundle, or the name of one.
        one_style: Whether sub-folders are not taken for styles.
        leave_out_untidy: See `TrainingSettings`, as for all below that have a name there.
        no_transposition: Whether every piece is trained on in its own key only.
        threads: Processor cores to use, None for all.

    """

    folder: Text
    name: str
    preset: PresetName = "stream"
    base: Text | None = msgspec.field(default=None, name="from")
    one_style: bool = False
    leave_out_untidy: bool = False
    no_transposition: bool = False
    tensorboard: bool = False
    epochs: Count | None = None
    save_every: Count | None = None
    patience: Count | None = None
    minutes: Minutes | None = None
    own_keys_last: Count | None = None
    seed: Seed | None = None
    threads: Count | None = None
    units: Count | None = None
    layers: Count | None = None
    head_units: Count | None = None
    style_units: Count | None = None
    input_dropout: Share | None = None
    dropout: Share | None = None
    head_dropout: Share | None = None
    learning_rate: Rate | None = None
    weight_decay: Share | None = None
    batch_steps: Count | None = None
    window: Count | None = None

    def given(self, *fields: str) -> dict[str, Any]:
        """Return those of some fields that are asked for, by name."""
        return {field: value for field in fields if (value := getattr(self, field)) is not None}


KINDS: Final[dict[str, Any]] = {field.encode_name: field.type for field in msgspec.structs.fields(TrainingRequest)}
"""The type of each value, with its range, by flag without its dashes, and of `folder`."""
