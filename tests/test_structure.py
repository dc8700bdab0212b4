"""The structure of the code stays within what recipes/count_structure.py allows."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from recipes import count_structure
from recipes.count_structure import FIGURES, Figure, Places

TREE = {
    "lstm_composer/runtime/one/a.py": "import lstm_composer.runtime.two.b",
    "lstm_composer/runtime/two/b.py": "def late():\n    from lstm_composer.runtime.one import a",
    "lstm_composer/runtime/two/c.py": "if TYPE_CHECKING:\n    import lstm_composer.runtime.three.d",
    "lstm_composer/runtime/three/d.py": "\n" * 360,
    "lstm_composer/runtime/generation/voice.py": "def start(state: Any, one: NDArray[Any]) -> list[Any]: ...",
    "lstm_composer/runtime/names.py": "LETTERS = 'CDEFGAB'\nMAJOR = ('C', 'D', 'E', 'F', 'G', 'A', 'Bb')",
    "lstm_composer/runtime/bytes.py": "on = status & 0xF0 == 0x90\nvarint = byte < 0x80",
    "lstm_composer/runtime/midi/messages.py": "ON = 0x90",
    "lstm_composer/runtime/ask.py": (
        "NAME = 'stream'\nif x == NAME: ...\nisinstance(card, TokenEncoding)\n{'stream': 1}[x]"
    ),
    "lstm_composer/runtime/transport/link.py": (
        "link.enabled = True\nlink.ours = 1\nself.own = 2\nport.a, self.b = 1, 2\nx.y += 1"
    ),
    "lstm_composer/trainer/loop.py": "network.fit(data, verbose=0)\nforest.fit(x, y)\nnetwork.train_on_batch(data)",
    "lstm_composer/trainer/long.py": "def short():\n" + "    pass\n" * 49 + "def long():\n" + "    pass\n" * 50,
}


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Places]], Places]:
    """Finds places in TREE instead of in our own code."""
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(count_structure, "ROOT", tmp_path)
    monkeypatch.setattr(count_structure, "modules", cache(count_structure.modules.__wrapped__))
    return lambda find: find()


@pytest.mark.parametrize("figure", FIGURES, ids=[figure.name for figure in FIGURES])
def test_a_figure_is_not_above_its_ceiling(figure: Figure) -> None:
    assert figure.new(figure.find()) == []


@pytest.mark.parametrize("figure", FIGURES, ids=[figure.name for figure in FIGURES])
def test_the_table_fits_itself(figure: Figure) -> None:
    assert figure.target <= figure.ceiling
    assert not figure.known or len(figure.known) == figure.ceiling


@pytest.mark.parametrize(
    ("find", "places"),
    [
        (count_structure.package_cycles, ["lstm_composer.runtime.one <-> lstm_composer.runtime.two"]),
        (
            count_structure.side_by_side,
            ["lstm_composer/runtime/ask.py", "lstm_composer/runtime/bytes.py", "lstm_composer/runtime/names.py"],
        ),
        (count_structure.pitch_name_tables, ["lstm_composer/runtime/names.py"]),
        (count_structure.decoders_of_status_bytes, ["lstm_composer/runtime/bytes.py"]),
        (count_structure.training_loops, ["lstm_composer/trainer/loop.py:1", "lstm_composer/trainer/loop.py:3"]),
        (count_structure.preset_branches, ["lstm_composer/runtime/ask.py:2", "lstm_composer/runtime/ask.py:3"]),
        (count_structure.untyped_states, ["lstm_composer/runtime/generation/voice.py:1"] * 2),
        (
            count_structure.foreign_assignments,
            [f"lstm_composer/runtime/transport/link.py:{place}" for place in ("2 link.ours", "4 port.a", "5 x.y")],
        ),
        (count_structure.long_files, ["lstm_composer/runtime/three/d.py"]),
        (count_structure.long_functions, ["lstm_composer/trainer/long.py long"]),
    ],
)
def test_what_counts_is_found(
    found: Callable[[Callable[[], Places]], Places], find: Callable[[], Places], places: Places
) -> None:
    assert sorted(found(find)) == places


def test_a_place_that_is_not_known_is_new() -> None:
    figure = Figure("x", list, target=0, ceiling=1, known=("a",))
    assert figure.new(["b"]) == ["b"]
    assert Figure("x", list, target=0, ceiling=1).new(["b"]) == []
    assert Figure("x", list, target=0, ceiling=1).new(["a", "b"]) == ["a", "b"]


def test_the_figures_are_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["count_structure", "--places"])
    assert count_structure.main() == 0
    assert (
        "tables of pitch names                       1        1       1\n    lstm_composer/runtime/music"
        in capsys.readouterr().out
    )
