"""What every area of the panel is given, and what it gives back."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

Answering = Callable[[Request], Awaitable[Response]]
"""Answers a request."""


@dataclass(frozen=True, slots=True)
class PanelContext:
    """Where things are, for all areas.

    Attributes:
        data_folder: The panel's own folder among the user's data; it may not be there yet.
        models_dirs: Folders that are searched for bundles before all others.
        program: The words that start `lstm-composer` as a process of its own, to which its arguments are added.

    """

    data_folder: Path
    models_dirs: tuple[Path, ...]
    program: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the panel, such as composing.

    Attributes:
        routes: What it answers, all below /api/.
        running: Makes the context in which the server serves: what an area begins there ends when the panel does.

    """

    routes: Sequence[BaseRoute]
    running: Callable[[], AbstractAsyncContextManager[object]] = nullcontext


def routes_of(table: Iterable[tuple[str, str, Answering]]) -> list[BaseRoute]:
    """Return the routes of a table of methods, paths, and what answers there."""
    return [Route(path, answer, methods=[method]) for method, path, answer in table]
