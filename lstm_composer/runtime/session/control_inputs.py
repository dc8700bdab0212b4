"""The inputs that set parameters, opened before the music starts: the user's map and the OSC port."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.parameters.learnt_file import LearntFile, learnt_path
from lstm_composer.runtime.parameters.midi_learn import Learner, Read
from lstm_composer.runtime.parameters.midi_map import Binding, ControlMap, Slot
from lstm_composer.runtime.parameters.midi_map_file import LEARNT, default_path, read_map
from lstm_composer.runtime.parameters.osc import OscInput
from lstm_composer.runtime.session.live_control import ControllableStyle
from lstm_composer.runtime.system.visible_text import visible

Complain = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ControlInputs:
    """The inputs that set parameters.

    Attributes:
        read: What a channel message or a command line asks for, by the user's map.
        osc: The OSC port; None where none was asked for.
        controllers_by_parameter: The controllers of each parameter that is turned by any at present.

    """

    read: Read
    osc: OscInput | None = None
    controllers_by_parameter: Callable[[], Mapping[str, Sequence[Slot]]] = dict

    @contextmanager
    def heard(self, put: Callable[[str, Complain], None]) -> Iterator[None]:
        """Hand over what comes in by OSC during the block, on a thread that ends with it.

        Args:
            put: Given a command line, and whom to tell what is wrong with it, which is told a few times only.

        """
        if self.osc is None:
            yield
            return
        osc, stop = self.osc, threading.Event()
        thread = threading.Thread(target=osc.run, args=(lambda line: put(line, osc.tell_once), stop), name="osc")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@contextmanager
def open_control_inputs(
    controllable: ControllableStyle | None, map_path: Path | None, osc: str | None, say: Callable[[str], None]
) -> Iterator[ControlInputs | None]:
    """Read the map and open the OSC port; None where the style has no parameters.

    Args:
        controllable: What can be turned.
        map_path: The user's map; None for the one in the user's configuration folder, if there is one.
        osc: PORT or HOST:PORT; None for no OSC.
        say: Told in a line where OSC is heard, what was learnt, what was wrong with a message, or with the file that
            keeps what was learnt.

    Raises:
        InputError: If the map or the address is not right.
        MissingError: If the port cannot be opened, or python-osc is not installed.

    """
    if controllable is None:
        if map_path is not None or osc is not None:
            raise InputError("this style has no knobs, as those of the article's presets: leave --map and --osc out")
        yield None
        return
    learner = _learner(controllable, map_path, say)
    inputs = ControlInputs(learner.read, controllers_by_parameter=learner.controllers_by_parameter)
    if osc is None:
        yield inputs
        return
    port = OscInput(osc, say)
    try:
        say(f"is steered by OSC at {port.address[0]}:{port.address[1]}, such as /lstm/temperature 0.8")
        yield replace(inputs, osc=port)
    finally:
        port.close()


def _learner(controllable: ControllableStyle, map_path: Path | None, say: Callable[[str], None]) -> Learner:
    path = map_path or default_path()
    is_there = map_path is not None or _is_there(path)
    control_map = read_map(path, controllable.parameters, controllable.styles) if is_there else ControlMap()
    file = LearntFile(learnt_path(path), controllable.parameters, controllable.styles)
    in_map, map_name, file_name = control_map.learnt, visible(str(path)), visible(str(file.path))
    if in_map:
        kept = f"what is learnt is kept in {file_name}: move its lines there"
        say(f"map {map_name}: [{LEARNT}] is still read, but {kept}")

    def keep(learnt: Mapping[Slot, Binding]) -> str:
        file.write(learnt)
        comes_back = in_map.keys() - learnt.keys()
        but = f", but [{LEARNT}] in {map_name} has it at the next start: take its line out there" if comes_back else ""
        return f"in {file_name}{but}"

    learnt = {**in_map, **_learnt(file, say)}
    return Learner(controllable.styles, replace(control_map, learnt=learnt), tell=say, keep=keep)


def _learnt(file: LearntFile, say: Callable[[str], None]) -> Mapping[Slot, Binding]:
    """Return what was learnt before; what is wrong with the file keeps no music from starting."""
    if not _is_there(file.path):
        return {}
    try:
        return file.read()
    except InputError as error:
        say(f"{error}; until then nothing in it counts")
        return {}


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder above it that may not be entered
        return False
