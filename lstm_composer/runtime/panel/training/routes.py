"""What the page of one's own styles asks for."""

import asyncio
from typing import Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from lstm_composer.runtime.panel.answers import done, json_answer, read_json, refusal
from lstm_composer.runtime.panel.context import Answering, Area, PanelContext, routes_of
from lstm_composer.runtime.panel.training.extra import missing_for_training
from lstm_composer.runtime.panel.training.requests import Export, Overview, Resume, Start
from lstm_composer.runtime.panel.training.trainings import NoTrainingError, Places, Trainings
from lstm_composer.runtime.panel.training.uploads import KINDS, MOST_FILE_BYTES, MOST_FILES, remove, take_in

FOLDER: Final = "training"
_NOT_FOUND: Final = 404


class AllTrainings(msgspec.Struct, frozen=True, kw_only=True):
    """All trainings, and what can be done.

    Attributes:
        trainings: The newest first.
        missing: What is missing for training and what to do, in a line; empty where all is there.
        kinds: Endings of files that are taken.
        most_files: How many of them a training takes.
        most_file_bytes: The largest of them.

    """

    trainings: list[Overview]
    missing: str
    kinds: tuple[str, ...] = KINDS
    most_files: int = MOST_FILES
    most_file_bytes: int = MOST_FILE_BYTES


class _Training:
    """The answers."""

    def __init__(self, trainings: Trainings) -> None:
        self._trainings = trainings

    async def listed(self, _: Request) -> Response:
        rows = await asyncio.to_thread(self._trainings.listed)
        return json_answer(AllTrainings(trainings=rows, missing=await asyncio.to_thread(missing_for_training)))

    async def add(self, _: Request) -> Response:
        return json_answer(await asyncio.to_thread(self._trainings.add), 201)

    async def get(self, request: Request) -> Response:
        return json_answer(await asyncio.to_thread(self._trainings.get, _id(request)))

    async def delete(self, request: Request) -> Response:
        await asyncio.to_thread(self._trainings.delete, _id(request))
        return done()

    async def take_file(self, request: Request) -> Response:
        folder = await asyncio.to_thread(self._trainings.music, _id(request))
        try:
            taken = await take_in(folder, request.query_params.get("name", ""), request.stream())
        except ClientDisconnect:  # the page was closed meanwhile: nobody reads the answer
            return done()
        return json_answer(taken, 201)

    async def remove_file(self, request: Request) -> Response:
        folder = await asyncio.to_thread(self._trainings.music, _id(request))
        await asyncio.to_thread(remove, folder, request.query_params.get("name", ""))
        return done()

    async def look(self, request: Request) -> Response:
        await asyncio.to_thread(self._trainings.look, _id(request))
        return done()

    async def start(self, request: Request) -> Response:
        asked = await read_json(request, Start)
        await asyncio.to_thread(self._trainings.start, _id(request), asked)
        return done()

    async def resume(self, request: Request) -> Response:
        asked = await read_json(request, Resume)
        await asyncio.to_thread(self._trainings.resume, _id(request), asked)
        return done()

    async def stop(self, request: Request) -> Response:
        await asyncio.to_thread(self._trainings.stop, _id(request))
        return done()

    async def advise(self, request: Request) -> Response:
        await asyncio.to_thread(self._trainings.advise, _id(request))
        return done()

    async def export(self, request: Request) -> Response:
        asked = await read_json(request, Export)
        await asyncio.to_thread(self._trainings.export, _id(request), asked)
        return done()

    async def sample(self, request: Request) -> Response:
        epoch: int = request.path_params["epoch"]
        return json_answer(await asyncio.to_thread(self._trainings.sample, _id(request), epoch))


def area(context: PanelContext) -> Area:
    """Return what the page of one's own styles asks for."""
    training = _Training(Trainings(Places(context.data_folder / FOLDER, context.models_dirs, context.program)))
    one, files = "/api/training/{id}", "/api/training/files/{id}"
    table = (
        ("GET", "/api/training", training.listed),
        ("POST", "/api/training", training.add),
        ("POST", files, training.take_file),
        ("DELETE", files, training.remove_file),
        ("GET", one, training.get),
        ("DELETE", one, training.delete),
        ("POST", f"{one}/look", training.look),
        ("POST", f"{one}/start", training.start),
        ("POST", f"{one}/resume", training.resume),
        ("POST", f"{one}/stop", training.stop),
        ("POST", f"{one}/advise", training.advise),
        ("POST", f"{one}/export", training.export),
        ("GET", f"{one}/samples/{{epoch:int}}", training.sample),
    )
    return Area(routes_of((method, path, _found(answer)) for method, path, answer in table))


def _found(answer: Answering) -> Answering:
    """Answer as `answer` does, and with 404 for a training that is not there."""

    async def answering(request: Request) -> Response:
        try:
            return await answer(request)
        except NoTrainingError as error:
            return refusal(str(error), _NOT_FOUND)

    return answering


def _id(request: Request) -> str:
    name: str = request.path_params["id"]
    return name
