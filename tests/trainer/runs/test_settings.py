from collections.abc import Sequence

import msgspec
import pytest

from lstm_composer.runtime.bundle.schema import StyleCard
from lstm_composer.runtime.errors import CorpusError, InputError
from lstm_composer.trainer.runs.network_config import NetworkConfig
from lstm_composer.trainer.runs.settings import BaseCard, TrainingSettings, check_style_name, with_styles

BACH = StyleCard(name="bach", tempo_bpm=72, meter="4/4", pieces=3, notes=1000)
BASE = BaseCard("runs/bach", 10, (BACH,), ())


@pytest.mark.parametrize(
    ("settled", "folders", "base", "names", "styles"),
    [
        ((), (), None, ("mine",), 1),
        ((), ("a", "b"), None, ("a", "b"), 2),
        (("mine",), ("a", "b"), None, ("mine",), 1),
        ((), (), BASE, ("mine",), 2),
        ((), ("a", "b"), BASE, ("a", "b"), 3),
    ],
)
def test_the_styles_of_a_run(
    settled: tuple[str, ...], folders: Sequence[str], base: BaseCard | None, names: tuple[str, ...], styles: int
) -> None:
    given = TrainingSettings(name="mine", source="music", styles=settled, base=base, network=NetworkConfig(units=8))
    settings = with_styles(given, folders)
    in_heads = len(names) > 1 and base is None  # a base keeps its shape
    wanted = NetworkConfig(units=8, styles=styles, style_in_heads=in_heads)
    assert (settings.style_names, settings.network) == (names, wanted)
    assert settings.base_styles == ((BACH,) if base else ())
    assert msgspec.json.decode(msgspec.json.encode(settings), type=TrainingSettings) == settings


def test_a_run_from_before_there_were_styles() -> None:
    settings = msgspec.json.decode(b'{"name": "old", "source": "music"}', type=TrainingSettings)
    assert (settings.style_names, settings.base_styles, settings.patience) == (("old",), (), None)


def test_a_style_that_the_base_holds_already() -> None:
    with pytest.raises(InputError, match="runs/bach holds the style bach already: give the new one another name"):
        with_styles(TrainingSettings(name="bach", source="music", base=BASE), ())


@pytest.mark.parametrize("name", ["a,b", "a:b", "-a", 'a"b'])
def test_a_folder_that_cannot_name_a_style(name: str) -> None:
    with pytest.raises(CorpusError, match=r"of music cannot name a style: letters, digits, .*; or --one-style"):
        with_styles(TrainingSettings(name="mine", source="music"), ["fine", name])
    one_style = TrainingSettings(name="mine", source="music", styles=("mine",))
    assert with_styles(one_style, ["fine", name]).style_names == ("mine",)
    with pytest.raises(InputError, match=r"--name .* is not allowed"):
        check_style_name(name)
