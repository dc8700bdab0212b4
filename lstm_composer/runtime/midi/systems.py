"""The MIDI systems that a port can be on, by name."""

from typing import Final, Literal, get_args

Backend = Literal["auto", "alsa", "jack", "jack-client", "coremidi", "windows", "none"]
"""A MIDI system; "auto" is the first that runs here, "jack-client" an older name of "jack"."""
BACKENDS: Final[tuple[Backend, ...]] = tuple(name for name in get_args(Backend) if name != "jack-client")
"""What --backend may be, as users are told."""
