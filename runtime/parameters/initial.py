"""Knobs that are turned before the music starts: `--set "key C minor" --set "density 0.3"`."""

from collections.abc import Sequence

from runtime.errors import InputError
from runtime.parameters.commands import obey
from runtime.parameters.parameters import Knobs


def turned_by(lines: Sequence[str], knobs: Knobs, styles: Sequence[str]) -> Knobs:
    """Turn the knobs as command lines say, one after the other.

    Args:
        lines: See `runtime.parameters.commands`.
        knobs: Where they stand before.
        styles: Names of the styles that the bundle holds.

    Raises:
        InputError: If a line is no command, or a value in it is not allowed, or it turns no knob.

    """
    for line in lines:
        try:
            change = obey(line, knobs, styles)
        except InputError as error:
            raise InputError(f"--set {line!r}: {error}") from error
        if change.new_idea or change.panic or change.knobs.hold:
            raise InputError(f"--set {line!r}: this can be said only while it plays")
        knobs = change.knobs
    return knobs
