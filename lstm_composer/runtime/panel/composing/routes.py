"""What the Compose tab asks for: the styles, a piece, the list of all pieces, and their files."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lstm_composer.runtime.panel.answers import LARGEST_PAGE_NUMBER, done, json_answer, read_json
from lstm_composer.runtime.panel.composing.downloads import midi_file, wave_file
from lstm_composer.runtime.panel.composing.pieces import LONGEST_NAME, PieceInfo, Pieces
from lstm_composer.runtime.panel.composing.requests import ComposeRequest
from lstm_composer.runtime.panel.context import Area, PanelContext, routes_of

if TYPE_CHECKING:
    from lstm_composer.runtime.panel.composing.composition import Compositions, Line
    from lstm_composer.runtime.panel.composing.scores import ScoreView
    from lstm_composer.runtime.panel.composing.styles import StyleList
    from lstm_composer.runtime.score import Notation

PIECES_FILE: Final = "pieces.db"
NARROWEST_SCORE, WIDEST_SCORE = 240, 2000
_DIGITS: Final = 6
_LINES_OF_JSON: Final = "application/x-ndjson"


class PieceList(msgspec.Struct, frozen=True):
    """All pieces, the newest first, and why nothing is kept, if that is so."""

    pieces: list[PieceInfo]
    problem: str


class PieceChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be changed of a piece."""

    name: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] | None = None
    starred: bool | None = None


class _Studio:
    """What composes, loaded in a thread of its own as soon as the page has what it shows first.

    Sooner it would take the time that the page waits for: both are of one interpreter.
    """

    def __init__(self, context: PanelContext) -> None:
        self._context = context
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="compose")
        self._opening: Future[Pieces] = self._executor.submit(Pieces, context.data_folder / PIECES_FILE)
        self._loading: Future[Compositions] | None = None

    def _load(self) -> "Compositions":
        from lstm_composer.runtime.panel.composing.composition import Compositions  # noqa: PLC0415 - onnxruntime comes with it
        from lstm_composer.runtime.panel.composing.networks import Networks  # noqa: PLC0415 - the same

        networks = Networks(self._context.models_dirs)
        networks.warm_up()
        return Compositions(networks, self._opening.result())

    async def pieces(self) -> Pieces:
        return await asyncio.wrap_future(self._opening)

    def warm_up(self) -> "Future[Compositions]":
        """Begin to load what composes, if nobody has yet."""
        if self._loading is None:
            self._loading = self._executor.submit(self._load)
        return self._loading

    async def begin(self, request: ComposeRequest) -> "Iterator[Line]":
        compositions = await asyncio.wrap_future(self.warm_up())
        return await asyncio.to_thread(compositions.begin, request)

    def close(self) -> None:
        self._executor.shutdown(cancel_futures=True)
        if not self._opening.cancelled():
            self._opening.result().close()


class _Composing:
    """The answers; what they need is there while the server serves."""

    def __init__(self, context: PanelContext) -> None:
        self._context = context
        self._studios: list[_Studio] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        studio = _Studio(self._context)
        self._studios.append(studio)
        try:
            yield
        finally:
            self._studios.remove(studio)
            await asyncio.to_thread(studio.close)

    async def styles(self, _: Request) -> Response:
        answer = json_answer(await asyncio.to_thread(_styles, self._context.models_dirs))
        self._studio.warm_up()
        return answer

    async def compose(self, request: Request) -> Response:
        asked = await read_json(request, ComposeRequest)
        lines = await self._studio.begin(asked)
        return StreamingResponse(_in_json(lines), media_type=_LINES_OF_JSON)

    async def pieces(self, _: Request) -> Response:
        pieces = await self._studio.pieces()
        return json_answer(PieceList(await asyncio.to_thread(pieces.listed), pieces.problem))

    async def piece(self, request: Request) -> Response:
        pieces = await self._studio.pieces()
        return json_answer(await asyncio.to_thread(pieces.get, _number(request)))

    async def change(self, request: Request) -> Response:
        asked = await read_json(request, PieceChange)
        pieces = await self._studio.pieces()
        await asyncio.to_thread(pieces.change, _number(request), name=asked.name, starred=asked.starred)
        return done()

    async def delete(self, request: Request) -> Response:
        pieces = await self._studio.pieces()
        await asyncio.to_thread(pieces.delete, _number(request))
        return done()

    async def restore(self, request: Request) -> Response:
        pieces = await self._studio.pieces()
        await asyncio.to_thread(pieces.restore, _number(request))
        return done()

    async def midi(self, request: Request) -> Response:
        pieces = await self._studio.pieces()
        return await asyncio.to_thread(lambda: midi_file(pieces.get(_number(request))))

    async def wave(self, request: Request) -> Response:
        pieces = await self._studio.pieces()
        return await asyncio.to_thread(lambda: wave_file(pieces.get(_number(request))))

    async def score(self, request: Request) -> Response:
        pieces = await self._studio.pieces()
        return json_answer(await asyncio.to_thread(_score, pieces, request, self._context))

    async def score_file(self, request: Request) -> Response:
        pieces = await self._studio.pieces()
        return await asyncio.to_thread(_score_file, pieces, request, self._context)

    @property
    def _studio(self) -> _Studio:
        return self._studios[-1]


def area(context: PanelContext) -> Area:
    """Return what the Compose tab asks for, and what has to run for it."""
    composing = _Composing(context)
    one = "/api/pieces/{number:int}"
    table = (
        ("GET", "/api/compose/styles", composing.styles),
        ("POST", "/api/compose", composing.compose),
        ("GET", "/api/pieces", composing.pieces),
        ("GET", one, composing.piece),
        ("PATCH", one, composing.change),
        ("DELETE", one, composing.delete),
        ("POST", f"{one}/restore", composing.restore),
        ("GET", f"{one}/midi", composing.midi),
        ("GET", f"{one}/wav", composing.wave),
        ("GET", f"{one}/score", composing.score),
        ("GET", f"{one}/score.{{suffix:str}}", composing.score_file),
    )
    return Area(routes_of(table), composing.running)


async def _in_json(lines: "Iterator[Line]") -> AsyncIterator[bytes]:
    """Give lines as they are made, on a thread: whoever waits for a bar does not hold up the others."""
    async for line in iterate_in_threadpool(lines):
        yield msgspec.json.encode(line) + b"\n"


def _styles(models_dirs: Sequence[Path]) -> "StyleList":
    from lstm_composer.runtime.panel.composing.styles import style_list  # noqa: PLC0415 - numpy comes with it

    return style_list(models_dirs)


def _score(pieces: Pieces, request: Request, context: PanelContext) -> "ScoreView":
    from lstm_composer.runtime.panel.composing.scores import score_view  # noqa: PLC0415 - numpy comes with it

    return score_view(pieces.get(_number(request)), _notation(request), _width(request), context)


def _score_file(pieces: Pieces, request: Request, context: PanelContext) -> Response:
    from lstm_composer.runtime.panel.composing.scores import score_file  # noqa: PLC0415 - numpy comes with it

    suffix = f".{request.path_params['suffix']}"
    return score_file(pieces.get(_number(request)), _notation(request), suffix, context)


def _notation(request: Request) -> "Notation":
    """How lengths are written, as the address says it: as a musician would, unless it says otherwise."""
    return "played" if request.query_params.get("notation") == "played" else "readable"


def _width(request: Request) -> int | None:
    """How many pixels wide a score is to be; None where the address does not say."""
    said = request.query_params.get("width", "")
    return min(WIDEST_SCORE, max(NARROWEST_SCORE, int(said))) if said.isdecimal() and len(said) <= _DIGITS else None


def _number(request: Request) -> int:
    number: int = request.path_params["number"]
    return min(number, LARGEST_PAGE_NUMBER)  # a larger one is no piece either, and SQLite could not hold it
