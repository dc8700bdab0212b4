import argparse

import msgspec

import lstm_composer.trainer.cli.train
from lstm_composer.trainer.runs.request import KINDS, TrainingRequest


def test_a_request_has_what_the_command_line_asks_for() -> None:
    """But for where the run goes and what else is done with it, which a sweep says itself."""
    actions = lstm_composer.trainer.cli.train._parser()._actions
    names = {action.option_strings[-1].removeprefix("--") if action.option_strings else "folder" for action in actions}
    assert names - {"help", "sweep", "resume", "run-dir", "dry-run", "json"} == KINDS.keys()
    switches = {action.dest for action in actions if isinstance(action, argparse._StoreTrueAction)}
    assert switches - {"resume", "dry_run", "json"} == {
        name.replace("-", "_") for name, kind in KINDS.items() if kind is bool
    }


def test_a_request_is_read_as_it_was_written() -> None:
    request = TrainingRequest(folder="a b/\u00e9", name="x", base="bach", own_keys_last=2, dropout=0.5, one_style=True)
    written = msgspec.json.encode(request)
    assert msgspec.json.decode(written) == {
        "folder": "a b/\u00e9", "name": "x", "from": "bach", "own-keys-last": 2, "dropout": 0.5, "one-style": True,
    }  # fmt: skip
    assert msgspec.json.decode(written, type=TrainingRequest) == request
