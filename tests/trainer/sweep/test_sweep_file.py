from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.runs.request import TrainingRequest
from lstm_composer.trainer.sweep.sweep_file import Sweep, read_sweep

COMMON = "[common]\nfolder = 'music/bach'\n"


def read(folder: Path, text: str) -> Sweep:
    path = folder / "styles.toml"
    path.write_text(text, encoding="utf-8")
    return read_sweep(path)


def test_runs_with_what_they_share(tmp_path: Path) -> None:
    text = "gpus = 0.5\n[common]\nepochs = 60\nsave_every = 5\nthreads = 2\n"
    text += "[[run]]\nname = 'bach'\nfolder = 'a/bach'\n[[run]]\nname = 'folk'\nfolder = 'b/folk'\none-style = true\n"
    sweep = read(tmp_path, text)
    assert sweep.gpus == 0.5
    assert [run.request.threads for run in sweep.runs] == [2, 2]
    assert [run.differs for run in sweep.runs] == [{"folder": "a/bach"}, {"folder": "b/folk", "one-style": True}]
    assert sweep.runs[0].request == TrainingRequest(folder="a/bach", name="bach", epochs=60, save_every=5, threads=2)
    assert sweep.runs[1].request.one_style


@pytest.mark.parametrize(
    ("text", "names", "style"),
    [
        ("[grid]\nunits = [64, 128]\nseed = [1, 2]",
         ["units-64_seed-1", "units-64_seed-2", "units-128_seed-1", "units-128_seed-2"], "styles"),
        ("[grid]\nfolder = ['x/bach/', 'music21:bwv1']", ["bach", "bwv1"], "styles"),
        ("[grid]\nno-transposition = [true, false]", ["no-transposition", "no-no-transposition"], "styles"),
        ("[grid]\nlearning_rate = [0.001]", ["learning-rate-0.001"], "styles"),
        ("[[run]]\npreset = 'article'", ["article"], "styles"),
        ("[[run]]\nname = 'a'\n[[run]]\nname = 'b'\n[grid]\nseed = [1]", ["a_seed-1", "b_seed-1"], "a"),
    ],
)  # fmt: skip
def test_names_are_made_of_values(tmp_path: Path, text: str, names: list[str], style: str) -> None:
    runs = read(tmp_path, COMMON + text).runs
    assert [run.name for run in runs] == names
    assert runs[0].flags["name"] == style


def test_one_style_for_all_runs(tmp_path: Path) -> None:
    runs = read(tmp_path, COMMON + "name = 'bach'\n[[run]]\nname = 'small'\nunits = 64").runs
    assert (runs[0].name, runs[0].flags["name"], runs[0].request.threads) == ("small", "bach", 1)


def test_quotes_are_forgiven(tmp_path: Path) -> None:
    (run,) = read(tmp_path, COMMON + "name = 1750\nunits = '64'\nfrom = 'base'\n[[run]]\npreset = 'stream'").runs
    asked = TrainingRequest(folder="music/bach", name="1750", units=64, base="base", threads=1)
    assert run.request == asked
    assert run.flags["units"] == "64"


def test_a_switch_that_is_off_is_not_asked_for(tmp_path: Path) -> None:
    (run,) = read(tmp_path, COMMON + "[grid]\nno-transposition = [false]").runs
    assert not run.request.no_transposition
    assert run.flags["no-transposition"] is False


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (COMMON, "it names no run: give [[run]] tables, a [grid], or both"),
        (
            COMMON + "[grid]\n" + "\n".join(f"{flag} = {list(range(1, 30))}" for flag in ("seed", "epochs", "units")),
            "it names 24,389 runs: 1000 at the most are trained; leave values out of [grid]",
        ),
        ("runs = 3", "'runs' is not allowed there: it may hold [common], [[run]], [grid] and gpus"),
        (COMMON + "[grid]\nepoch = [1]", "'epoch' in [grid] is not allowed: batch-steps, dropout, epochs, "),
        (COMMON + "resume = true\n[grid]\nseed = [1]", "'resume' in [common] is not allowed"),
        (COMMON + "[grid]\nseed = 1", "seed = 1 in [grid] is not allowed: give a list of values, such as [1, 2, 3]"),
        (COMMON + "[grid]\nseed = []", "give a list of values"),
        (COMMON + "[grid]\nname = ['a']", "name in [grid] is not allowed"),
        (
            COMMON + "[grid]\nseed = [-1]",
            "seed = -1 in [grid] is not allowed: give a whole number from 0 to 4294967295",
        ),
        (
            COMMON + "[grid]\npreset = ['waltz']",
            "preset = 'waltz' in [grid] is not allowed: give one of article, skuldur, stream",
        ),
        (COMMON + "[grid]\nseed = [1, 1]", "2 runs are named 'seed-1'"),
        (COMMON + "[[run]]\nname = 'A'\n[[run]]\nname = 'a'", "2 runs are named 'a'"),
        (COMMON + "[[run]]\nname = 'a/b'", "run 'a/b': --name 'a/b' is not allowed"),
        (COMMON + "[[run]]\nseed = 1\n[grid]\nseed = [1]", "seed is both in a [[run]] and in [grid]"),
        (COMMON + "[[run]]\nsave_every = 1\nsave-every = 2", "'save-every' comes twice in [[run]]"),
        (
            COMMON + "[[run]]\nunits = true",
            "units = True in [[run]] is not allowed: give a whole number from 1 to 1000000",
        ),
        (COMMON + "[[run]]\none_style = 'yes'", "one_style = 'yes' in [[run]] is not allowed: give true or false"),
        (COMMON + "[[run]]\nunits = [1]", "units = [1] in [[run]] is not allowed: give a text, a number, true or"),
        (COMMON + "from = ''\n[grid]\nseed = [1]", "from = '' in [common] is not allowed: give a text"),
        (COMMON + "[grid]\nlearning-rate = [nan]", "give a number above 0, at most 1"),
        (COMMON + "[grid]\ndropout = ['1']", "dropout = '1' in [grid] is not allowed: give a number from 0 to below 1"),
        ("common = 3\n[grid]\nseed = [1]", "[common] is not a table"),
        ("[grid]\nseed = [1]", "a run has no folder of music"),
        ("gpus = -1\n" + COMMON + "[grid]\nseed = [1]", "gpus = -1 is not allowed: give how many a run needs"),
        ("gpus = nan\n" + COMMON + "[grid]\nseed = [1]", "gpus = nan is not allowed"),
        ("[common", "is not valid TOML"),
        ("\ufeff[common", "is not valid TOML (Expected ']'"),
        (f"gpus = 1{400 * '0'}\n" + COMMON + "[grid]\nseed = [1]", "a number in it is too long"),
        (COMMON + f"[grid]\nseed = [0x{5000 * 'f'}]", "a number in it is too long"),
        (f"x = {5000 * '['}", "is nested too deep"),
    ],
)
def test_what_is_wrong_is_one_clear_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(str(tmp_path / "styles.toml"))
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml cannot be opened \(No such file or directory\)"):
        read_sweep(tmp_path / "none.toml")


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    text = COMMON + "[grid]\nseed = [1]"
    assert read(tmp_path, "\ufeff" + text) == read(tmp_path, text)
