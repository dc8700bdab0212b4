"""A run directory as a training leaves it, made by hand in a millisecond: enough for all that reads its files."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from lstm_composer.trainer.runs.run_directory import RunDirectory

STYLE = {"name": "tiny", "tempo_bpm": 96.0, "meter": "3/4", "pieces": 5, "notes": 150, "register": [48, 84]}
CONFIG: dict[str, Any] = {
    "name": "tiny",
    "source": "music",
    "epochs": 4,
    "save_every": 2,
    "seed": 7,
    "batch_steps": 128,
    "window": 24,
    "styles": ["tiny"],
    "network": {"units": 16, "layers": 1, "head_units": 16},
}
CORPUS: dict[str, Any] = {
    "source": "music",
    "parts": {
        "train": {"pieces": 3, "notes": 90},
        "validation": {"pieces": 1, "notes": 30},
        "test": {"pieces": 1, "notes": 30},
    },
    "tempo_bpm": 96.0,
    "meter": "3/4",
    "styles": [STYLE],
    "performed_pieces": 5,
    "names": {"train": ["a.mid", "b.mid", "c.mid"], "validation": ["d.mid"], "test": ["e.mid"]},
    "refused": {"f.mid": "is empty (0 bytes)"},
}
HISTORY = "epoch,seconds,loss,val_loss\n1,0.5,12.5,12.25\n2,0.5,11.0,11.5\n3,0.5,10.0,11.25\n4,0.5,9.0,11.75\n"
GATE = {"passed": True, "inside": 32, "excerpts": 32, "reasons": []}
ADVICE: dict[str, Any] = {
    "epoch": 2,
    "sentence": "take epoch 2",
    "article_epoch": None,
    "article_reason": "too few epochs",
    "excerpt_notes": 32,
    "ceiling": 0.75,
    "human_share": 0.9,
    "remarks": [],
    "checkpoints": [{"epoch": 2, "training_nll": 11.0, "held_out_nll": 11.5, "loop": GATE, "copy": GATE}],
}
FIGURES = {"loss": 10.0, "nll_delta": 3.0, "nll_pitch": 3.0, "nll_duration": 2.0, "nll_velocity": 2.0}
METRICS: dict[str, Any] = {
    "best_epoch": 2,
    "measured_on": "test",
    "test": FIGURES,
    "markov_order_3": FIGURES,
    "below_markov": 0.0,
    "training_seconds": 2.0,
}
ROLLBACKS = {"rollbacks": [{"epoch": 3, "back_to": 2, "scale": 0.5, "sentence": "epoch 3: the loss jumped"}]}
RESULTS = {
    "runs": [
        {
            "name": "tiny",
            "differs": {"seed": 7},
            "flags": {"folder": "music", "seed": 7},
            "state": "done",
            "epochs": 4,
            "best_epoch": 2,
            "held_out_nll": 11.5,
            "training_nll": 11.0,
            "judged": 1,
            "passed": 1,
        }
    ]
}


def _weights() -> bytes:
    file = BytesIO()
    np.savez(
        file,
        allow_pickle=False,
        **{"style_table/kernel": np.ones((1, 8), np.float32), "delta_hidden/bias": np.ones(16, np.float32)},
    )
    return file.getvalue()


FILES: dict[str, bytes] = {
    "config.json": json.dumps(CONFIG).encode(),
    "corpus.json": json.dumps(CORPUS).encode(),
    "history.csv": HISTORY.encode(),
    "advice.json": json.dumps(ADVICE).encode(),
    "metrics.json": json.dumps(METRICS).encode(),
    "rollbacks.json": json.dumps(ROLLBACKS).encode(),
    "sweep.json": json.dumps(RESULTS).encode(),
    "base.npz": _weights(),
}
"""Contents by name; sweep.json is that of a sweep's directory, for which this one stands as well."""


def make_run(path: Path) -> RunDirectory:
    """Write all files, and two checkpoints with nothing in them."""
    run = RunDirectory(path)
    run.checkpoints_path.mkdir(parents=True)
    for epoch in (2, 4):
        run.checkpoint(epoch).touch()
    for name, data in FILES.items():
        (path / name).write_bytes(data)
    return run
