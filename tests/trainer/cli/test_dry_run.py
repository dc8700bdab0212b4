"""`lstm-composer train FOLDER --dry-run`: what of a folder would be learned, without training anything."""

import json
from pathlib import Path

import pytest

from lstm_composer.runtime.errors import CorpusError, InputError
from lstm_composer.trainer.cli.train import main


def test_what_would_be_learned_from(music_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(music_folder), "--dry-run"]) == 0
    first, second, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("5 pieces would be learned from, ")
    assert second == "4 left out:"
    assert [line.split(":")[0] for line in rest] == ["  corrupt.mid", "  drums.mid", "  empty.mid", "  text.mid"]


def test_the_same_for_programs(
    music_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([str(music_folder), "--dry-run", "--json", "--name", "tiny"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["source"], found["styles"]) == (str(music_folder), [])
    assert [piece["name"] for piece in found["pieces"]] == [f"good{number}.mid" for number in range(5)]
    assert all(piece["notes"] >= 16 and piece["seconds"] > 0 for piece in found["pieces"])
    assert {(piece["tempo_bpm"], piece["meter"]) for piece in found["pieces"]} == {(120.0, "4/4")}
    assert [refusal["name"] for refusal in found["left_out"]] == ["corrupt.mid", "drums.mid", "empty.mid", "text.mid"]
    assert found["left_out"][2]["reason"] == "is empty (0 bytes)"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_which_nothing_can_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "<b>.mid").touch()
    with pytest.raises(CorpusError, match=r"nothing in .* can be used: <b>\.mid is empty \(0 bytes\)"):
        main([str(tmp_path), "--dry-run", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (found["pieces"], found["left_out"]) == ([], [{"name": "<b>.mid", "reason": "is empty (0 bytes)"}])


def test_json_of_a_training_there_is_not() -> None:
    with pytest.raises(InputError, match="--json says what --dry-run finds: give both, or neither"):
        main(["music", "--name", "x", "--json"])
