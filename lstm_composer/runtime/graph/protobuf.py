"""Protocol Buffers' wire format (protobuf.dev, "Encoding"): messages by tables of their fields.

Stricter than the format asks for: a field that the table does not know, that comes twice or is of another kind than it
should be is refused, so that no two readers of a message can find different things in it.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, Never

from lstm_composer.runtime.errors import InputError

MOST_FIELDS: Final = 200_000
"""In the whole file: reading takes no longer than a blink, whatever is in it."""
VARINT: Final = 0
FIXED32: Final = 5
_COUNTED: Final = 2
_LONGEST_VARINT: Final = 10  # bytes


class Field(NamedTuple):
    """How a field of a message is read.

    Attributes:
        name: What it is called in the message that has been read.
        read: Reads it from where it starts and ends, or VARINT or FIXED32 for a number.
        many: Whether it may come more than once.
        most: How often.

    """

    name: str
    read: Callable[["Reader", int, int], Any] | int
    many: bool = False
    most: int = MOST_FIELDS


Message = Mapping[int, Field | str]
"""Fields of a message by their numbers; a text says what is refused."""


class Reader:
    """Reads messages of a file, counting their fields.

    Attributes:
        data: The whole file.

    """

    def __init__(self, data: bytes) -> None:
        """Read from the contents of a file; `message` raises IndexError or struct.error where it ends too early."""
        self.data = data
        self._fields_left = MOST_FIELDS

    def message(self, kind: Message, start: int, end: int) -> dict[str, Any]:
        """Read one message: its fields by name, those that may come more than once as lists.

        Raises:
            InputError: If it is not as its table says.

        """
        found: dict[str, Any] = {one.name: [] for one in kind.values() if isinstance(one, Field) and one.many}
        for number, wire, value, stop in self._parts(start, end):
            field = kind.get(number)
            if field is None or isinstance(field, str):
                raise InputError(f"holds {field or f'a field {number}'}, which no graph of this program does")
            read = field.read
            if field.many:
                values = found[field.name]
                if isinstance(read, int):
                    values += self._numbers(read, wire, value, stop)
                else:
                    values.append(read(self, value, stop) if wire == _COUNTED else _mistaken())
                if len(values) > field.most:
                    raise InputError(f"is too large: {field.most} {field.name} at the most are allowed")
            elif field.name in found:
                raise InputError(f"says its {field.name} twice")
            elif isinstance(read, int):
                found[field.name] = value if wire == read else _mistaken()
            else:
                found[field.name] = read(self, value, stop) if wire == _COUNTED else _mistaken()
        return found

    def _parts(self, start: int, end: int) -> Iterator[tuple[int, int, Any, int]]:
        """Yield number, wire type and value of each field; of a counted one, where it starts and ends."""
        place, data = start, self.data
        while place < end:
            self._fields_left -= 1
            if self._fields_left < 0:
                raise InputError(f"is too large: {MOST_FIELDS} fields at the most are read")
            tag, place = data[place], place + 1
            if tag >= 0x80:
                tag, place = self._varint(place - 1)
            number, wire = tag >> 3, tag & 7
            if wire == VARINT:
                value, stop = self._varint(place)
            elif wire == _COUNTED:
                length, value = self._varint(place)
                stop = value + length
            elif wire == FIXED32:
                (value,), stop = struct.unpack_from("<f", data, place), place + 4
            else:
                raise InputError(f"is damaged: wire type {wire} in field {number}")
            if stop > end:
                raise InputError("is damaged: a part of it is longer than the whole")
            yield number, wire, value, stop
            place = stop

    def _varint(self, place: int) -> tuple[int, int]:
        byte = self.data[place]
        if byte < 0x80:
            return byte, place + 1
        value, shift = byte & 0x7F, 7
        for place in range(place + 1, place + 10):  # noqa: PLR1704, B020 - the place moves on
            byte = self.data[place]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, place + 1
            shift += 7
        raise InputError("is damaged: a number in it does not end")

    def _numbers(self, wanted: int, wire: int, value: Any, stop: int) -> list[Any]:
        """One number, or several that are packed together."""
        if wire == wanted:
            return [value]
        if wire != _COUNTED:
            _mistaken()
        if stop - value > _LONGEST_VARINT * self._fields_left:
            raise InputError(f"is too large: {MOST_FIELDS} fields at the most are read")
        if wanted == FIXED32:
            count, rest = divmod(stop - value, 4)
            if rest:
                _mistaken()
            self._fields_left -= count
            return list(struct.unpack_from(f"<{count}f", self.data, value))
        numbers, place = [], value
        while place < stop:
            number, place = self._varint(place)
            numbers.append(number)
        if place != stop:
            _mistaken()
        self._fields_left -= len(numbers)
        return numbers


def nested(kind: Message) -> Callable[[Reader, int, int], dict[str, Any]]:
    """Return what reads a message within another."""
    return lambda reader, start, end: reader.message(kind, start, end)


def text(reader: Reader, start: int, end: int) -> str:
    """Read a text."""
    return reader.data[start:end].decode("utf-8")


def passed_over(_: Reader, start: int, end: int) -> tuple[int, int]:
    """Return where something is, unread."""
    return start, end


def signed(number: int) -> int:
    """Return what a varint of 64 bits means where it may be negative."""
    return number - (1 << 64) if number >= 1 << 63 else number


def _mistaken() -> Never:
    raise InputError("is damaged: a field is of another kind than it should be")
