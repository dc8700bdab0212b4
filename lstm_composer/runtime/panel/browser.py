"""The user's own browser is asked to open a page, where there is one with a window."""

import os
import sys
import threading
import webbrowser
from contextlib import suppress
from typing import Final

_OF_WINDOWS: Final = ("DISPLAY", "WAYLAND_DISPLAY")


def open_in_browser(address: str) -> None:
    """Open a page, without waiting for the browser; nothing happens on a machine without windows.

    There Python would start a browser of the terminal, which takes the terminal away from the panel.
    """
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in _OF_WINDOWS):
        return

    def open_quietly() -> None:
        with suppress(webbrowser.Error, OSError):
            webbrowser.open(address)

    threading.Thread(target=open_quietly, name="browser", daemon=True).start()
