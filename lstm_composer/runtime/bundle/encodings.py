"""What the numbers that a network makes mean: the encoding of each preset, as a card holds it.

The encodings are the runtime's table of presets. Whatever differs between them is asked of the encoding.
"""

from functools import cache
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from lstm_composer.runtime.bundle.tensors import Tensors, expected_tensors, expected_token_tensors
from lstm_composer.runtime.errors import BundleError
from lstm_composer.runtime.music.event_encoding import vocabulary
from lstm_composer.runtime.music.token_encoding import TokenEncoding, check_encoding

if TYPE_CHECKING:
    from lstm_composer.runtime.bundle.schema import BundleCard


class EncodingCard(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="name", tag="stream"
):
    """What class numbers mean in preset `stream`; see `runtime.music.event_encoding.vocabulary`."""

    is_in_time: ClassVar[bool] = True
    """Whether its music has a rhythm that can be measured."""

    ticks_per_quarter: int
    ladder: list[int]
    pitches: int
    velocity_bins: int
    meters: list[str]

    def check(self, bundle: str) -> None:
        """Check that it is the one that this program has.

        Raises:
            BundleError: If it is another; `bundle` is the name that the line says.

        """
        if self != _ours():
            raise BundleError(f"bundle {bundle} has another vocabulary than this program: export the model again")

    def tensors(self, card: "BundleCard") -> Tensors:
        """Return the inputs and outputs that the graph of a card has to have."""
        return expected_tensors(card.network.layers, card.network.units, len(card.styles), card.network.memory)


class _Tokens(TokenEncoding, frozen=True):
    """What both presets of the article have in common."""

    is_in_time: ClassVar[bool] = False

    def check(self, bundle: str) -> None:
        """Check that it can be played; see `check_encoding`."""
        check_encoding(self, bundle)

    def tensors(self, _card: "BundleCard") -> Tensors:
        """Return the inputs and outputs that the graph has to have."""
        return expected_token_tensors(self)


class ArticleEncoding(_Tokens, frozen=True, tag_field="name", tag="article"):
    """Encoding of the article's second network."""


class SkuldurEncoding(_Tokens, frozen=True, tag_field="name", tag="skuldur"):
    """Encoding of the article's first network."""


Encoding = EncodingCard | ArticleEncoding | SkuldurEncoding
"""What a card may hold."""
TOKEN_ENCODINGS: Final[dict[str, type[ArticleEncoding] | type[SkuldurEncoding]]] = {
    "article": ArticleEncoding,
    "skuldur": SkuldurEncoding,
}
"""By preset."""


def encoding_card() -> EncodingCard:
    """Return the card of this program's encoding."""
    return msgspec.convert(vocabulary(), EncodingCard)


@cache
def _ours() -> EncodingCard:
    return encoding_card()
