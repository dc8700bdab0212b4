"""A card of the preset `article`, and a network in its place, for tests that train none."""

from typing import Any, Final

import msgspec
import numpy as np

from lstm_composer.runtime.bundle.encodings import ArticleEncoding
from lstm_composer.runtime.bundle.schema import BundleCard
from lstm_composer.runtime.music.token_encoding import Arrays

VOCABULARY: Final = ["0.4.7", "C4", "E4", "G4"]
"""A chord and its notes."""
ENCODING: Final = ArticleEncoding(vocabulary=VOCABULARY, prompts=[[1, 2, 3]], window=3)


def token_card(card: BundleCard, encoding: ArticleEncoding = ENCODING) -> BundleCard:
    """Return the card of another bundle as if its network were the article's."""
    changed = msgspec.structs.replace(card, encoding=encoding)
    inputs, outputs = encoding.tensors(changed)
    return msgspec.structs.replace(changed, inputs=inputs, outputs=outputs)


class NextToken:
    """What runs a network that plays the token after the last of its window, and after the last one the first."""

    device = "cpu"

    def run(self, inputs: Arrays) -> dict[str, Any]:
        """Run one step."""
        token = (inputs["window"][:, -1] + 1) % len(VOCABULARY)
        return {"next_token": token.astype(np.int32), "log_probability": np.zeros((1, 1), np.float32)}
