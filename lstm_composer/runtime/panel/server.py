"""`lstm-composer panel`: the application put together, and served until it is asked to end."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from lstm_composer.runtime.errors import ComposerError, MissingError
from lstm_composer.runtime.panel import help_findings
from lstm_composer.runtime.panel.announcement import ALIVE_PATH, announce, running_panel, withdraw
from lstm_composer.runtime.panel.answers import answer_composer_error, answer_http_error, answer_system_error, done
from lstm_composer.runtime.panel.browser import open_in_browser
from lstm_composer.runtime.panel.composing.routes import area as composing
from lstm_composer.runtime.panel.context import Area, PanelContext
from lstm_composer.runtime.panel.guard import Guard
from lstm_composer.runtime.panel.live.routes import area as live
from lstm_composer.runtime.panel.page_files import page_routes
from lstm_composer.runtime.panel.session_token import SessionToken
from lstm_composer.runtime.panel.training.routes import area as training
from lstm_composer.runtime.system.installation import own_program
from lstm_composer.runtime.system.process_exit import handled_by, heeded_signals
from lstm_composer.runtime.system.user_folders import user_data_dir

AREAS: Final[tuple[Callable[[PanelContext], Area], ...]] = (composing, live, training, help_findings.area)
"""Whatever the panel can do; each is asked once for its routes."""
LOCALHOST: Final = "127.0.0.1"
USUAL_PORT: Final = 7348
"""Taken if it is free, so that the browser remembers what it was told of this page, such as the volume."""
_ENDING_SECONDS: Final = 2
"""How long connections that are open may keep the panel from ending."""


class _Server(uvicorn.Server):
    """Uvicorn's server, which can be asked to end; asked twice, it still ends everything in order."""

    def end(self) -> None:
        self.should_exit = True

    def handle_exit(self, *_: object) -> None:
        """Take a signal: at a second Ctrl-C uvicorn would leave out what ends the areas, and show a traceback."""
        self.end()


def run_panel(port: int | None, models_dirs: Sequence[Path], *, opens_browser: bool) -> None:
    """Serve the panel until Ctrl-C, its button or a signal ends it; if one runs already, only open its page.

    Args:
        port: Of 127.0.0.1; None for the usual one, or any other if that is taken.
        models_dirs: Folders that are searched for bundles before all others.
        opens_browser: Whether the page is opened, or only its address printed.

    Raises:
        MissingError: If the port is taken.

    """
    there = running_panel()
    if there is not None:
        _say(f"a panel runs already: {there.opening_address}")
        if opens_browser:
            open_in_browser(there.opening_address)
        return
    with _listening(port) as listener:
        token = SessionToken.drawn(listener.getsockname()[1])
        context = PanelContext(
            data_folder=user_data_dir() / "panel",
            models_dirs=tuple(models_dirs),
            program=own_program(),
        )
        announce(token)
        try:
            _say(f"the panel is at {token.opening_address} (Ctrl-C ends it)")
            if opens_browser:
                open_in_browser(token.opening_address)
            _serve(listener, token, context)
        finally:
            withdraw(token)


def _serve(listener: socket.socket, token: SessionToken, context: PanelContext) -> None:
    server: _Server | None = None

    def end(*_: int | FrameType | None) -> None:
        if server is not None:
            server.end()

    server = _Server(
        uvicorn.Config(
            application(context, token, end),
            ws="websockets-sansio",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_ENDING_SECONDS,
        )
    )
    with handled_by(end, heeded_signals()):
        server.run(sockets=[listener])


def application(context: PanelContext, token: SessionToken, end: Callable[[], None]) -> ASGIApp:
    """Put the panel together.

    Args:
        context: Where things are.
        token: What the page is opened with.
        end: Asks the server to end.

    """
    areas = [make(context) for make in AREAS]
    inner = Starlette(
        routes=[*_own_routes(end), *(route for area in areas for route in area.routes), *page_routes(token)],
        lifespan=_lifespan([area.running for area in areas]),
        exception_handlers={
            ComposerError: answer_composer_error,
            OSError: answer_system_error,
            HTTPException: answer_http_error,
        },
    )
    return Guard(inner, token)


def _own_routes(end: Callable[[], None]) -> list[BaseRoute]:
    async def alive(_: Request) -> Response:
        return done()

    async def quit_panel(_: Request) -> Response:
        # Once the answer is on its way: the server closes what is idle.
        asyncio.get_running_loop().call_later(0.1, end)
        return done()

    return [Route(ALIVE_PATH, alive), Route("/api/quit", quit_panel, methods=["POST"])]


def _lifespan(
    running: Sequence[Callable[[], AbstractAsyncContextManager[object]]],
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for enter in running:
                await stack.enter_async_context(enter())
            yield

    return lifespan


def _listening(port: int | None) -> socket.socket:
    """Listen at a port of this machine's own network."""
    try:
        return socket.create_server((LOCALHOST, USUAL_PORT if port is None else port))
    except OSError as error:
        if port is None:
            return socket.create_server((LOCALHOST, 0))
        reason = os.strerror(error.errno) if error.errno else error
        raise MissingError(f"port {port} cannot be had ({reason}): name another --port, or leave it out") from error


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
