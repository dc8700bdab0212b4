"""What the user left open comes from the bundle; what was asked for holds."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from lstm_composer.runtime.bundle.files import Bundle, load_bundle, read_card, write_bundle
from lstm_composer.runtime.bundle.schema import SamplingCard
from lstm_composer.runtime.errors import BundleError, InputError, MissingError
from lstm_composer.runtime.generation.ensemble import Ensemble, Plan
from lstm_composer.runtime.generation.voice import note_stream
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.event_encoding import LADDER
from lstm_composer.runtime.music.key_estimation import KEYS
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.parameters.parameters import WHOLE
from lstm_composer.runtime.session import loading
from lstm_composer.runtime.session.loading import load_composer
from lstm_composer.runtime.session.settings import MusicSettings
from lstm_composer.runtime.session.write import make_notes
from tests.runtime.free_music import free_of

Music = Callable[..., MusicSettings]
ALL = (WHOLE,)
"""The one style keeps to no register."""
NO_KEYS = (None,)
"""And says nothing of its keys."""


@pytest.fixture
def controls(monkeypatch: pytest.MonkeyPatch) -> list[GraphInputs]:
    """Those that the music is prepared with, as they come."""
    seen: list[GraphInputs] = []

    class Watched(Ensemble):
        def __init__(self, engine: Engine, controls: Sequence[GraphInputs], plan: Plan | None = None) -> None:
            seen.extend(controls)
            super().__init__(engine, controls, plan)

    monkeypatch.setattr(loading, "Ensemble", Watched)
    return seen


def test_a_style_may_want_other_defaults_than_its_bundle(
    music: Music, controls: list[GraphInputs], tiny_bundle: Bundle, tmp_path: Path
) -> None:
    sampling = SamplingCard(temperature=(0.8, 0.8, 0.8, 1.0), min_p=0.03, style_strength=1.5)
    style = msgspec.structs.replace(tiny_bundle.card.styles[0], sampling=sampling)
    card = msgspec.structs.replace(tiny_bundle.card, styles=[style])
    write_bundle(card, tiny_bundle.onnx, tmp_path / "own")
    load_composer(music(temperature=None, models_dirs=(tmp_path / "own",)))
    load_composer(music(temperature=0.5, min_p=0.0, style_strength=1.0, models_dirs=(tmp_path / "own",)))
    own = GraphInputs(
        style=(1.0,),
        style_strength=1.5,
        registers=ALL,
        style_keys=NO_KEYS,
        temperature=sampling.temperature,
        min_p=0.03,
    )
    assert controls == [
        own,
        GraphInputs(style=(1.0,), registers=ALL, style_keys=NO_KEYS, temperature=(0.5,) * 4, min_p=0.0),
    ]


def test_the_bundles_own_habits(music: Music, controls: list[GraphInputs]) -> None:
    prepared = load_composer(music(temperature=None))
    assert (prepared.style, prepared.device, prepared.tempo_bpm) == ("scale", "cpu", 120.0)
    assert (prepared.meter, prepared.end_tick, free_of(prepared.cursor).number) == (Meter(4, 4), None, 0)
    assert controls == [
        GraphInputs(style=(1.0,), registers=ALL, style_keys=NO_KEYS, temperature=(1.0,) * 4, min_p=0.05)
    ]


def test_what_was_asked_for(music: Music, controls: list[GraphInputs]) -> None:
    prepared = load_composer(music(tempo_bpm=90.5, meter=Meter(3, 4), bars=5, temperature=0.0, min_p=0.0))
    assert (prepared.tempo_bpm, prepared.meter, prepared.end_tick) == (90.5, Meter(3, 4), 5 * 72)
    assert controls == [
        GraphInputs(
            style=(1.0,), registers=ALL, style_keys=NO_KEYS, meter=Meter(3, 4), temperature=(0.0,) * 4, min_p=0.0
        )
    ]


def test_it_is_ready_to_play(music: Music) -> None:
    prepared = load_composer(music())
    notes = [placed.note for placed in islice(note_stream(prepared.advance, prepared.cursor), 2)]
    assert notes == [Note(0, 60, LADDER[24], 114), Note(24, 62, LADDER[24], 82)]


def test_a_style_may_tell_its_keys_its_loudness_and_its_returns(
    music: Music, controls: list[GraphInputs], tiny_models: Path, tmp_path: Path
) -> None:
    bundle = load_bundle(tiny_models / "memory" / "tiny.onnx.json")
    only_d = tuple(float(key == "D major") for key in KEYS)
    sampling = SamplingCard(temperature=(0.0,) * 4, min_p=0.0, recall=(0.5, 0, 0, 0, 0, 1.0, 0.5))
    style = msgspec.structs.replace(bundle.card.styles[0], keys=only_d, dynamics="absent", sampling=sampling)
    card = msgspec.structs.replace(bundle.card, styles=[style])
    assert read_card(write_bundle(card, bundle.onnx, tmp_path)) == card
    settings = music(temperature=None, models_dirs=(tmp_path,), bars=2)
    notes = make_notes(load_composer(settings), None)
    (found,) = controls
    assert (found.has_memory, found.recall, found.style_keys) == (True, (0.5, 0, 0, 0, 0, 1.0, 0.5), (only_d,))
    assert [note.pitch for note in notes][:3] == [62, 64, 66]
    plain, loud = (
        make_notes(load_composer(replace(settings, initial_commands=turns)), None)
        for turns in (("velocity 60", "velocity-range 0"), ("velocity 60", "velocity-range 0", "accents 1"))
    )
    assert [note.velocity for note in plain] == [60] * 8
    assert [note.velocity for note in loud] == [84, 60, 72, 60] * 2
    turned = make_notes(load_composer(replace(settings, initial_commands=("key E",))), None)
    assert turned[0].pitch == 64


def test_what_is_not_there(music: Music, copied_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="there is no style 'jazz'"):
        load_composer(music(style="jazz"))
    monkeypatch.setattr("lstm_composer.runtime.graph.engine.cuda_offered", lambda: False)
    with pytest.raises(MissingError, match="--device cuda"):
        load_composer(music(device="cuda"))
    (copied_models / "tiny.onnx").write_bytes(b"another")
    with pytest.raises(BundleError, match="checksum differs"):
        load_composer(music(models_dirs=(copied_models,)))
