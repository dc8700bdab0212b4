"""Stands for `lstm-composer` where trainings are started, stopped, killed and found again: it takes moments.

It works in the folder that it is started in, and leaves the files that a training leaves:

    train MUSIC --dry-run --json     files that begin with "bad" are left out
    train MUSIC --run-dir RUN ...    trains an epoch, and the others once there is a file `go` in its folder; a training
                                     of a style called "broken" is refused, one asked to end stops after its epoch
    advise RUN                       takes epoch 1
    export --run RUN --output DIR    copies the bundle whose card is at $PRETEND_BUNDLE under the name of the style
"""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

from lstm_composer.runtime.midi.writer import midi_bytes
from lstm_composer.runtime.music.notes import Meter, Note

EPOCHS: Final = 4


def value(flag: str) -> str:
    return sys.argv[sys.argv.index(flag) + 1]


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}")
    part.write_text(content if isinstance(content, str) else json.dumps(content))
    part.replace(path)


def look(music: Path) -> None:
    files = sorted(path for path in music.iterdir() if not path.name.startswith("."))
    bad = [path for path in files if path.read_bytes().startswith(b"bad")]
    pieces = [
        {"name": path.name, "notes": 40, "seconds": 9.5, "tempo_bpm": 96.0, "meter": "3/4"}
        for path in files
        if path not in bad
    ]
    left_out = [{"name": path.name, "reason": "is no music"} for path in bad]
    print(json.dumps({"source": str(music), "pieces": pieces, "left_out": left_out}))  # noqa: T201 - what it finds


def train(music: Path) -> int:
    if value("--name") == "broken":
        print("lstm-composer: nothing can be learned", file=sys.stderr)  # noqa: T201 - as the real one
        return 2
    run, asked = Path(value("--run-dir")), []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    rows = (run / "history.csv").read_text().splitlines() if "--resume" in sys.argv else ["epoch,seconds,loss,val_loss"]
    write(run / "config.json", {"arguments": sys.argv[1:]})
    write(run / "corpus.json", {"refused": {"bad.mid": "is no music"}, "parts": {"train": {"pieces": 1, "notes": 40}}})
    while len(rows) <= EPOCHS and not asked:
        epoch = len(rows)
        rows.append(f"{epoch},0.5,{9 - epoch},{9.5 - epoch}")
        write(run / "history.csv", "\n".join(rows) + "\n")
        (run / "checkpoints").mkdir(exist_ok=True)
        (run / "checkpoints" / f"epoch_{epoch:04}.keras").touch()
        (run / "samples").mkdir(exist_ok=True)
        write_sample(run / "samples" / f"epoch_{epoch:04}.mid")
        tell(run, "training", f"epoch {epoch}", epoch)
        while not (Path.cwd() / "go").exists() and not asked:
            time.sleep(0.01)
    if not asked:
        advise(run, 3)
    tell(run, "stopped" if asked else "done", "take epoch 3", len(rows) - 1)
    return 0


def advise(run: Path, epoch: int) -> None:
    gate = {"passed": True, "inside": 32, "excerpts": 32, "reasons": []}
    judged = [{"epoch": epoch, "loop": gate, "copy": gate} for epoch in range(1, EPOCHS + 1)]
    write(run / "advice.json", {"epoch": epoch, "sentence": f"take epoch {epoch}", "checkpoints": judged})


def write_sample(path: Path) -> None:
    notes = [Note(24 * beat, 60 + beat, 24, 80) for beat in range(6)]
    path.write_bytes(midi_bytes(notes, tempo_bpm=96.0, meter=Meter.parse("3/4"), end_tick=144, name="sample"))


def tell(run: Path, state: str, line: str, done: int) -> None:
    told = {"version": 1, "state": state, "line": line, "done": done, "total": EPOCHS, "seconds": 1.5}
    write(run / "progress.json", {**told, "process": os.getpid()})


def export() -> None:
    config = json.loads((Path(value("--run")) / "config.json").read_text())["arguments"]
    name, folder = config[config.index("--name") + 1], Path(value("--output"))
    folder.mkdir(parents=True, exist_ok=True)
    source = Path(os.environ["PRETEND_BUNDLE"])
    card = json.loads(source.read_text())
    card["name"] = card["styles"][0]["name"] = name
    card["provenance"]["epoch"] = 3
    shutil.copy(source.with_suffix(""), folder / f"{name}.onnx")
    (folder / f"{name}.onnx.json").write_text(json.dumps(card))


def main() -> int:
    match sys.argv[1:]:
        case ["train", music, *rest] if "--dry-run" in rest:
            look(Path(music))
        case ["train", music, *_]:
            return train(Path(music))
        case ["advise", run]:
            advise(Path(run), 1)
        case ["export", *_]:
            export()
    return 0


if __name__ == "__main__":
    sys.exit(main())
