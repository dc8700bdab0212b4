"""Count what the structure of the code is held to, and print each figure beside its ceiling and its target.

python recipes/count_structure.py [--places]

`tests/test_structure.py` fails where a figure is above its ceiling. Whoever brings one down lowers the ceiling in
FIGURES; what is at its target stays there.
"""

import argparse
import ast
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PACKAGES: Final = ("lstm_composer/runtime", "lstm_composer/trainer", "lstm_composer/export")
SOURCES: Final = ("lstm_composer", "benchmarks", "recipes")
MOST_LINES, MOST_FUNCTION_LINES = 350, 50
PRESETS: Final = {"stream", "article", "skuldur"}

Places = list[str]
"""Where something was found: a file, or a file and a line, from the root on."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that is counted.

    Attributes:
        name: In words.
        find: Finds the places that count, each of which is one.
        target: How many there should be.
        ceiling: How many there may be now.
        known: The places that there may be now; none where any may.

    """

    name: str
    find: Callable[[], Places]
    target: int
    ceiling: int
    known: tuple[str, ...] = ()

    def new(self, found: Places) -> Places:
        """Return the places that should not be there."""
        if self.known:
            return [place for place in found if place not in self.known]
        return found if len(found) > self.ceiling else []


@cache
def modules() -> Mapping[str, list[ast.AST]]:
    """Parse all modules: the nodes of each, by its path from the root on."""
    paths = sorted(path for folder in SOURCES for path in (ROOT / folder).rglob("*.py"))
    return {
        path.relative_to(ROOT).as_posix(): list(ast.walk(ast.parse(path.read_text(encoding="utf-8")))) for path in paths
    }


def walk(*folders: str) -> Iterator[tuple[str, ast.AST]]:
    """Give every node of all modules below some folders, with the module's path."""
    below = tuple(f"{folder}/" for folder in folders)
    for path, nodes in modules().items():
        if path.startswith(below):
            for node in nodes:
                yield path, node


def package_cycles() -> Places:
    """Groups of folders of the three packages that import each other, however far around."""
    imports = _imports_of_folders()
    reached = {folder: _reached(folder, imports) for folder in imports}
    groups = {
        tuple(sorted(other for other in reached[folder] if folder in reached.get(other, ())))
        for folder in imports
        if folder in reached[folder]
    }
    return [" <-> ".join(group) for group in sorted(groups)]


def _imports_of_folders() -> Mapping[str, set[str]]:
    """The folders that each folder imports, late imports too."""
    imports: dict[str, set[str]] = defaultdict(set)
    for path, node in walk(*PACKAGES):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        own = _folder_of(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        imports[own] |= {_folder_of(name) for name in names if name.startswith("lstm_composer.")} - {own}
    return imports


def _folder_of(module: str) -> str:
    """The folder of a module, or a module beside the folders: "x.runtime.ports" of "x.runtime.ports.base"."""
    return ".".join(module.split(".")[:3])


def _reached(start: str, imports: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = imports.get(waiting.pop(), set()) - reached
        reached |= fresh
        waiting += fresh
    return reached


def side_by_side() -> Places:
    """The modules of the folder that holds most of them."""
    folders: dict[str, Places] = defaultdict(list)
    for path in modules():
        folder, _, name = path.rpartition("/")
        folders[folder] += [path] if name != "__init__.py" else []
    return max(folders.values(), key=len)


def pitch_name_tables() -> Places:
    """Modules that list the names of pitches: seven or more in one tuple, list, set, dict or text."""
    name = re.compile(r"[A-Ga-g](#|♯|b|♭|-)?")
    found = set()
    for path, node in walk(*PACKAGES, "benchmarks"):
        texts: list[str] = []
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            texts = [one.value for one in node.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        elif isinstance(node, ast.Dict):
            texts = [one.value for one in node.keys if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 100:
            texts = list(node.value) if sorted(node.value.upper()) == list("ABCDEFG") else node.value.split()
        if len({text for text in texts if name.fullmatch(text)}) >= 7:
            found.add(path)
    return sorted(found)


STATUS_BYTES: Final = {0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0}
"""Of messages of a channel but for 0x80, which is also where the numbers of files and of protobuf go on."""
NO_INPUT: Final = {
    "lstm_composer/runtime/midi/messages.py": "makes messages, and reads none",
    "lstm_composer/runtime/midi/smf.py": "reads events of files, whose running status and metas no port sends",
}
"""Modules with status bytes that decode no messages that come in."""


def decoders_of_status_bytes() -> Places:
    """Modules in which status bytes of MIDI are written as hexadecimal numbers."""
    return [
        path
        for path in modules()
        if path.startswith(PACKAGES)
        and path not in NO_INPUT
        and {int(number, 16) for number in re.findall(r"\b0x[0-9A-Fa-f]{2}\b", (ROOT / path).read_text("utf-8"))}
        & STATUS_BYTES
    ]


def training_loops() -> Places:
    """Calls of Keras' `fit` that a command of ours makes; the forests of judging have another."""
    return [
        f"{path}:{node.lineno}"
        for path, node in walk("lstm_composer/trainer", "lstm_composer/export")
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (node.func.attr == "train_on_batch" or (node.func.attr == "fit" and node.keywords))
    ]


def preset_branches() -> Places:
    """Places that ask by name or by type which preset or encoding there is, instead of looking it up."""
    named = {
        target.id
        for _, node in walk(*PACKAGES)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value in PRESETS
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return [
        f"{path}:{node.lineno}"
        for path, node in walk(*PACKAGES)
        if isinstance(node, ast.expr | ast.pattern) and _asks_for_preset(node, named)
    ]


def _asks_for_preset(node: ast.expr | ast.pattern, named: set[str]) -> bool:
    if isinstance(node, ast.Call):
        is_asked = isinstance(node.func, ast.Name) and node.func.id == "isinstance"
        return is_asked and bool(re.search(r"(Token|Article|Skuldur|Event)\w*Encoding", ast.unparse(node.args[1])))
    values: list[ast.expr] = []
    if isinstance(node, ast.Compare):
        values = [node.left, *node.comparators]
    elif isinstance(node, ast.MatchValue):
        values = [node.value]
    return any(
        (isinstance(value, ast.Constant) and value.value in PRESETS)
        or (isinstance(value, ast.Name) and value.id in named)
        for value in values
    )


def untyped_states() -> Places:
    """Where lstm_composer/runtime/generation says Any; the kind of numbers in an array does not count."""
    of_arrays = {
        part
        for _, node in walk("lstm_composer/runtime/generation")
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("NDArray", "np.dtype")
        for part in ast.walk(node.slice)
    }
    return [
        f"{path}:{node.lineno}"
        for path, node in walk("lstm_composer/runtime/generation")
        if isinstance(node, ast.Name) and node.id == "Any" and node not in of_arrays
    ]


THIRD_PARTY: Final = {
    "lstm_composer/export/onnx_model.py": (
        "producer_name producer_version doc_string",
        "a model of ONNX is a message of protobuf",
    ),
    "lstm_composer/runtime/graph/engine.py": (
        "intra_op_num_threads inter_op_num_threads log_severity_level",
        "onnxruntime takes its options so",
    ),
    "lstm_composer/runtime/midi/writer.py": ("tracks", "mido's file has no tracks when it is made"),
    "lstm_composer/runtime/ports/jack_process.py": ("restype argtypes", "ctypes is told so what a function takes"),
    "lstm_composer/runtime/sound/device.py": (
        "close",
        "miniaudio's destructor closes a device that may only be forgotten",
    ),
    "lstm_composer/runtime/system/standard_streams.py": ("stdin stdout stderr", "sys has the streams"),
    "lstm_composer/runtime/transport/link.py": ("quantum start_stop_sync_enabled enabled", "Ableton Link is set so"),
    "lstm_composer/trainer/article/learner.py": ("learning_rate", "Keras takes a new learning rate so"),
    "lstm_composer/trainer/article/windows.py": ("enabled", "tf.data takes its options so"),
    "lstm_composer/trainer/dataset/batches.py": ("enabled", "tf.data takes its options so"),
    "lstm_composer/trainer/formats/abc/score.py": (
        "quarterLength",
        "of a note of music21, whose length comes after it",
    ),
    "lstm_composer/trainer/formats/kern_score.py": ("timeSignature tie", "of measures and notes of music21"),
    "lstm_composer/trainer/formats/musicxml.py": (
        "buffer_text StartElementHandler EndElementHandler CharacterDataHandler EntityDeclHandler text",
        "expat and xml.etree are set so",
    ),
    "lstm_composer/trainer/training/loop.py": ("stop_training", "Keras is told so that an epoch ends early"),
    "lstm_composer/trainer/training/stream_learner.py": ("learning_rate", "Keras takes a new learning rate so"),
}
"""By module, attributes of objects of others that it assigns, and why that is how they are made."""


def foreign_assignments() -> Places:
    """Attributes of another object of ours that are assigned after its construction."""
    found = []
    for path, node in walk(*PACKAGES):
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store):
            continue
        is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        attributes, _ = THIRD_PARTY.get(path, ("", ""))
        if not is_own and node.attr not in attributes.split():
            found.append(f"{path}:{node.lineno} {ast.unparse(node)}")
    return found


def long_files() -> Places:
    """Modules of more than MOST_LINES lines."""
    return [path for path in modules() if (ROOT / path).read_text("utf-8").count("\n") > MOST_LINES]


def long_functions() -> Places:
    """Functions of more than MOST_FUNCTION_LINES lines, their docstrings included."""
    return [
        f"{path} {node.name}"
        for path, node in walk(*SOURCES)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= MOST_FUNCTION_LINES
    ]


FIGURES: Final = (
    Figure("package cycles", package_cycles, target=0, ceiling=0),
    Figure("modules side by side in one folder", side_by_side, target=14, ceiling=14),
    Figure("tables of pitch names", pitch_name_tables, target=1, ceiling=1),
    Figure("decoders of status bytes", decoders_of_status_bytes, target=1, ceiling=1),
    Figure("training loops", training_loops, target=1, ceiling=1),
    Figure("preset branches", preset_branches, target=0, ceiling=0),
    Figure("untyped states", untyped_states, target=0, ceiling=0),
    Figure("attributes of another object assigned", foreign_assignments, target=0, ceiling=0),
    Figure(
        f"modules over {MOST_LINES} lines",
        long_files,
        target=0,
        ceiling=0,
    ),
    Figure(
        f"functions over {MOST_FUNCTION_LINES} lines",
        long_functions,
        target=0,
        ceiling=0,
    ),
)
"""The table: whoever brings a figure down lowers its ceiling here, and takes places out."""


def main() -> int:
    """Print the figures; returns 1 if one is above its ceiling."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--places", action="store_true", help="name the places too")
    asked = parser.parse_args()
    print(f"{'':40}  now  ceiling  target")
    new: Places = []
    for figure in FIGURES:
        found = figure.find()
        new += figure.new(found)
        print(f"{figure.name:40}{len(found):5}{figure.ceiling:9}{figure.target:8}")
        for place in found if asked.places else ():
            print(f"    {place}")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
