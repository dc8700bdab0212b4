"""Two bundles of one name, the one of which takes the other's place."""

import hashlib

import msgspec

from lstm_composer.runtime.bundle.files import Bundle
from lstm_composer.runtime.bundle.schema import BundleCard


def two_bundles(bundle: Bundle) -> list[tuple[BundleCard, bytes]]:
    """Return a bundle's card and graph, and another pair: the graph is by a field longer that says nothing."""
    longer = bundle.onnx + b"\x72\x00"  # an empty remark
    card = msgspec.structs.replace(
        bundle.card, onnx_bytes=len(longer), onnx_sha256=hashlib.sha256(longer).hexdigest(), licence="another"
    )
    return [(bundle.card, bundle.onnx), (card, longer)]
