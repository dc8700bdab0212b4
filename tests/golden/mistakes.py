"""Wrong inputs to all commands: the lines, the files that they name, and what is said of them."""

import re
import shutil
from pathlib import Path
from typing import Any, Final

from tests.golden.driving import DATA, ROOT, run, unfinished_run

WRITE: Final = "write --style scale --device cpu -o out.mid"
PLAY: Final = "play --style scale --device cpu --backend none --no-sound"
MISTAKES: Final = f"""
write
play
sing
write --style scale -o out.mid
write --style scale --voices scale@1 -o out.mid --bars 1
write --style scale --bars 1
{WRITE} --bars 0
{WRITE} --bars 2.5
{WRITE} --bars 1000001
{WRITE} --notes -3
{WRITE} --bars 1 --notes 1
{WRITE} --bars 1 --tempo 500
{WRITE} --bars 1 --tempo nan
{WRITE} --bars 1 --meter 4/3
{WRITE} --bars 1 --meter waltz
{WRITE} --bars 1 --seed -1
{WRITE} --bars 1 --seed 9223372036854775808
{WRITE} --bars 1 --temperature 5.1
{WRITE} --bars 1 --min-p 1_0
{WRITE} --bars 1 --style-strength 4
{WRITE} --bars 1 --channel 17
{WRITE} --bars 1 --device gpu
{WRITE} --bars 1 --trumpet
{WRITE} --bars 1 --form A1
{WRITE} --bars 1 --form {"A" * 65}
{WRITE} --bars 1 --section-bars 65
{WRITE} --bars 1 --ending dominant
{WRITE} --notes 8 --ending tonic
{WRITE} --bars 1 --primer missing.mid
{WRITE} --bars 1 --primer text.mid
{WRITE} --bars 1 --primer empty.mid
{WRITE} --bars 1 --primer drums.mid
{WRITE} --bars 1 --models-dir missing
{WRITE} --bars 1 --models-dir spoilt
{WRITE} --bars 1 --set loudness+1
{WRITE} --bars 1 --set new
{WRITE} --bars 1 --set hold+2
{WRITE} --bars 1 --set key+H
{WRITE} --bars 1 --set register+90+60
{WRITE} --bars 1 --set key+C --set register+61+61
write --style scael -o out.mid --bars 1
write --style sc -o out.mid --bars 1
write --style scale:0 -o out.mid --bars 1
write --style scale,scale -o out.mid --bars 1
write --style scale:x -o out.mid --bars 1
write --style scale,bach -o out.mid --bars 1
write --style broken -o out.mid --bars 1 --models-dir broken
write --style later -o out.mid --bars 1 --models-dir later
write --voices scale@0 -o out.mid --bars 1
write --voices {",".join(["scale@1"] * 17)} -o out.mid --bars 1
write --style scale -o missing/out.mid --bars 1
write --style scale -o . --bars 1
write --style scale -o out.mxl --bars 1
write --style scale -o out.mid --bars 1 --soundfont a.sf2
{PLAY} --bars 0
{PLAY} --lead-in 65
{PLAY} --sync beat
{PLAY} --sync midi
{PLAY} --clock-out --sync link
{PLAY} --port-per-voice
{PLAY} --port-name a:b
{PLAY} --latency-ms 501
{PLAY} --listen always
{PLAY} --answer-bars 0
{PLAY} --osc here
{PLAY} --osc 65536
{PLAY} --map missing.toml
{PLAY} --map knob.toml
{PLAY} --map number.toml
{PLAY} --map travel.toml
{PLAY} --map line.toml
{PLAY} --map table.toml
{PLAY} --take missing/take.mid
{PLAY} --events missing/events.jsonl
{PLAY} --soundfont a.sf2
play --style scale --backend tin-can
render missing.mid -o out.wav
render text.mid -o out.wav
render riff.mid -o out.mp3
render riff.mid -o missing/out.wav
render riff.mid -o out.wav --volume 2
render riff.mid
styles --models-dir missing
styles --xml
doctor --lateness 0
doctor --lateness 5 --quick
monitor --pid 0
monitor --json
monitor
"""
"""Command lines; + stands for a blank within a value."""
MISTAKES_OF_TRAINING: Final = """
train
train music
train music --name
train music --name ../x
train missing --name x
train no_music --name x
train music --name x --epochs 0
train music --name x --save-every -1
train music --name x --seed 4294967296
train music --name x --dropout 1
train music --name x --learning-rate 0
train music --name x --preset transformer
train music --name x --preset article --from bach
train music --name x --from missing
train music --name x --run-dir run
train music --name x --run-dir missing --resume
train other --name tiny --run-dir run --resume
train music --name x --units 0
train text.mid --name x
train music21:nobody --name x
train --sweep missing.toml
train --sweep sweep.toml --name x
train --sweep sweep.toml
advise
advise missing
advise music
evaluate missing
evaluate scale
evaluate scale missing
evaluate scale no_music
evaluate run --epoch 0
evaluate run --epoch 9
evaluate run --epoch 2
export --run run
export --run run --epoch none
export --run run --epoch 9
export --run run --epoch 2
export --run missing --epoch 1
export --epoch best
export --run run --epoch 2 --name a/b
export --run run --epoch 2 --weights int8
export --run run --epoch 2 --data missing.json
export --run run --epoch 2 --leave-out nobody
"""
"""The same of the commands that need TensorFlow."""


def make_odd_files(folder: Path) -> None:
    """Make what the lines name."""
    for name in ("drums.mid", "riff.mid"):
        shutil.copy(DATA / "cases" / name, folder)
    texts = {
        "text.mid": "Dear diary, today I wrote no music.",
        "empty.mid": "",
        "knob.toml": '[controllers]\n21 = "loudness"\n',
        "number.toml": '[controllers]\n128 = "density"\n',
        "travel.toml": '[controllers]\n21 = {knob = "density", low = -2, high = 0}\n',
        "line.toml": '[notes]\n36 = "velocity loud"\n',
        "table.toml": '[controller]\n21 = "density"\n',
        "sweep.toml": "[common]\nepochs = 1\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    for name in ("spoilt", "broken", "later", "music", "no_music"):
        (folder / name).mkdir()
    shutil.copy(folder / "riff.mid", folder / "music")
    graph, card = (DATA / "tiny.onnx").read_bytes(), (DATA / "tiny.onnx.json").read_text()
    (folder / "spoilt" / "tiny.onnx").write_bytes(graph[:-1] + bytes([graph[-1] ^ 1]))
    (folder / "spoilt" / "tiny.onnx.json").write_text(card)
    (folder / "broken" / "broken.onnx.json").write_text("{}")
    later = card.replace('"schema_version": 1', '"schema_version": 2').replace("scale", "later")
    (folder / "later" / "later.onnx.json").write_text(later)
    unfinished_run(folder / "run")


def said(line: str, folder: Path) -> dict[str, Any]:
    """The exit code and the words, without the folder, the styles that ship and the quotes of older Pythons."""
    outcome = run(*(word.replace("+", " ") for word in line.split()))
    words = outcome.err.replace(str(folder), "FOLDER").replace(str(ROOT), "ROOT")
    words = re.sub(r"(there are: |could be )[^:;\n]*", r"\1STYLES", words)
    words = re.sub(r"\(choose from [^)]*\)", lambda choices: choices[0].replace("'", ""), words)
    assert "Traceback" not in words
    return {"code": outcome.code, "says": words.splitlines()} | ({"out": outcome.out} if outcome.out else {})


def refusals(lines: str, folder: Path) -> dict[str, Any]:
    """Return what is said of each of some lines; every one is refused in one line."""
    make_odd_files(folder)
    found = {line: said(line, folder) for line in lines.strip().splitlines()}
    taken = [line for line, one in found.items() if one["code"] != 2 or len(one["says"]) != 1 or "out" in one]
    assert not taken, taken
    return found
