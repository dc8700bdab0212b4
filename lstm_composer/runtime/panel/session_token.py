"""The secret of one run of the panel: in the address that is opened, and from then on in a cookie."""

import hmac
import secrets
from dataclasses import dataclass
from typing import Final

_RANDOM_BYTES: Final = 32
OPENING_PATH: Final = "/open"
TOKEN_FIELD: Final = "token"  # noqa: S105 - the name of the field


@dataclass(frozen=True, slots=True)
class SessionToken:
    """What the panel at a port is opened with.

    Attributes:
        port: The panel's port on 127.0.0.1.
        secret: The token itself.

    """

    port: int
    secret: str

    @classmethod
    def drawn(cls, port: int) -> "SessionToken":
        """Draw a token for the panel at a port."""
        return cls(port, secrets.token_urlsafe(_RANDOM_BYTES))

    @property
    def cookie(self) -> str:
        """Name of the cookie; cookies of one machine are shared by all its ports, so the port is in it."""
        return f"lstm-composer-panel-{self.port}"

    @property
    def address(self) -> str:
        """The address of the panel without the token."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def opening_address(self) -> str:
        """The address that opens the panel."""
        return f"{self.address}{OPENING_PATH}?{TOKEN_FIELD}={self.secret}"

    def is_right(self, said: str) -> bool:
        """Tell whether somebody knows the token, in a time that says nothing of how much of it was right."""
        return hmac.compare_digest(said.encode(), self.secret.encode())
