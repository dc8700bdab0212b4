"""Whether the Ray cluster that RAY_ADDRESS names lets us in, and whether it lets everybody in.

Ray runs the code of whoever reaches its ports, unless it is started with a token (since 2.52). With the wrong token
`ray.init` itself tries again for many minutes; so a process of its own asks first.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Final, Literal

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.system.visible_text import visible

REACH_SECONDS: Final = 10
ASK_SECONDS: Final = 60
"""Starting Python and Ray takes one or two seconds; a program that is no Ray says nothing at all."""
_ASK: Final = "import sys; from ray._raylet import GcsClient; GcsClient(address=sys.argv[1])"
"""The first thing that any program says to a cluster; there is no public name for it."""
_TOKEN: Final = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
_DOCS: Final = "see docs/training.md"

Answer = Literal["let in", "refused", "silent", "unknown"]


def check_admission(address: str) -> str | None:
    """Check that a cluster can be joined; returns a warning if everybody who reaches it can, None if not.

    Args:
        address: HOST:PORT; of what Ray also takes ("auto", "ray://HOST:PORT") only the port is tried.

    Raises:
        MissingError: If nothing answers there as Ray does, or it asks for another token.
        OSError: If nobody listens there.
        OverflowError: If the port is none.

    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return None
    # Ray itself tries for many minutes where nobody listens.
    socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_SECONDS).close()
    return None if address.startswith("ray://") else _ask_for_admission(address)


def _ask_for_admission(address: str) -> str | None:
    named = f"the Ray cluster at RAY_ADDRESS={visible(address)}"
    match _asked(address, os.environ):
        case "refused":
            raise MissingError(
                f"{named} asks for another token: set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH to the file with its "
                f"token ({_DOCS})"
            )
        case "silent":
            raise MissingError(f"no Ray cluster at RAY_ADDRESS={visible(address)} (what listens there is no Ray)")
        case "unknown":
            return None
    as_anybody = {name: value for name, value in os.environ.items() if name not in _TOKEN}
    if _asked(address, {**as_anybody, "RAY_AUTH_MODE": "disabled"}) == "let in":
        return f"{named} runs the code of whoever reaches it: start it with a token, and close its ports ({_DOCS})"
    return None


def _asked(address: str, surrounding: Mapping[str, str]) -> Answer:
    command = [sys.executable, "-c", _ASK, address]
    try:
        asked = subprocess.run(  # noqa: S603 - our own program
            command, env=dict(surrounding), capture_output=True, timeout=ASK_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "silent"
    if asked.returncode == 0:
        return "let in"
    said = asked.stderr.decode("utf-8", "replace")
    if "AuthenticationError" in said or "Unauthenticated" in said:
        return "refused"
    return "unknown" if "ImportError" in said else "silent"
