"""What the Live tab asks for: what there is to choose, playing, ending it, and the socket that says what is played."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.monitor.client import follow
from lstm_composer.runtime.monitor.protocol import Answer, Stop
from lstm_composer.runtime.panel.answers import done, in_one_line, json_answer, read_json
from lstm_composer.runtime.panel.context import Area, PanelContext, routes_of
from lstm_composer.runtime.panel.live.bridge import Bridge, Page, decode_from_page
from lstm_composer.runtime.panel.live.process import end_process, start_play, wait_for_end
from lstm_composer.runtime.panel.live.requests import PlayRequest, choices, play_arguments

FOLDER: Final = "live"
_PID: Final = msgspec.Meta(ge=1, le=2**31 - 1)


class Playing(msgspec.Struct, frozen=True):
    """A play, by its process."""

    pid: Annotated[int, _PID]


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be played, and the play that is to be ended first, if there is one."""

    request: PlayRequest
    instead_of: Annotated[int, _PID] | None = None


class _Live:
    """The answers; the bridge is there while the server serves."""

    def __init__(self, context: PanelContext) -> None:
        self._context = context
        self._bridges: list[Bridge] = []
        self._starting = asyncio.Lock()

    @property
    def _bridge(self) -> Bridge:
        return self._bridges[-1]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        bridge = Bridge()
        self._bridges.append(bridge)
        try:
            yield
        finally:
            self._bridges.remove(bridge)
            await bridge.close()

    async def choices(self, _: Request) -> Response:
        return json_answer(await asyncio.to_thread(choices))

    async def play(self, request: Request) -> Response:
        asked = await read_json(request, Begin)
        arguments = play_arguments(asked.request, self._context.models_dirs)
        async with self._starting:
            if asked.instead_of is not None:
                await asyncio.to_thread(_end, asked.instead_of)
            folder = self._context.data_folder / FOLDER
            pid = await asyncio.to_thread(start_play, self._context.program, arguments, folder)
            self._bridge.choose(pid)
        return json_answer(Playing(pid))

    async def stop(self, request: Request) -> Response:
        asked = await read_json(request, Playing)
        await asyncio.to_thread(_end, asked.pid)
        return done()

    async def events(self, socket: WebSocket) -> None:
        await socket.accept()
        page = Page()
        bridge = self._bridge
        bridge.join(page)
        sending = asyncio.create_task(_send(socket, page))
        try:
            async for text in socket.iter_text():
                try:
                    bridge.take(page, decode_from_page(text))
                except InputError as error:
                    page.put(Answer(taken=False, said=in_one_line(f"the page sent what {error}: load it anew")))
        except WebSocketDisconnect:
            pass
        finally:
            bridge.leave(page)
            sending.cancel()
            with suppress(asyncio.CancelledError, RuntimeError, WebSocketDisconnect):
                await sending


async def _send(socket: WebSocket, page: Page) -> None:
    while True:
        await socket.send_text(await page.queue.get())


def _end(pid: int) -> None:
    """Have a play end what sounds and end itself, and wait for that.

    Raises:
        MissingError: If it does not end.

    """
    try:
        with follow(pid) as play:
            play.say(Stop())
            is_over = wait_for_end(pid)
    except (InputError, MissingError):  # it plays no more, or does not answer
        is_over = wait_for_end(pid, 0.0)
    if not is_over:
        end_process(pid)
        if not wait_for_end(pid):
            raise MissingError(f"the play of process {pid} does not end: end it by the system's own means")


def area(context: PanelContext) -> Area:
    """Return what the Live tab asks for."""
    live = _Live(context)
    table = (
        ("GET", "/api/live/choices", live.choices),
        ("POST", "/api/live/play", live.play),
        ("POST", "/api/live/stop", live.stop),
    )
    return Area([*routes_of(table), WebSocketRoute("/api/live/events", live.events)], live.running)
