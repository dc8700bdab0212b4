"""Where the user's panel is: a file in the user's runtime folder, so that a second start opens the first one's page."""

import http.client
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import msgspec

from lstm_composer.runtime.errors import ComposerError, MissingError
from lstm_composer.runtime.monitor.private_folder import check_private, folder, make_private
from lstm_composer.runtime.panel.session_token import SessionToken
from lstm_composer.runtime.system.atomic_files import write_bytes_atomically
from lstm_composer.runtime.system.foreign_files import KIBIBYTE, read_foreign_json

_FILE: Final = "panel.json"
_PATIENCE_SECONDS: Final = 2.0
ALIVE_PATH: Final = "/api/alive"


class _Written(msgspec.Struct, frozen=True):
    """What the file says."""

    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    secret: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{20,100}$")]


def running_panel() -> SessionToken | None:
    """Return the token of this user's running panel; None if none runs, or nobody can tell."""
    try:
        path = _path()
        check_private(path.parent)
        found = read_foreign_json(path, _Written, KIBIBYTE)
    except ComposerError:
        return None
    token = SessionToken(found.port, found.secret)
    return token if _answers(token) else None


def announce(token: SessionToken) -> None:
    """Say where the panel is; where there is no private folder for it, a second start makes a second panel."""
    with suppress(MissingError):
        path = _path()
        make_private(path.parent)
        write_bytes_atomically(path, msgspec.json.encode(_Written(token.port, token.secret)))
        with suppress(OSError):
            path.chmod(0o600)


def withdraw(token: SessionToken) -> None:
    """Remove what `announce` wrote, unless another panel has written since."""
    with suppress(ComposerError, OSError):
        path = _path()
        if read_foreign_json(path, _Written, KIBIBYTE).secret == token.secret:
            path.unlink()


def _path() -> Path:
    return folder() / _FILE


def _answers(token: SessionToken) -> bool:
    """Tell whether the panel that left the file still answers: its port may be somebody else's by now."""
    connection = http.client.HTTPConnection("127.0.0.1", token.port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", ALIVE_PATH, headers={"Cookie": f"{token.cookie}={token.secret}"})
        return connection.getresponse().status == http.client.NO_CONTENT
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
