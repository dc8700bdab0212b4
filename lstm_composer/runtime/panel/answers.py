"""What the panel answers: JSON, and a line where something is wrong."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lstm_composer.runtime.errors import ComposerError, InputError, MissingError
from lstm_composer.runtime.system.visible_text import shortened, visible

T = TypeVar("T")

LARGEST_PAGE_NUMBER: Final = 2**53 - 1
"""The largest whole number that a page reads as it is."""
_MOST_SHOWN: Final = 600
_NO_SPACE: Final = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong, what was allowed and what to do, in one line; and which field of what was asked for it is."""

    error: str
    field: str = ""


class FieldError(InputError):
    """A field that the user has filled in holds what is not allowed.

    Attributes:
        field: Its name in what the page sends.

    """

    def __init__(self, field: str, reason: str) -> None:
        """Take the field's name and what is wrong with it."""
        super().__init__(reason)
        self.field = field


@contextmanager
def at_field(name: str) -> Iterator[None]:
    """Have an InputError say which field it is about."""
    try:
        yield
    except InputError as error:
        raise FieldError(name, str(error)) from error


def json_answer(value: object, status: int = 200) -> Response:
    """Return an answer in JSON: a struct of msgspec, or lists and dicts of plain values."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def done() -> Response:
    """Return the answer to what was done and gives nothing."""
    return Response(status_code=204)


def refusal(reason: str, status: int, field: str = "") -> Response:
    """Return an answer that refuses, with a line for the user, which belongs to a field if one is named."""
    return json_answer(Problem(in_one_line(reason), field), status)


def in_one_line(reason: str) -> str:
    """Return what is wrong as a line of a length that can be shown; what is not printable in it is written out."""
    return shortened(visible(" ".join(reason.split())), _MOST_SHOWN)


async def read_json(request: Request, kind: type[T]) -> T:
    """Read the body of a request.

    Raises:
        InputError: If it is no JSON of that type.

    """
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.DecodeError as error:  # a ValidationError is one
        raise InputError(f"the page sent what cannot be used ({error}): load the page anew") from error


def problem_of(error: OSError | ComposerError) -> str:
    """Say in a line what a user can cause or cure."""
    if isinstance(error, ComposerError):
        return in_one_line(str(error))
    if error.errno in _NO_SPACE:
        return "the disk is full: make room, then try again"
    named = f" {error.filename!s}" if error.filename is not None else ""
    return in_one_line(f"the system refuses{named} ({error.strerror or error}): mend that, then try again")


async def answer_composer_error(_: Request, error: Exception) -> Response:
    """Answer with what a user can cause or cure."""
    assert isinstance(error, ComposerError)  # noqa: S101 - registered for these alone
    field = error.field if isinstance(error, FieldError) else ""
    return refusal(str(error), 503 if isinstance(error, MissingError) else 400, field)


async def answer_system_error(_: Request, error: Exception) -> Response:
    """Answer where the operating system refuses: no space, no permission."""
    assert isinstance(error, OSError)  # noqa: S101 - registered for these alone
    return refusal(problem_of(error), 507 if error.errno in _NO_SPACE else 503)


async def answer_http_error(_: Request, error: Exception) -> Response:
    """Answer what no route answers."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for these alone
    words = {
        404: "there is nothing at this address: load the page anew",
        405: "this address is not used in this way: load the page anew",
    }
    return refusal(words.get(error.status_code, error.detail), error.status_code)
