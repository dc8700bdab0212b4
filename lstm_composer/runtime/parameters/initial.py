"""Parameters that are set before the music starts: `--set "key C minor" --set "density 0.3"`."""

from collections.abc import Sequence

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.parameters.commands import parse_command
from lstm_composer.runtime.parameters.parameters import Parameters


def apply_commands(lines: Sequence[str], parameters: Parameters, styles: Sequence[str]) -> Parameters:
    """Apply command lines to the parameters, one after the other.

    Args:
        lines: See `runtime.parameters.commands`.
        parameters: Their values before.
        styles: Names of the styles that the bundle holds.

    Raises:
        InputError: If a line is no command, or a value in it is not allowed, or it sets no parameter.

    """
    for line in lines:
        try:
            change = parse_command(line, parameters, styles)
        except InputError as error:
            raise InputError(f"--set {line!r}: {error}") from error
        if change.new_piece or change.panic or change.parameters.hold:
            raise InputError(f"--set {line!r}: this can be said only while it plays")
        parameters = change.parameters
    return parameters
