"""What this machine has for playing, in words for the Help tab."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lstm_composer.runtime.panel.answers import json_answer
from lstm_composer.runtime.panel.context import Area, PanelContext
from lstm_composer.runtime.system.visible_text import visible


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, whether it is as it should be, and what was found; see `runtime.doctor.wording.Remark`."""

    name: str
    ok: bool
    detail: str


class FindingList(msgspec.Struct, frozen=True):
    """All findings, in the order in which `lstm-composer doctor` prints them."""

    findings: list[Finding]


def area(context: PanelContext) -> Area:
    """Return what the Help tab asks for."""

    async def findings(_: Request) -> Response:
        return json_answer(await asyncio.to_thread(_look, context.models_dirs))

    return Area([Route("/api/help", findings)])


def _look(models_dirs: Sequence[Path]) -> FindingList:
    from lstm_composer.runtime.doctor.examination import examine  # noqa: PLC0415 - it looks at all that is installed
    from lstm_composer.runtime.doctor.wording import remarks  # noqa: PLC0415 - the same

    return FindingList(
        [Finding(visible(name), ok, visible(detail)) for name, ok, detail in remarks(examine(models_dirs))]
    )
