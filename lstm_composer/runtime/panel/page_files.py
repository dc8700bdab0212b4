"""The page itself: its files, the piano that it plays on, and the address that opens it."""

import mimetypes
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from lstm_composer.runtime.panel.answers import refusal
from lstm_composer.runtime.panel.session_token import OPENING_PATH, TOKEN_FIELD, SessionToken

PAGE: Final = Path(__file__).parent / "page"
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}


def page_routes(token: SessionToken) -> list[BaseRoute]:
    """Return the routes of the page's files and of the address that opens it."""
    for suffix, kind in _TYPES.items():
        mimetypes.add_type(kind, suffix)  # on Windows the registry may say otherwise, and a browser then runs no script

    async def open_panel(request: Request) -> Response:
        """Turn the token into a cookie, and leave the address bar without it."""
        if not token.is_right(request.query_params.get(TOKEN_FIELD, "")):
            return refusal(
                "this address has another token: start the app or lstm-composer panel again, which opens the page", 401
            )
        answer = RedirectResponse("/", 303)
        answer.set_cookie(token.cookie, token.secret, httponly=True, samesite="strict", path="/")
        return answer

    async def piano(_: Request) -> Response:
        from lstm_composer.runtime.sound.piano import PIANO_FILE  # noqa: PLC0415 - numpy comes with it, which the page does not wait for

        return FileResponse(PIANO_FILE, media_type="application/octet-stream")

    async def index(_: Request) -> Response:
        return FileResponse(PAGE / "index.html", media_type="text/html")

    return [
        Route(OPENING_PATH, open_panel),
        Route("/", index),
        Route("/piano.sf3", piano),
        Mount("/page", StaticFiles(directory=PAGE)),
    ]
