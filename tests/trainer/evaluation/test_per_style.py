"""Each style of a network measured for itself."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from lstm_composer.runtime.bundle.schema import SamplingCard
from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.cli.evaluate import main as evaluate
from lstm_composer.trainer.cli.train import main as train
from lstm_composer.trainer.corpus.corpus import Corpus
from lstm_composer.trainer.dataset.dataset import Dataset, build_dataset
from lstm_composer.trainer.evaluation.epoch_choice import GateResult
from lstm_composer.trainer.evaluation.per_style import StyleFigures, as_played, by_style, means, table_of
from lstm_composer.trainer.network.excerpts import controls_of
from lstm_composer.trainer.pieces.piece import Piece
from tests.support.small_trainings import step_by_step

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MakeWalk = Callable[[int, int], Piece]
FOLDERS = {"alone": 1, "one": 6, "two": 6}


def _pieces(make_walk: MakeWalk) -> tuple[Piece, ...]:
    seeds = iter(range(100))
    return tuple(
        replace(make_walk(next(seeds), 60), name=f"{style}/{number}.mid")
        for style, count in FOLDERS.items()
        for number in range(count)
    )


@pytest.fixture(scope="module")
def material(make_walk: MakeWalk) -> Dataset:
    return build_dataset(Corpus(_pieces(make_walk), (), "none", tuple(FOLDERS)), seed=7, names=tuple(FOLDERS))


def test_each_style_has_its_own_pieces_and_keeps_its_vector(material: Dataset) -> None:
    apart = by_style(material)
    assert list(apart) == list(FOLDERS)
    for number, (name, own) in enumerate(apart.items()):
        laid = [*own.train, *own.validation, *own.test]
        assert {sequence.style for sequence in laid} == {number}
        assert sorted(sequence.name for sequence in laid) == [piece.name for piece in own.corpus.pieces]
        assert all(piece.name.startswith(f"{name}/") for part in (own.split.train, own.split.test) for piece in part)
    assert sum(len(own.train) for own in apart.values()) == len(material.train)


def test_a_style_of_one_piece_has_nothing_held_out(material: Dataset) -> None:
    own = by_style(material)["alone"]
    assert (len(own.train), own.validation, own.test) == (1, (), ())


def test_excerpts_are_made_as_they_are_played(material: Dataset) -> None:
    sampling = SamplingCard(temperature=(0.9, 0.9, 0.9, 1.0), min_p=0.02, style_strength=1.5)
    style = msgspec.structs.replace(material.styles[0], register=(50, 60), sampling=sampling)
    controls = as_played(controls_of(2, 0), style)
    assert (controls.temperature, controls.min_p, controls.style_strength) == ((0.9, 0.9, 0.9, 1.0), 0.02, 1.5)
    assert controls.pitch_bias is not None
    assert [pitch for pitch, nats in enumerate(controls.pitch_bias) if nats == 0] == list(range(50, 61))


def _figures(style: str, nll: float | None, *, passed: bool) -> StyleFigures:
    gate = GateResult(passed, 32 if passed else 3, 32, ())
    markov, below = (None, None) if nll is None else (4.0, round(1 - nll / 4.0, 4))
    return StyleFigures(
        style=style,
        pieces=1,
        notes=9,
        nll=nll,
        markov=markov,
        markov_of_all=5.0,
        below_markov=below,
        loop=gate,
        copy=gate,
    )


def test_means_are_over_the_styles_that_have_the_figure() -> None:
    found = [
        _figures("one", 2.0, passed=True),
        _figures("two", 3.0, passed=False),
        _figures("alone", None, passed=True),
    ]
    assert means(found) == {"styles": 3, "pass_both_gates": 2, "nll": 2.5, "below_markov": 0.375, "markov": 4.0}


def test_the_table_has_a_row_for_each_style(material: Dataset) -> None:
    found = [_figures("one", 2.0, passed=False), _figures("alone", None, passed=True)]
    table = table_of(found, material.styles)
    assert [str(cell) for cell in table.columns[0].cells] == ["one", "alone"]
    assert [str(cell) for cell in table.columns[2].cells] == ["2.000", ""]
    assert [str(cell) for cell in table.columns[5].cells] == ["3 of 32, fails", "32 of 32"]


@pytest.fixture(scope="module")
def composers(
    make_walk: MakeWalk, write_walk: Callable[[Path, Piece], None], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("music") / "composers"
    for piece in _pieces(make_walk):
        write_walk(folder / piece.name, piece)
    return folder


@pytest.fixture(scope="module")
def run(composers: Path, tiny_network: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "run"
    with step_by_step():
        argv = [str(composers), "--name", "composers", "--epochs", "1", "--run-dir", str(run), *tiny_network]
        assert train(argv) == 0
    return run


@pytest.mark.parametrize("with_folder", [False, True])
def test_a_run_is_measured_style_by_style(
    run: Path, composers: Path, capsys: pytest.CaptureFixture[str], *, with_folder: bool
) -> None:
    assert evaluate([str(run), *([str(composers)] if with_folder else []), "--by-style", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    by_name = {style["style"]: style for style in found["styles"]}
    assert list(by_name) == list(FOLDERS)
    assert by_name["alone"]["nll"] is None
    assert by_name["alone"]["loop"]["excerpts"] == 32
    assert by_name["one"]["nll"] == pytest.approx(sum(by_name["one"]["nll_by_head"].values()), abs=1e-3)
    assert by_name["one"]["markov"] > 0
    assert found["means"]["styles"] == 3


def test_a_folder_must_hold_its_styles(run: Path, music_folder: Path) -> None:
    with pytest.raises(
        InputError, match="has no sub-folders that are named as the styles of composers, epoch 1: alone"
    ):
        evaluate([str(run), str(music_folder), "--by-style"])
