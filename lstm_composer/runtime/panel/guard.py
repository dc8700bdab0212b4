"""Who may ask the panel for something: this user's own page, and nobody else.

Other pages in the same browser can send requests to a port of this machine, other users of the machine can connect to
it, and a stranger's host name can be made to lead to 127.0.0.1 (DNS rebinding). So the `Host`, where the request comes
from (`Origin`, `Sec-Fetch-Site`) and the cookie are looked at before anything else reads the request; for a WebSocket,
which browsers let any page open, as for all others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lstm_composer.runtime.panel.answers import refusal
from lstm_composer.runtime.panel.session_token import OPENING_PATH, SessionToken
from lstm_composer.runtime.system.foreign_files import KIBIBYTE, MEBIBYTE

METHODS: Final = ("GET", "HEAD", "POST", "PATCH", "DELETE")
READING: Final = ("GET", "HEAD")
LARGEST_BODY: Final = 64 * KIBIBYTE
LARGER_BODIES: Final[Mapping[str, int]] = {"/api/training/files": 32 * MEBIBYTE}
"""Bytes of a request's body below paths that take files."""
LONGEST_PATH: Final = 1000
LONGEST_QUERY: Final = 2000
_POLICY_VIOLATION: Final = 1008  # of WebSocket's codes of closing (RFC 6455, 7.4.1)
_API: Final = "/api/"

_CONTENT_POLICY: Final = (
    "default-src 'self'; "
    "script-src 'self' 'wasm-unsafe-eval'; "  # the piano's samples are decoded by WebAssembly
    "worker-src 'self' blob:; "
    "img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _CONTENT_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered: the status and a line for whoever sent it."""

    status: int
    reason: str


class Guard:
    """Stands before the application, and lets through what this user's page has asked for."""

    def __init__(self, application: ASGIApp, token: SessionToken) -> None:
        """Stand before an application."""
        self._application = application
        self._token = token
        self._hosts = (f"127.0.0.1:{token.port}", f"localhost:{token.port}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or refuse it."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is not None:
            await _refuse(refused, scope, receive, send)
            return
        await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *_headers(scope["path"])]}
            await send(message)

        await self._application(scope, _limited(scope, receive), send_guarded)

    def _refused(self, scope: Scope) -> Refusal | None:
        headers = _grouped(scope["headers"])
        return (
            self._refused_host(headers.get("host", []))
            or self._refused_origin(scope, headers)
            or _refused_form(scope, headers)
            or self._refused_stranger(scope, headers)
        )

    def _refused_host(self, hosts: list[str]) -> Refusal | None:
        if len(hosts) == 1 and hosts[0] in self._hosts:
            return None
        return Refusal(403, f"this server answers to {self._hosts[0]} alone: open the address that the panel printed")

    def _refused_origin(self, scope: Scope, headers: Mapping[str, list[str]]) -> Refusal | None:
        """Refuse what another page sent; a browser says where from with all that is not only read."""
        refused = Refusal(403, "this came from another page: use the panel's own page")
        origins = headers.get("origin", [])
        is_only_read = scope["type"] == "http" and scope["method"] in READING
        if not origins and not is_only_read:
            return refused
        if any(origin.removeprefix("http://") not in self._hosts for origin in origins):
            return refused
        sites = headers.get("sec-fetch-site", [])
        return refused if any(site not in ("same-origin", "none") for site in sites) else None

    def _refused_stranger(self, scope: Scope, headers: Mapping[str, list[str]]) -> Refusal | None:
        """Refuse who has no cookie, but for the address that brings the token and is given one."""
        if scope["type"] == "http" and scope["path"] == OPENING_PATH:
            return None
        if any(self._token.is_right(said) for said in _cookies(headers.get("cookie", []), self._token.cookie)):
            return None
        return Refusal(
            401, "this page is opened by the app or by lstm-composer panel: start it again, and it opens the page"
        )


def _refused_form(scope: Scope, headers: Mapping[str, list[str]]) -> Refusal | None:
    """Refuse a method, a path or a size that nothing here has."""
    path: str = scope["path"]
    if scope["type"] == "http" and scope["method"] not in METHODS:
        return Refusal(405, f"method {scope['method'][:20]} is not used here: use one of {', '.join(METHODS)}")
    raw: bytes = scope.get("raw_path") or path.encode()
    is_odd = not path.startswith("/") or "\\" in path or "\0" in path or b"%2f" in raw.lower()
    if is_odd or ".." in path.split("/"):
        return Refusal(400, "this path leads nowhere: use the links of the panel's own page")
    if len(raw) > LONGEST_PATH or len(scope.get("query_string", b"")) > LONGEST_QUERY:
        return Refusal(414, f"this path is too long: at most {LONGEST_PATH} characters are read")
    for length in headers.get("content-length", []):
        if not (length.isascii() and length.isdecimal() and int(length[:20]) <= _largest_body(path)):
            return _too_large(path)
    return None


def _largest_body(path: str) -> int:
    return next((size for prefix, size in LARGER_BODIES.items() if path.startswith(prefix)), LARGEST_BODY)


def _too_large(path: str) -> Refusal:
    return Refusal(413, f"this is too large: at most {_largest_body(path) // KIBIBYTE:,} KiB are taken here")


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Count what comes in: a body may be longer than it said, or not say."""
    most, seen = _largest_body(scope["path"]), 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > most:
                too_large = _too_large(scope["path"])
                raise HTTPException(too_large.status, too_large.reason)
        return message

    return counted if scope["type"] == "http" else receive


async def _refuse(refused: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": refused.reason})
        return
    response = refusal(refused.reason, refused.status)
    response.raw_headers.extend(_headers(scope["path"]))
    await response(scope, receive, send)


def _headers(path: str) -> list[tuple[bytes, bytes]]:
    """Headers of every answer; nothing of the user's is kept by the browser, and the page itself is asked for anew."""
    caching = "no-store" if path.startswith((_API, OPENING_PATH)) else "no-cache"
    return [(name.encode(), value.encode()) for name, value in {**_HEADERS, "cache-control": caching}.items()]


def _grouped(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers:
        grouped.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return grouped


def _cookies(headers: list[str], name: str) -> list[str]:
    found = []
    for header in headers:
        try:
            cookies = SimpleCookie(header)
        except CookieError:
            continue
        if name in cookies:
            found.append(cookies[name].value)
    return found
