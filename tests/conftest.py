"""What the tests of all packages share: a bundle whose music is known, and the command line in a clean surrounding."""

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from lstm_composer.runtime.bundle.files import Bundle, load_bundle
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.session.settings import MusicSettings
from lstm_composer.trainer.cli.train_extra import FIRST_PYTHON_WITHOUT_TENSORFLOW
from tests.support.needs_tensorflow import TENSORFLOW, files_that_need, folders_that_need
from tests.support.quick import FOLDERS, HELP, LIBRARIES, draw_examples, is_left_out
from tests.support.scheduling import GroupScheduling, in_order

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
PATIENCE_SECONDS = 60.0

# Where TensorFlow cannot be installed, the tests that need it are left out. Where it can be and is not, they fail.
_NO_TENSORFLOW = sys.version_info >= FIRST_PYTHON_WITHOUT_TENSORFLOW and find_spec("tensorflow") is None
_QUICK = "--quick"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(_QUICK, action="store_true", help=HELP)


def pytest_configure(config: pytest.Config) -> None:
    draw_examples(quick=config.getoption(_QUICK))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Find the tests without looking for garbage: thousands are made and none is any.

    A third of the time went there. Nor are they looked through again while they run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if collection_path in _left_out(quick=config.getoption(_QUICK)) else None


@cache
def _left_out(*, quick: bool) -> frozenset[Path]:
    """Return folders and files whose tests a run is without; asked for each of them."""
    if not (quick or _NO_TENSORFLOW):
        return frozenset()
    without = TENSORFLOW | LIBRARIES if quick else TENSORFLOW
    return frozenset([*files_that_need(without), *folders_that_need(without), *(FOLDERS if quick else [])])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption(_QUICK):
        config.hook.pytest_deselected(items=[item for item in items if is_left_out(item)])
        items[:] = [item for item in items if not is_left_out(item)]
        in_order(items, [])
    else:
        in_order(items, files_that_need())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    return GroupScheduling(config, log)


def pytest_report_header() -> list[str]:
    if not _NO_TENSORFLOW:
        return []
    python, count = f"3.{sys.version_info[1]}", len(files_that_need())
    return [f"TensorFlow has no version for Python {python} yet: {count} files of tests that need it are left out"]


@pytest.fixture(scope="session")
def quick(request: pytest.FixtureRequest) -> bool:
    """Whether this is a run of `--quick`."""
    return bool(request.config.getoption(_QUICK))


@pytest.fixture(autouse=True, scope="session")
def _signals_of_a_terminal() -> None:
    """Ctrl-C, its like and a hang-up do what they do in a terminal, also where tests were started to outlive one."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGHUP", "SIGQUIT"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)


@pytest.fixture(autouse=True, scope="session")
def _no_map_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Controllers turn what they turn by default, whatever the user has taught them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "lstm_composer.runtime.session.control_inputs.default_path",
            lambda: tmp_path_factory.getbasetemp() / "map.toml",
        )
        yield


@pytest.fixture(scope="session")
def tiny_models() -> Path:
    """The folder with the bundle of `tests/support/make_tiny_bundle.py`, which holds the style `scale`."""
    return DATA


@pytest.fixture(scope="session")
def tiny_bundle(tiny_models: Path) -> Bundle:
    return load_bundle(tiny_models / "tiny.onnx.json")


@pytest.fixture(scope="session")
def tiny(tiny_bundle: Bundle) -> Engine:
    """An engine on the bundle; it keeps no state of its own."""
    return Engine(tiny_bundle, "cpu")


@pytest.fixture(scope="session")
def remembering(tiny_models: Path) -> Engine:
    """An engine on the known bundle with a memory of the piece, style `scale` too; see `tests.support.tiny_memory`."""
    return Engine(load_bundle(tiny_models / "memory" / "tiny.onnx.json"), "cpu")


@pytest.fixture
def copied_models(tiny_models: Path, tmp_path: Path) -> Path:
    """A copy of the bundle's folder, to spoil."""
    return Path(shutil.copytree(tiny_models, tmp_path / "models"))


@pytest.fixture
def music(tiny_models: Path) -> Callable[..., MusicSettings]:
    """Settings of the known music, each of which may be given another value."""

    def make(**changes: object) -> MusicSettings:
        known = {"style": "scale", "seed": 1, "temperature": 0.0, "device": "cpu", "models_dirs": (tiny_models,)}
        return MusicSettings(**{**known, **changes})  # type: ignore[arg-type] # the tests name its fields

    return make


@pytest.fixture
def surrounding(tiny_models: Path, tmp_path: Path) -> dict[str, str]:
    """An environment in which the command finds the known bundle, no JACK server, and nothing of the user's."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    return os.environ | {
        "LSTM_COMPOSER_MODELS": str(tiny_models),
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(temporary),
        "XDG_CONFIG_HOME": str(tmp_path),
        "TMPDIR": str(temporary),
        "JACK_NO_START_SERVER": "1",
        "JACK_DEFAULT_SERVER": "none-of-that-name",
        "PYTHONWARNINGS": "error",
    }


@pytest.fixture
def composer(surrounding: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `lstm-composer ARGUMENTS` in the test's own folder and wait for its end."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "lstm_composer", *map(str, arguments)]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=surrounding,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    return run
