"""What controllers were taught while the music played, in a file that the program writes and the user need not.

It lies beside the user's map, which is never written: learnt.toml beside map.toml, studio-learnt.toml beside
studio.toml. Such as::

    # Written by the commands learn and unlearn; leave out a line to forget it.
    [learnt]
    30 = [{knob = "density", channel = 5}]
    31 = [{knob = "swing", low = 1.0, high = 0.0, channel = 1}, {knob = "morph", channel = 2}]

The lines are those of `[controllers]` in a map (`runtime.parameters.midi_map_file`), and go before them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.parameters.midi_map import Binding, Slot
from lstm_composer.runtime.parameters.midi_map_file import LEARNT, naming, read_bindings, refuse_unknown
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.system.atomic_files import write_bytes_atomically
from lstm_composer.runtime.system.foreign_files import read_foreign_toml
from lstm_composer.runtime.system.visible_text import visible

HEADLINE: Final = "# Written by the commands learn and unlearn; leave out a line to forget it."


@dataclass(frozen=True, slots=True)
class LearntFile:
    """The file that what was learnt is kept in.

    Attributes:
        path: Where it is, or will be.
        parameters: Any, to try the bindings on.
        styles: Names of the styles that the bundle holds.

    """

    path: Path
    parameters: Parameters
    styles: Sequence[str]

    def read(self) -> dict[Slot, Binding]:
        """Return what was learnt; nothing where there is no file.

        Raises:
            InputError: If the file is damaged; names it and what to do.

        """
        with naming(f"learnt controllers {visible(str(self.path))}"):
            try:
                content = read_foreign_toml(self.path)
            except InputError as error:
                if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                    return {}
                raise InputError(f"the file {error}: mend it, or remove it") from error
            refuse_unknown(content, (LEARNT,))
            return read_bindings(content, LEARNT, self.parameters, self.styles)

    def write(self, learnt: Mapping[Slot, Binding]) -> None:
        """Write all that was learnt, in place of what the file says.

        Raises:
            InputError: If what is there is damaged: it is left as it is, so that nothing in it is lost.
            MissingError: If it cannot be written; what was there stays.

        """
        self.read()
        lines = [f"{number} = [{', '.join(shown)}]" for number, shown in _by_number(learnt).items()]
        path = self.path.resolve()  # of a link, the file: moving a new one there would replace the link
        write_bytes_atomically(path, "\n".join([HEADLINE, f"[{LEARNT}]", *lines, ""]).encode())


def learnt_path(map_path: Path) -> Path:
    """Where what is learnt with a map is kept."""
    return map_path.with_name("learnt.toml" if map_path.name == "map.toml" else f"{map_path.stem}-learnt.toml")


def _by_number(learnt: Mapping[Slot, Binding]) -> dict[int, list[str]]:
    """Return what each controller turns, as TOML."""
    shown: dict[int, list[str]] = {}
    for (number, channel), bound in sorted(learnt.items(), key=lambda item: (item[0][0], item[0][1] or 0)):
        words = [f'knob = "{bound.name}"']
        words += [] if bound.travel is None else [f"low = {bound.travel[0]!r}", f"high = {bound.travel[1]!r}"]
        words += [] if channel is None else [f"channel = {channel}"]
        shown.setdefault(number, []).append(f"{{{', '.join(words)}}}")
    return shown
