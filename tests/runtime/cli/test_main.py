"""The command line as a user meets it: exit codes, one line for every mistake, the same files each time."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lstm_composer
from lstm_composer.runtime.cli import main
from lstm_composer.runtime.midi.reader import read_music
from lstm_composer.runtime.midi.systems import BACKENDS
from lstm_composer.runtime.playback.wakeup_latency import WakeupLatency

Result = subprocess.CompletedProcess[str]
Composer = Callable[..., Result]
PATIENCE_SECONDS = 60.0
SCALE = ("--style", "scale")
WRITE = ("write", *SCALE, "-o", "out.mid")
PLAY = ("play", *SCALE, "--backend", "none")


def line_of(result: Result) -> str:
    """The one line of a command that ended with exit code 2 and did nothing else."""
    assert (result.returncode, result.stdout) == (2, ""), result.stderr
    assert re.fullmatch(r"lstm-composer: [^\n]+\n", result.stderr)
    assert "Traceback" not in result.stderr
    return result.stderr.removeprefix("lstm-composer: ").removesuffix("\n")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(("--version",))
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"lstm-composer {lstm_composer.__version__}\n"


def said(errors: str) -> list[str]:
    """The lines on standard error, but for the one about a machine that does not permit real-time priority."""
    return [line for line in errors.splitlines() if not line.startswith("normal priority")]


def in_process(capsys: pytest.CaptureFixture[str], *arguments: str) -> Result:
    """Run a command without a process of its own: quicker, where only its words matter."""
    code = main.main(arguments)
    out, err = capsys.readouterr()
    return subprocess.CompletedProcess(arguments, code, out, err)


@pytest.fixture(autouse=True)
def known_bundles(monkeypatch: pytest.MonkeyPatch, tiny_models: Path, tmp_path: Path) -> None:
    monkeypatch.setenv("LSTM_COMPOSER_MODELS", str(tiny_models))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "the following arguments are required: COMMAND; see lstm-composer --help"),
        (("sing",), "invalid choice: 'sing'"),
        (("write", "-o", "out.mid", "--bars", "1"), "one of the arguments --style --voices is required"),
        (("write", *SCALE, "--bars", "1"), "the following arguments are required: -o/--output"),
        (WRITE, "one of the arguments --bars --notes is required"),
        ((*WRITE, "--bars", "1", "--notes", "1"), "not allowed with argument --bars"),
        ((*WRITE, "--bars", "0"), "argument --bars: 0 is not allowed: give a whole number from 1 to 1000000"),
        ((*WRITE, "--bars", "2.5"), "argument --bars: 2.5 is not allowed"),
        ((*WRITE, "--notes", "-3"), "argument --notes: -3 is not allowed"),
        (
            (*WRITE, "--bars", "1", "--tempo", "500"),
            "argument --tempo: 500 is not allowed: give a number from 20 to 400",
        ),
        ((*WRITE, "--bars", "1", "--tempo", "fast"), "argument --tempo: fast is not allowed"),
        ((*WRITE, "--bars", "1", "--tempo", "nan"), "argument --tempo: nan is not allowed"),
        (
            (*WRITE, "--bars", "1", "--meter", "4/3"),
            "argument --meter: meter 4/3 is not allowed: write 1..64 over 1, 2,",
        ),
        ((*WRITE, "--bars", "1", "--meter", "waltz"), "argument --meter: meter 'waltz' is not allowed"),
        ((*WRITE, "--bars", "1", "--meter", "9" * 5000 + "/4"), "argument --meter"),
        ((*WRITE, "--bars", "1", "--seed", "-1"), "argument --seed: -1 is not allowed"),
        ((*WRITE, "--bars", "1", "--seed", str(2**63)), "argument --seed"),
        ((*WRITE, "--bars", "1", "--temperature", "5.1"), "argument --temperature: 5.1 is not allowed"),
        ((*WRITE, "--bars", "1", "--min-p", "-0.1"), "argument --min-p: -0.1 is not allowed"),
        ((*WRITE, "--bars", "1", "--channel", "17"), "argument --channel: 17 is not allowed"),
        ((*WRITE, "--bars", "1", "--device", "gpu"), "invalid choice: 'gpu' (choose from"),
        ((*WRITE, "--bars", "1", "--trumpet"), "unrecognized arguments: --trumpet"),
        ((*WRITE, "--bars", "1", "--models-dir", "nowhere"), "--models-dir nowhere is not a folder"),
        (("write", "--style", "scael", "-o", "out.mid", "--bars", "1"), "there is no style 'scael'; there are:"),
        (("write", *SCALE, "-o", "no/out.mid", "--bars", "1"), "no/out.mid cannot be written: there is no folder no"),
        (("write", *SCALE, "-o", ".", "--bars", "1"), ". is a folder: name a file in it"),
        ((*PLAY, "--sync", "midi"), "LSTM Composer has no input: a clock can be followed through a MIDI system only"),
        ((*PLAY, "--set", "key H"), "--set 'key H': key 'H' has no tonic"),
        ((*WRITE, "--bars", "1", "--set", "new"), "--set 'new': this can be said only while it plays"),
        ((*PLAY, "--set", "key C", "--set", "register 61 61"), "no note of C lies between 61 and 61"),
        ((*PLAY, "--map", "no.toml"), "map no.toml: there is no such file"),
        ((*PLAY, "--osc", "here"), "--osc here: give a port up to 65535"),
        ((*PLAY, "--sync", "beat"), "invalid choice: 'beat' (choose from"),
        (
            ("play", *SCALE, "--backend", "tin-can"),
            f"backend 'tin-can' is unknown: choose one of {', '.join(BACKENDS)}",
        ),
        ((*PLAY, "--port-name", "a:b"), "port name 'a:b' is not allowed"),
        ((*PLAY, "--take", "no/take.mid"), "no/take.mid cannot be written: there is no folder no"),
        ((*PLAY, "--events", "no/events.jsonl"), "no/events.jsonl cannot be written: there is no folder no"),
    ],
)
def test_a_mistake_is_one_line(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], why: str) -> None:
    assert why in line_of(in_process(capsys, *arguments))
    assert not Path("out.mid").exists()


def test_a_port_in_use_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assert f"--osc {port} cannot be opened (" in line_of(in_process(capsys, *PLAY, "--osc", str(port)))


def test_a_mistake_is_one_line_in_a_process_of_its_own(composer: Composer, tmp_path: Path) -> None:
    assert "there is no style 'jazz'; there are: " in line_of(
        composer("write", "--style", "jazz", "-o", "x.mid", "--bars", "1")
    )
    assert "--style --voices is required" in line_of(composer("play"))
    assert not (tmp_path / "x.mid").exists()


def test_a_backend_that_does_not_run_is_one_line(composer: Composer) -> None:
    for backend in ("jack", "jack-client"):
        assert "JACK" in line_of(composer("play", *SCALE, "--backend", backend))


def test_a_bundle_that_was_tampered_with_is_one_line(composer: Composer, copied_models: Path) -> None:
    graph = copied_models / "tiny.onnx"
    content = graph.read_bytes()
    graph.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    spoilt = ("--models-dir", str(copied_models))
    assert "its checksum differs" in line_of(composer(*WRITE, "--bars", "1", *spoilt))
    assert "its checksum differs" in line_of(composer(*PLAY, "--bars", "1", *spoilt))
    assert "checksum differs" in composer("doctor", *spoilt).stdout


def test_a_bundle_whose_vocabulary_does_not_fit_is_one_line(composer: Composer, copied_models: Path) -> None:
    path = copied_models / "tiny.onnx.json"
    card = json.loads(path.read_text())
    card["encoding"]["ladder"].pop()
    path.write_text(json.dumps(card))
    result = composer("write", "--style", "tiny", "-o", "out.mid", "--bars", "1", "--models-dir", copied_models)
    assert "has another vocabulary than this program" in line_of(result)


def test_writing_twice_gives_the_same_bytes(composer: Composer, tmp_path: Path) -> None:
    for name in ("a.mid", "b.mid"):
        result = composer("write", *SCALE, "--seed", "0", "--notes", "300", "-o", name)
        assert (result.returncode, result.stdout, result.stderr) == (0, f"300 notes in {name}, seed 0\n", "")
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    assert len(read_music(tmp_path / "a.mid").notes) == 300


def test_a_seed_that_nobody_gave_is_told_and_can_be_given(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    seed = in_process(capsys, *WRITE, "--notes", "50").stdout.split()[-1]
    first = (tmp_path / "out.mid").read_bytes()
    other = in_process(capsys, *WRITE, "--notes", "50").stdout.split()[-1]
    assert seed != other
    in_process(capsys, *WRITE, "--notes", "50", "--seed", seed)
    assert (tmp_path / "out.mid").read_bytes() == first


def test_play_plays_what_write_writes(composer: Composer, tmp_path: Path) -> None:
    same = (*SCALE, "--seed", "3", "--tempo", "240", "--bars", "2", "--set", "swing 1", "--set", "key Eb minor")
    assert composer("write", *same, "-o", "written.mid").returncode == 0
    result = composer("play", *same, "--backend", "none", "--take", "take.mid", "--events", "events.jsonl")
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    assert len(said(result.stderr)) == 2
    assert (tmp_path / "take.mid").read_bytes() == (tmp_path / "written.mid").read_bytes()
    assert notes_left_on(events_in(tmp_path / "events.jsonl")) == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_mid_note_ends_play_in_order(
    surrounding: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "lstm_composer", *PLAY, "--tempo", "100", "--temperature", "0"]
    command += ["--seed", "1", "--take", "take.mid", "--events", "events.jsonl"]
    with subprocess.Popen(command, cwd=tmp_path, env=surrounding, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for_note(tmp_path / "events.jsonl", process)
            process.send_signal(number)
            _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
    assert process.returncode == 0, errors
    assert [line.partition(" ")[2][:12] for line in said(errors)] == ["on cpu, 100 ", "notes played"]
    events = events_in(tmp_path / "events.jsonl")
    assert notes_left_on(events) == set()
    heard = [(event["tick"], event["note"]) for event in events if event["kind"] == "note_on"]
    assert heard[0] == (0, 60)
    assert [(note.onset, note.pitch) for note in read_music(tmp_path / "take.mid").notes] == heard


def wait_for_note(log: Path, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not (log.exists() and "note_on" in log.read_text()):
        assert process.poll() is None, "play ended of itself"
        assert time.monotonic() < end, "no note was played"
        time.sleep(0.01)


def events_in(log: Path) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in log.read_text().splitlines()]
    for event in events:
        assert list(event) == ["kind", "note", "velocity", "channel", "tick", "due", "sent"]
    assert [event["note"] for event in events[-2:]] == [64, 123]
    assert [event["sent"] for event in events] == sorted(event["sent"] for event in events)
    return events


def notes_left_on(events: list[dict[str, Any]]) -> set[int]:
    sounding: set[int] = set()
    for event in events:
        if event["kind"] == "note_on":
            assert event["note"] not in sounding
            sounding.add(event["note"])
        elif event["kind"] == "note_off":
            sounding.remove(event["note"])
    return sounding


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_any_command_without_a_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("lstm_composer.runtime.session.write.write", lambda *_: os.kill(os.getpid(), number))
    result = in_process(capsys, *WRITE, "--notes", "50")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_disk_loses_nothing(composer: Composer, surrounding: dict[str, str], tmp_path: Path) -> None:
    same = (*SCALE, "--seed", "3", "--tempo", "400", "--bars", "1")
    assert composer("write", *same, "-o", "written.mid").returncode == 0
    (tmp_path / "full").symlink_to("/dev/full")
    rescued = Path(surrounding["TMPDIR"]) / "rescued-001-full"
    assert f"the music is kept in {rescued}" in line_of(composer("write", *same, "-o", "full"))
    assert rescued.read_bytes() == (tmp_path / "written.mid").read_bytes()
    result = composer("play", *SCALE, "--backend", "none", "--take", "take.mid", "--events", "full")
    assert result.returncode == 2
    assert said(result.stderr)[1:] == [
        "lstm-composer: --events full cannot be written on (No space left on device): make room"
    ]
    assert read_music(tmp_path / "take.mid").notes != []


def test_styles(capsys: pytest.CaptureFixture[str], tiny_models: Path, copied_models: Path) -> None:
    (copied_models / "broken.onnx.json").write_text("{")
    found = json.loads(in_process(capsys, "styles", "--json", "--models-dir", str(copied_models)).stdout)
    row = next(row for row in found["styles"] if row["style"] == "scale")
    bundle = str(copied_models / "tiny.onnx.json")
    assert row == {
        "style": "scale",
        "bundle": bundle,
        "tempo_bpm": 120.0,
        "meter": "4/4",
        "pieces": 1,
        "notes": 37,
        "register": None,
        "data": [{"source": "none", "licence": "MIT", "attribution": ""}],
    }
    (broken,) = found["broken"]
    assert broken["bundle"] == str(copied_models / "broken.onnx.json")
    assert broken["problem"].startswith("bundle broken.onnx.json is not valid JSON")
    lines = in_process(capsys, "styles", "--models-dir", str(copied_models)).stdout.splitlines()
    assert "scale              120 bpm  4/4   from 37 notes  tiny.onnx.json  (MIT)" in lines
    assert any(line.startswith("broken           broken: bundle broken.onnx.json") for line in lines)


def test_doctor(composer: Composer) -> None:
    result = composer("doctor", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    about = {"version", "panel", "python", "platform", "midi", "audio", "onnxruntime", "realtime_priority", "bundles"}
    assert set(found) == about
    assert {"name": "tiny", "ok": True, "detail": "styles scale; 0.0 MB; checksum good"} in found["bundles"]
    assert "none" in [status["backend"] for status in found["midi"]]


def test_doctor_measures_where_that_is_asked_for_or_somebody_watches(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def measured(seconds: float) -> WakeupLatency:
        asked.append(seconds)
        return WakeupLatency((0.0001,), "real-time priority")

    monkeypatch.setattr("lstm_composer.runtime.playback.wakeup_latency.measured_with_progress", measured)
    assert "lateness" not in in_process(capsys, "doctor").stdout
    assert json.loads(in_process(capsys, "doctor", "--json", "--lateness", "2").stdout)["lateness"]["wakes"] == 1
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "lateness" not in in_process(capsys, "doctor", "--quick").stdout
    assert "lateness" not in json.loads(in_process(capsys, "doctor", "--json").stdout)
    assert "p50 0.10, p99 0.10, max 0.10 ms" in in_process(capsys, "doctor").stdout
    assert asked == [2.0, 10.0]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("play", "--soundfont", "x.sf2", "--no-sound"), "--soundfont says by what it sounds, and --no-sound"),
        (("play", "--audio-device", "x", "--no-sound"), "--audio-device says by what it sounds, and --no-sound"),
        (("play", "--audio-device", "x", "--soundfont", "x.sf2"), "leave --audio-device out"),
        (("write", "--bars", "1", "--soundfont", "x.sf2", "-o", "x.mid"), "--soundfont is for sound files"),
        (("write", "--bars", "1", "--soundfont", "x.sf2", "-o", "x.xyz"), "--soundfont is for sound files"),
        (("write", "--bars", "1", "-o", "x.mxl"), ".mxl files are not written"),
        (("write", "--bars", "1", "--soundfont", "x.sf2", "-o", "x.musicxml"), "--soundfont is for sound files"),
        (("write", "--bars", "1", "--notation", "played", "-o", "x.mid"), "--notation is for scores"),
    ],
)
def test_what_sounds_is_never_passed_over(composer: Composer, arguments: tuple[str, ...], problem: str) -> None:
    result = composer(*arguments, "--style", "scale")
    assert result.returncode == 2
    assert problem in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [(), *((name,) for name in main.COMMANDS)])
def test_help(capsys: pytest.CaptureFixture[str], command: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main([*command, "--help"])
    assert ended.value.code == 0
    assert "usage: lstm-composer" in capsys.readouterr().out


def test_the_other_packages_commands_are_found_by_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[str]] = []

    def train(arguments: list[str]) -> int:
        given.append(arguments)
        return 0

    monkeypatch.setattr(main, "_external_commands", lambda: {"train": lambda: train})
    assert in_process(capsys, "train", "folder", "--name", "bach").returncode == 0
    assert given == [["folder", "--name", "bach"]]
    monkeypatch.setattr(sys, "argv", ["composer-train", "folder"])
    assert main.composer_train() == 0
    assert given[1:] == [["folder"]]


def test_the_short_name_of_play(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["composer-play", "--sync", "midi"])
    assert main.composer_play() == 2
    assert "--style --voices is required" in capsys.readouterr().err


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_gone_is_no_error(surrounding: dict[str, str], tmp_path: Path, unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "lstm_composer", "doctor", "--json"]
    result = subprocess.run(
        command,
        cwd=tmp_path,
        env=surrounding | {"PYTHONUNBUFFERED": unbuffered},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (0, "")
