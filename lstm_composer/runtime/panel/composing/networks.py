"""The networks that compose: loaded once, and kept while they are used."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from lstm_composer.runtime.bundle.library import StyleEntry, find_styles
from lstm_composer.runtime.errors import ComposerError
from lstm_composer.runtime.session.loading import LoadedNetwork, load_network

FIRST_STYLE: Final = "chopin"
"""What `make play` plays too; loaded while the page loads."""
_MOST_KEPT: Final = 3

_Version = tuple[Path, int, int]
"""A bundle's card, when it was last written, and how long it is."""


class Networks:
    """Networks by bundle, the last few that were asked for; may be used from several threads."""

    def __init__(self, models_dirs: Sequence[Path]) -> None:
        """Look for bundles in some folders before all others."""
        self._models_dirs = tuple(models_dirs)
        self._kept: dict[_Version, LoadedNetwork] = {}
        self._lock = threading.Lock()

    def holding(self, names: Sequence[str]) -> LoadedNetwork:
        """Return the network of the bundle that holds some styles.

        Raises:
            InputError: If there is no such style, or no bundle holds them all.
            BundleError: If the bundle does not check out.

        """
        found = find_styles(names, self._models_dirs)
        version = _version(found[0].path)
        with self._lock:
            network = self._kept.pop(version, None) or load_network(names, found, "auto")
            self._kept[version] = network  # the last one is the one last used
            for oldest in list(self._kept)[:-_MOST_KEPT]:
                del self._kept[oldest]
        return _naming(network, names, found)

    def warm_up(self) -> None:
        """Load what is most likely to be asked for first, if it is there."""
        with suppress(ComposerError):
            self.holding([FIRST_STYLE])


def _naming(network: LoadedNetwork, names: Sequence[str], found: Sequence[StyleEntry]) -> LoadedNetwork:
    """Have the network know its styles by what they were asked for as: the beginning of a name will do."""
    called = {name: one for name, one in zip(names, found, strict=True) if name not in network.styles}
    return LoadedNetwork({**network.styles, **called}, network.card, network.engine) if called else network


def _version(path: Path) -> _Version:
    status = path.stat()
    return path, status.st_mtime_ns, status.st_size
