"""How the golden tests drive the program: all that they import from the inside is here, and nowhere else.

Whoever moves or renames something mends this file and no other of this folder; the stored files stay as they are.
"""

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import onnxruntime
import pytest

from lstm_composer.runtime.bundle.files import load_bundle, read_card
from lstm_composer.runtime.cli.main import COMMANDS
from lstm_composer.runtime.cli.main import main as composer
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.generation.ensemble import Plan
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.midi.input import PULSE
from lstm_composer.runtime.midi.messages import Sent
from lstm_composer.runtime.music.notes import tick_seconds
from lstm_composer.runtime.parameters.commands import Change
from lstm_composer.runtime.parameters.midi_learn import Learner
from lstm_composer.runtime.parameters.midi_map import ControlMap
from lstm_composer.runtime.parameters.midi_map_file import read_map
from lstm_composer.runtime.parameters.osc import line_of, messages_in
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.parameters.table import BY_CONTROLLER, CONTROLLABLE, TakesEffect
from lstm_composer.runtime.playback.event_log import as_record
from lstm_composer.runtime.session.call_and_response import CallAndResponse
from lstm_composer.runtime.system.process_exit import in_words
from tests.runtime.conftest import BAR, TICK_SECONDS, Stage
from tests.support.walks import walk, write_midi

ROOT: Final = Path(__file__).parents[2]
DATA: Final = ROOT / "tests" / "data"
MODELS: Final = ROOT / "models"
BUNDLES: Final = {
    "tiny": DATA / "tiny.onnx.json",
    "memory": DATA / "memory" / "tiny.onnx.json",
    "base": MODELS / "base.onnx.json",
}
"""Cards of the bundles that play here, by the name under which the stored files know them."""
RUNTIME: Final = tuple(COMMANDS)
"""Commands of the program that only plays."""
OTHERS: Final = {
    "train": "lstm_composer.trainer.cli.train",
    "advise": "lstm_composer.trainer.cli.advise",
    "evaluate": "lstm_composer.trainer.cli.evaluate",
    "export": "lstm_composer.export.cli",
}
"""Modules of the other commands; each has a `main`. The installed program finds them by their entry points."""
CONTROLLERS: Final = {number: parameter.name for number, parameter in BY_CONTROLLER.items()}
"""What each controller sets by default, by its number."""
PARAMETERS: Final = tuple(CONTROLLABLE)
"""All that a controller can be made to set."""
ARTICLE_SCALE: Final = 0.02
"""What the widths of the article's networks are multiplied by, so that a training takes seconds."""
STYLES: Final = ("bach", "joplin", "satie")
"""Of the bundle that is steered here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did: its exit code, and what it wrote to standard output and standard error."""

    code: int
    out: str
    err: str


def run(*arguments: str | Path) -> Outcome:
    """Run `lstm-composer ARGUMENTS` in this process."""
    line = [str(one) for one in arguments]
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            if line and line[0] in OTHERS:
                code = in_words(partial(import_module(OTHERS[line[0]]).main, line[1:]))
            else:
                code = composer(line)
        except SystemExit as ended:  # --help
            code = int(ended.code or 0)
    return Outcome(code, out.getvalue(), err.getvalue())


def graph_of(bundle: str) -> Path:
    """Return the path of a bundle's network."""
    return Path(str(BUNDLES[bundle]).removesuffix(".json"))


def arithmetic_of(bundle: str) -> str:
    """Say how this machine rounds: a sum of what a bundle's network makes of states drawn at random, bit by bit.

    Another processor, or another onnxruntime, adds in another order; then a choice that is nearly even may fall
    otherwise, and all music after it.
    """
    network = onnxruntime.InferenceSession(graph_of(bundle), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    found = hashlib.sha256()
    for _ in range(16):
        drawn = {
            one.name: rng.random([1 if isinstance(size, str) else size for size in one.shape])
            for one in network.get_inputs()
        }
        whole = {one.name for one in network.get_inputs() if "int" in one.type}
        given = {
            name: np.ones_like(one, np.int32) if name in whole else one.astype(np.float32)
            for name, one in drawn.items()
        }
        found.update(network.run(["log_probability"], given)[0].tobytes())
    return found.hexdigest()


def card_again(path: Path) -> dict[str, Any]:
    """Decode the card of a bundle, and return what encoding it again gives."""
    encoded: dict[str, Any] = json.loads(msgspec.json.encode(read_card(path)))
    return encoded


class Desk:
    """Sets parameters by what comes in: command lines, channel messages and OSC.

    Attributes:
        told: What the user was told of learnt controllers.

    """

    def __init__(self, map_path: Path | None = None) -> None:
        """Begin as a bundle of three styles plays at first; with the controllers of a map file or those by default."""
        self._parameters = Parameters(style=(1.0, 0.0, 0.0), temperature=(0.9, 0.9, 0.9, 1.0), min_p=0.03)
        self.told: list[str] = []
        control_map = read_map(map_path, self._parameters, STYLES) if map_path else ControlMap()
        self._learner = Learner(STYLES, control_map, tell=self.told.append)

    @property
    def parameters(self) -> dict[str, Any]:
        """The value of each, by its name."""
        return _parameters_of(self._parameters)

    def take(self, turn: str | bytes) -> None:
        """Do what a command line or a channel message says, and stay so."""
        change = self._learner.read(turn, self._parameters)
        if change is not None:
            self._parameters = change.parameters

    def asked(self, turn: str | bytes) -> dict[str, Any] | None:
        """Return what a command line or a channel message would change; None for nothing, "refused" with the reason."""
        try:
            change = self._learner.read(turn, self._parameters)
        except InputError as error:
            return {"refused": str(error)}
        return None if change is None else self._shown(change)

    def asked_by_osc(self, datagram: bytes) -> list[Any]:
        """Return the same for each message of an OSC datagram, with its command line."""
        found: list[Any] = []
        try:
            for message in messages_in(datagram):
                line = line_of(message)
                found.append(None if line is None else {"line": line, "asks": self.asked(line)})
        except InputError as error:
            found.append({"refused": str(error)})
        return found

    def _shown(self, change: Change) -> dict[str, Any]:
        before = self.parameters
        shown = {name: value for name, value in _parameters_of(change.parameters).items() if value != before[name]}
        more = {
            "from the next bar": change.takes_effect is TakesEffect.NEXT_BAR,
            "a new piece": change.new_piece,
            "panic": change.panic,
        }
        return shown | {name: True for name, value in more.items() if value}


def _parameters_of(knobs: Parameters) -> dict[str, Any]:
    """Values by the names under which they are stored; whether 0.1 was reached by adding or dividing does not count."""
    rounded: dict[str, Any] = json.loads(json.dumps(asdict(knobs)), parse_float=lambda text: round(float(text), 10))
    return rounded


@dataclass(frozen=True, slots=True)
class Performance:
    """What a performance sent, message by message as the log of `--events` has it, and what the player was told."""

    sent: list[dict[str, Any]]
    told: list[str]


def perform(bundle: str, settings: Mapping[str, Any], script: Sequence[tuple[float, str]]) -> Performance:
    """Play as `play` does, but on a clock that stands still until everything due has been done.

    Args:
        bundle: The bundle, of one style.
        settings: Any of bars (to be ended with a chord on the tonic if `ending`), voices, form, section_bars, listen,
            lead_seconds, early_seconds, clock (whether a MIDI clock may set the time) and `until`, a position.
        script: Positions in ticks, rising, and what happens there: "midi B0 52 40" a channel message, "note 60 24" a
            note that the player plays for so many ticks, "clock FA" a message of a MIDI clock and "pulses 96 120" so
            many of its pulses at a tempo, anything else a command line.

    """
    bars, listen = settings.get("bars"), settings.get("listen")
    plan = Plan(
        form=settings.get("form"),
        section_bars=settings.get("section_bars", 2),
        end_tick=bars * BAR if bars and settings.get("ending") else None,
    )
    stage = Stage(
        Engine(load_bundle(BUNDLES[bundle]), "cpu"),
        voices=settings.get("voices", 1),
        plan=plan,
        bars=bars,
        lead_seconds=settings.get("lead_seconds", 0.0),
        early_seconds=settings.get("early_seconds", 0.0),
        listen=CallAndResponse(mode=listen, bar_ticks=BAR, beat_ticks=24) if listen else None,
        sync="auto" if settings.get("clock") else "internal",
        shortest_bars=4,
    )
    for tick, words in script:
        _put_on(stage, tick, words)
    stage.play(settings.get("until"))
    return Performance([_record(one) for one in stage.sent], stage.problems)


def _put_on(stage: Stage, tick: float, words: str) -> None:
    kind, *rest = words.split()
    seconds = stage.transport.seconds_at(0) + tick * TICK_SECONDS
    if kind == "midi":
        stage.at_seconds(seconds, bytes.fromhex("".join(rest)))
    elif kind == "note":
        stage.hear(tick, int(rest[0]), float(rest[1]))
    elif kind == "pulses":
        for number in range(int(rest[0])):
            due = seconds + number * tick_seconds(float(rest[1]))
            stage.at_seconds(due, partial(stage.port.receive, bytes([PULSE]), due))
    elif kind == "clock":
        stage.at_seconds(seconds, partial(stage.port.receive, bytes.fromhex("".join(rest)), seconds))
    else:
        stage.at_seconds(seconds, words)


def _record(sent: Sent) -> dict[str, Any]:
    """A message as the log has it, without the time at which it was sent, which is a matter of the clock's steps."""
    record = as_record(sent)
    del record["sent"]
    return record | {"due": round(record["due"], 4)}


@contextmanager
def small_networks() -> Iterator[None]:
    """Have trainings within the block make networks of the article's presets that are a fiftieth as wide."""
    real = import_module("lstm_composer.trainer.article.network").new_network

    def small(*arguments: Any, scale: float, **others: Any) -> Any:
        return real(*arguments, scale=scale * ARTICLE_SCALE, **others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lstm_composer.trainer.article.learner.new_network", small)
        patch.setattr("lstm_composer.trainer.judging.style.BARS", 8)
        yield


def write_walk(path: Path, seed: int, notes: int) -> None:
    """Write a melody that wanders, unlike that of any other seed, as a MIDI file."""
    write_midi(path, walk(seed, notes))


def unfinished_run(path: Path) -> None:
    """Make a run directory whose checkpoints hold nothing."""
    import_module("tests.support.hand_made_run").make_run(path)
