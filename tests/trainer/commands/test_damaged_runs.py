"""Runs that are damaged, foreign or hostile: one line from every command that reads one, and no code of theirs."""

import json
import os
import pickle
import shutil
import warnings
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from lstm_composer.export.cli import main as export
from lstm_composer.runtime.errors import ComposerError, InputError
from lstm_composer.runtime.system.atomic_files import _machine as this_machine
from lstm_composer.trainer.cli.advise import main as advise
from lstm_composer.trainer.cli.evaluate import main as evaluate
from lstm_composer.trainer.cli.train import main as train
from lstm_composer.trainer.network.checkpoints import DamagedCheckpointError, check_size, fill_network, read_schedule
from lstm_composer.trainer.network.trained_network import load_network
from lstm_composer.trainer.runs.network_config import NetworkConfig
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.training.fine_tuning import INITIAL_WEIGHTS, read_initial_weights
from tests.support.small_trainings import let_go_of_graphs, step_by_step

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
WEIGHTS = "model.weights.h5"
Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def whole(two_epochs: RunDirectory) -> RunDirectory:
    """Two epochs, both saved."""
    return two_epochs


@pytest.fixture(scope="module")
def network(whole: RunDirectory) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        return load_network(whole, 2)


@pytest.fixture
def run(whole: RunDirectory, tmp_path: Path) -> RunDirectory:
    shutil.copytree(whole.path, tmp_path / "copy")
    return RunDirectory(tmp_path / "copy")


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rezipped(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def with_weights(change: Callable[[h5py.File], object]) -> Change:
    """Change the HDF5 file in a checkpoint."""

    def damage(path: Path) -> None:
        files = members(path)
        data = BytesIO(files[WEIGHTS])
        with h5py.File(data, "r+") as file:
            change(file)
        rezipped(path, {**files, WEIGHTS: data.getvalue()})

    return damage


def style_table(file: h5py.File) -> str:
    """Where Keras has put the vectors of the styles, which are the only weights of their shape."""
    found: list[str] = []

    def look(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.shape == (1, 8) and "optimizer" not in name:
            found.append(name)

    file.visititems(look)
    [name] = found
    return name


def put(make: Callable[[h5py.Group, str], object]) -> Change:
    """Exchange the vectors of the styles."""

    def change(file: h5py.File) -> None:
        group, _, name = style_table(file).rpartition("/")
        del file[group][name]
        make(file[group], name)

    return with_weights(change)


def without_styles(file: h5py.File) -> None:
    del file[style_table(file).removesuffix("/vars/0")]


def virtual(group: h5py.Group, name: str) -> None:
    layout = h5py.VirtualLayout((1, 8), dtype="f4")
    layout[0] = h5py.VirtualSource("/etc/passwd", "x", (8,))
    group.create_virtual_dataset(name, layout)


def linked(group: h5py.Group, name: str) -> None:
    group[name] = h5py.ExternalLink("/etc/passwd", "/x")


def softly(group: h5py.Group, name: str) -> None:
    group[name] = h5py.SoftLink("/optimizer")


def filled(value: float) -> Callable[[h5py.Group, str], object]:
    return lambda group, name: group.create_dataset(name, data=np.full((1, 8), value, np.float32))


def flip(at: float) -> Change:
    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[int(at * len(data))] ^= 0x10
        path.write_bytes(data)

    return damage


def instead(make: Change) -> Change:
    def damage(path: Path) -> None:
        path.unlink()
        make(path)

    return damage


def bomb(path: Path) -> None:
    files = members(path)
    rezipped(path, {**files, WEIGHTS: bytes(200 << 20)}, zipfile.ZIP_DEFLATED)


def encrypted(path: Path) -> None:
    data = path.read_bytes()
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(mark) + flags
        data = data[:at] + b"\x01" + data[at + 1 :]
    path.write_bytes(data)


def of_another_size(path: Path) -> None:
    table = np.zeros((1, 9), np.float32)
    put(lambda group, name: group.create_dataset(name, data=table))(path)


def twice(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("config.json", b"{}")


DAMAGES: dict[str, tuple[Change, str]] = {
    "empty": (lambda path: path.write_bytes(b""), "not a zip file"),
    "text": (lambda path: path.write_bytes(b"Dear diary" * 100), "not a zip file"),
    "pickle": (lambda path: path.write_bytes(pickle.dumps({"weights": [1.0] * 100})), "not a zip file"),
    "half": (lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), "not a zip file"),
    "flipped early": (flip(0.3), ""),
    "flipped in the middle": (flip(0.5), "Bad CRC-32"),
    "flipped late": (flip(0.8), ""),
    "bomb": (bomb, "it holds compressed or encrypted files"),
    "encrypted": (encrypted, "it holds compressed or encrypted files"),
    "two of one name": (twice, "two of one name"),
    "another archive": (lambda path: rezipped(path, {"word/document.xml": b"<x/>"}), "it is no checkpoint"),
    "a file too many": (lambda path: rezipped(path, {**members(path), "../x.py": b"x"}), "it is no checkpoint"),
    "no HDF5": (lambda path: rezipped(path, {**members(path), WEIGHTS: b"\x80\x04N."}), ""),
    "a link out": (put(linked), "it points at other places"),
    "a link within": (put(softly), "it points at other places"),
    "another file's array": (put(virtual), "something else than numbers"),
    "kept outside": (
        put(lambda g, n: g.create_dataset(n, (1, 8), "f4", external=[("/etc/passwd", 0, 32)])),
        "something else than numbers",
    ),
    "texts": (put(lambda g, n: g.create_dataset(n, data=["x"])), "something else than numbers"),
    "an array too large": (
        put(lambda g, n: g.create_dataset(n, (1 << 40,), "f4", chunks=(1024,))),
        "larger arrays than it holds",
    ),
    "another shape": (of_another_size, "not of the network that config.json describes"),
    "without a layer": (with_weights(without_styles), "not of the network"),
    "without its optimizer": (with_weights(lambda file: file.pop("optimizer")), ""),
    "no numbers": (put(filled(float("nan"))), "weights that are no numbers, or far too large"),
    "endless": (put(filled(float("inf"))), "weights that are no numbers, or far too large"),
    "too large": (put(filled(1e30)), "weights that are no numbers, or far too large"),
    "folder": (instead(lambda path: path.mkdir()), "it is a folder, not a file"),
    "nowhere": (instead(lambda path: path.symlink_to("gone")), "No such file"),
    "circle": (instead(lambda path: path.symlink_to(path.name)), ""),
    "device": (instead(lambda path: path.symlink_to("/dev/zero")), "it is a device, not a file"),
    "pipe": (instead(os.mkfifo), "it is a pipe, not a file"),
    "huge": (lambda path: os.truncate(path, 1 << 42), "it is too large"),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_checkpoint_is_one_line(network: Any, whole: RunDirectory, tmp_path: Path, kind: str) -> None:
    damage, reason = DAMAGES[kind]
    path = tmp_path / "epoch_0002.keras"
    path.write_bytes(whole.checkpoint(2).read_bytes())
    damage(path)
    with pytest.raises(DamagedCheckpointError, match=r"^checkpoint .*epoch_0002\.keras cannot be loaded \(") as refusal:
        fill_network(network, path)
    assert reason in str(refusal.value)
    assert str(refusal.value).isprintable()
    assert str(refusal.value).endswith("): name another epoch, or delete it")


def test_a_checkpoint_that_may_not_be_read_is_not_called_damaged(
    network: Any, whole: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("lstm_composer.runtime.system.foreign_files.os.open", refused)
    with pytest.raises(InputError, match=r"cannot be opened \(Permission denied\): see who may read it") as refusal:
        fill_network(network, whole.checkpoint(2))
    assert not isinstance(refusal.value, DamagedCheckpointError)


def _learned(network: Any) -> list[Any]:
    return [np.asarray(variable) for variable in (*network.trainable_variables, *network.optimizer.variables)]


def test_no_code_of_a_checkpoint_is_run(run: RunDirectory, whole: RunDirectory) -> None:
    """Its config.json may name whatever class or function it likes: only the numbers of the schedule are read."""
    files = members(run.checkpoint(2))
    config, expected = json.loads(files["config.json"]), _learned(load_network(whole, 2))
    for name, module in (("Lambda", "keras.layers"), ("Later", "lstm_composer.of_2030"), ("system", "os")):
        strange = {**config, "class_name": name, "module": module, "registered_name": f"{module}>{name}"}
        strange["config"] = {"function": {"class_name": "__lambda__", "config": {"code": "4wAAAA"}}}
        rezipped(run.checkpoint(2), {**files, "config.json": json.dumps(strange).encode()})
        loaded = load_network(run, 2)
        # Not the states of the dropout's generators, which no checkpoint keeps.
        for mine, theirs in zip(_learned(loaded), expected, strict=True):
            np.testing.assert_array_equal(mine, theirs)
        assert type(loaded.optimizer) is keras.optimizers.AdamW


@pytest.mark.parametrize("config", [b"", b"{}", b"[" * 5000, b"\xff", b'{"compile_config": {"optimizer": "Adam"}}'])
def test_a_schedule_that_is_not_there(run: RunDirectory, config: bytes) -> None:
    rezipped(run.checkpoint(2), {**members(run.checkpoint(2)), "config.json": config})
    with pytest.raises(DamagedCheckpointError, match=r"it has a config\.json that ") as refusal:
        read_schedule(run.checkpoint(2))
    assert str(refusal.value).isprintable()


def test_memory_is_not_taken_for_a_network_that_is_not_there(whole: RunDirectory) -> None:
    with pytest.raises(DamagedCheckpointError, match=r"it is of a smaller network than config\.json describes"):
        check_size(whole.checkpoint(2), NetworkConfig(units=4096, layers=2))


def resume(run: RunDirectory, *flags: str) -> int:
    settings = run.read_settings()
    return train([settings.source, "--name", settings.name, "--run-dir", str(run.path), "--resume", *flags])


def test_resume_goes_back_to_the_newest_whole_checkpoint(
    run: RunDirectory, whole: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    flip(0.5)(run.checkpoint(2))
    damaged = run.checkpoint(2).read_bytes()
    left = run.checkpoints_path / f".lstm-composer-{this_machine()}-{2**22 + 1}-0123456789abcdef.keras"
    left.touch()
    with step_by_step():
        assert resume(run) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "epoch_0002.keras cannot be loaded (Bad CRC-32 for file" in line]
    assert "going on from epoch 1, the newest whole checkpoint" in said
    assert (run.checkpoints_path / "epoch_0002.keras.damaged").read_bytes() == damaged
    assert not left.exists()
    assert run.saved_epochs() == [1, 2]
    assert [row["epoch"] for row in run.read_history()] == [1, 2]
    assert run.read_history()[1]["loss"] == pytest.approx(whole.read_history()[1]["loss"], rel=1e-5)


def test_resume_where_no_checkpoint_is_whole(run: RunDirectory) -> None:
    for epoch in (1, 2):
        flip(0.5)(run.checkpoint(epoch))
    with pytest.raises(InputError, match="none of the 2 checkpoints can be loaded; train again into another"):
        resume(run)
    assert run.saved_epochs() == [1, 2]  # none is put aside: the next --resume would begin anew


def commands(run: RunDirectory, tmp_path: Path) -> dict[str, Callable[[], int]]:
    return {
        "export": lambda: export(["--run", str(run.path), "--epoch", "best", "-o", str(tmp_path / "models")]),
        "advise": lambda: advise([str(run.path)]),
        "evaluate": lambda: evaluate([str(run.path)]),
    }


FILES: dict[str, Change] = {
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "of another type": lambda path: path.write_bytes(b"[1, 2, 3]"),
    "deep": lambda path: path.write_bytes(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "not UTF-8": lambda path: path.write_bytes(b'{"name": "F\xfcr Elise"}'),
    "pipe": instead(os.mkfifo),
    "endless": instead(lambda path: path.symlink_to("/dev/zero")),
    "nowhere": instead(lambda path: path.symlink_to("gone")),
    "folder": instead(lambda path: path.mkdir()),
}


@pytest.fixture(scope="module", params=["config.json", "corpus.json", "history.csv"])
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    """A file of a run; what its tests have loaded is let go of before those of the next."""
    yield request.param
    let_go_of_graphs()


@pytest.mark.parametrize("damage", FILES)
def test_a_damaged_file_is_one_line_from_every_command(
    run: RunDirectory, music_folder: Path, tmp_path: Path, name: str, damage: str
) -> None:
    FILES[damage](run.path / name)
    new = [str(music_folder), "--name", "new", "--run-dir", str(tmp_path / "new"), "--from", str(run.path)]
    old = [str(music_folder), "--name", "first", "--run-dir", str(run.path), "--resume"]
    asked = {**commands(run, tmp_path), "from": lambda: train(new), "resume": lambda: train(old)}
    if name == "history.csv":
        del asked["export"], asked["evaluate"], asked["from"]  # advice.json says which epoch is best
    for command in asked.values():
        with pytest.raises(ComposerError, match=rf"{name} cannot be read \(it ") as refusal:
            command()
        assert str(refusal.value).isprintable()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("command", ["export", "evaluate", "advise", "from"])
def test_a_damaged_checkpoint_is_one_line_from_every_command(
    run: RunDirectory, music_folder: Path, tmp_path: Path, command: str
) -> None:
    for epoch in run.saved_epochs():
        flip(0.5)(run.checkpoint(epoch))
    new = [str(music_folder), "--name", "new", "--run-dir", str(tmp_path / "new"), "--from", str(run.path)]
    asked = {**commands(run, tmp_path), "from": lambda: train(new)}
    with pytest.raises(DamagedCheckpointError, match=r"name another epoch, or delete it$"):
        asked[command]()
    assert not (tmp_path / "new").exists()


def npz(**arrays: Any) -> bytes:
    file = BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def with_header(shape: tuple[int, ...]) -> bytes:
    """An archive whose array says that it is larger than it is."""
    file = BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("x.npy", file.getvalue() + bytes(16))
    return whole.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a zip file"),
        (npz(x=np.array([{"a": 1}], object)), "none of 32-bit numbers"),
        (npz(x=np.zeros(3)), "none of 32-bit numbers"),
        (npz(x=np.array([np.nan], np.float32)), r"numbers that are none \(nan\)"),
        (npz(x=np.zeros(4, np.float32))[:-80], ""),
        (with_header((1 << 40,)), "not of the size that it names"),
        (with_header((0,)), "not of the size that it names"),
    ],
)
def test_first_weights_that_are_damaged(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / INITIAL_WEIGHTS).write_bytes(data)
    with pytest.raises(InputError, match=rf"base\.npz cannot be read \(.*{reason}") as refusal:
        read_initial_weights(RunDirectory(tmp_path))
    assert str(refusal.value).isprintable()
