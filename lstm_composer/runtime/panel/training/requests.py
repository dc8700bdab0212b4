"""What the page asks for, and what it is told of a training."""

from typing import Annotated, Final, Literal

import msgspec

from lstm_composer.runtime.panel.training.run_files import Epoch, FoundPiece, LeftOut
from lstm_composer.runtime.panel.training.uploads import MusicFile

Gathering = Literal["music", "looking"]
AtWork = Literal["loading", "reading", "training", "judging", "exporting"]
Ended = Literal["done", "stopped", "interrupted", "failed"]
Phase = Gathering | AtWork | Ended
"""What is done: music is gathered or looked through, libraries are loaded, the training reads, learns and listens, or
the bundle is made; or how it ended: at its end, as asked, by something from outside, or by what is wrong."""

MOST_MINUTES: Final = 24 * 60
LONGEST_NAME: Final = 200

Minutes = Annotated[float, msgspec.Meta(ge=1, le=MOST_MINUTES)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
EpochNumber = Annotated[int, msgspec.Meta(ge=1, le=99_999_999)]


class Start(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a style is to be trained.

    Attributes:
        name: What it will be called.
        from_base: Whether it starts from what the shipped styles have in common, or from nothing.
        minutes: After which the training ends.

    """

    name: Name
    from_base: bool = True
    minutes: Minutes = 10.0


class Resume(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a training goes on; `minutes` counts those before as well, None for as many as it had."""

    minutes: Minutes | None = None


class Export(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which epoch is made a bundle; None for the best."""

    epoch: EpochNumber | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a training beside its files.

    Attributes:
        made: When it was begun to gather its music, in seconds since 1970.
        name: Of the style; empty before it is trained.
        from_base: See `Start`.
        minutes: See `Start`.

    """

    made: float
    name: str = ""
    from_base: bool = True
    minutes: float = 10.0


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A training in the list."""

    id: str
    made: float
    name: str
    phase: Phase
    is_at_work: bool


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A saved epoch: whether there is a sample of it, and which gates it passes, None before it was listened to."""

    epoch: int
    is_heard: bool
    loops: bool | None = None
    copies: bool | None = None


class Details(Overview, frozen=True, kw_only=True):
    """A training with all that the page shows of it.

    Attributes:
        from_base: See `Start`.
        minutes: See `Start`.
        line: What is done, or how it ended, in words; empty where there is nothing to say.
        done: How much of it is done: files, epochs, saved epochs listened to.
        total: Of how many; 0 where that is not known.
        seconds: How long it has been at it.
        files: The music that was taken in.
        pieces: What is learned from, None before it was looked at.
        left_out: What is not, and why.
        epochs: The curves.
        saved: Epochs that can be listened to and exported.
        chosen: The epoch to take, None before it is known.
        advice: Why, in a sentence.
        can_resume: Whether it can go on.
        exported: The epoch that was made a bundle, None if none was.
        problems: Files of the run that cannot be read, a line each.

    """

    from_base: bool
    minutes: float
    line: str
    done: float
    total: float
    seconds: float
    files: list[MusicFile]
    pieces: list[FoundPiece] | None
    left_out: list[LeftOut]
    epochs: list[Epoch]
    saved: list[Saved]
    chosen: int | None
    advice: str
    can_resume: bool
    exported: int | None
    problems: list[str]
