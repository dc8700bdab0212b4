"""Values that people write, held to the type and range that a struct of msgspec's gives them."""

from typing import Any

import msgspec
from msgspec.inspect import BoolType, FloatType, IntType, LiteralType, StrType, UnionType, type_info

from lstm_composer.runtime.cli.options import as_number, as_whole


def converted(value: str | float, kind: Any) -> Any:
    """Return a value as a type has it.

    A number may be written as a text, in plain digits, and a text as a number: whoever writes TOML forgets quotes, or
    sets too many.

    Args:
        value: What somebody has written.
        kind: A type with its range, such as `Annotated[int, msgspec.Meta(ge=1, le=10)]`, or that or None.

    Raises:
        ValueError: If it is not such a value; the message says what is: "a whole number from 1 to 10".

    """
    wanted = _without_none(kind)
    if isinstance(wanted, IntType | FloatType) and isinstance(value, str):
        whole = as_whole(value)
        value = as_number(value) if whole is None else whole
    elif isinstance(wanted, StrType) and not isinstance(value, bool):
        value = str(value)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValueError(_in_words(wanted)) from error


def _without_none(kind: Any) -> Any:
    info = type_info(kind)
    return info.types[0] if isinstance(info, UnionType) else info


def _in_words(info: Any) -> str:
    match info:
        case IntType(ge=lowest, le=highest):
            return f"a whole number from {lowest} to {highest}"
        case FloatType(ge=None, gt=below, le=highest):
            return f"a number above {below:g}, at most {highest:g}"
        case FloatType(ge=lowest, lt=above):
            return f"a number from {lowest:g} to below {above:g}"
        case LiteralType(values=values):
            return f"one of {', '.join(map(str, values))}"
        case BoolType():
            return "true or false"
    return "a text"
