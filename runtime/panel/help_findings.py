"""What this machine has for playing, in words for the Help tab."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runtime.panel.answers import json_answer
from runtime.panel.context import Area, PanelContext


def area(context: PanelContext) -> Area:
    """Return what the Help tab asks for."""
    _ = context

    async def findings(_: Request) -> Response:
        return json_answer(await asyncio.to_thread(list[str]))

    return Area([Route("/api/help", findings)])
