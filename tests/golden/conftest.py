"""Surroundings in which everything comes out the same: the known bundles, one thread, nothing of the user's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.driving import DATA


@pytest.fixture(scope="module", autouse=True)
def _nothing_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    home = str(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patch:  # for this folder alone: other tests have terminals and servers
        for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
            patch.setenv(name, home)
        for name in ("FORCE_COLOR", "PYTHON_COLORS"):
            patch.delenv(name, raising=False)
        patch.setenv("LSTM_COMPOSER_MODELS", str(DATA))
        patch.setenv("COLUMNS", "100")
        patch.setenv("NO_COLOR", "1")
        patch.setenv("TERM", "dumb")
        patch.setenv("JACK_NO_START_SERVER", "1")
        patch.setenv("JACK_DEFAULT_SERVER", "none-of-that-name")
        patch.setenv("TF_NUM_INTRAOP_THREADS", "1")  # sums come out the same twice
        patch.setenv("TF_NUM_INTEROP_THREADS", "1")
        patch.setenv("CUDA_VISIBLE_DEVICES", "-1")
        yield


@pytest.fixture(autouse=True)
def _folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
