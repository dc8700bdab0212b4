import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.runs.request import TrainingRequest
from lstm_composer.trainer.runs.settings import ARTICLE, FROM_NOTHING, TrainingSettings
from lstm_composer.trainer.training.initial_settings import initial_settings


def test_what_is_not_asked_for_is_settled() -> None:
    settings = initial_settings(TrainingRequest(folder="music", name="bach"))
    assert settings == TrainingSettings(name="bach", source="music")
    assert settings.epochs == FROM_NOTHING.epochs


def test_what_is_asked_for_holds() -> None:
    settings = initial_settings(
        TrainingRequest(
            folder="music", name="bach", epochs=7, seed=3, own_keys_last=2, weight_decay=0.0, units=64, dropout=0.5,
            one_style=True, no_transposition=True, tensorboard=True,
        )
    )  # fmt: skip
    assert (settings.epochs, settings.seed, settings.own_keys_last, settings.weight_decay) == (7, 3, 2, 0.0)
    assert (settings.network.units, settings.network.dropout) == (64, 0.5)
    assert settings.network.memory == TrainingSettings(name="", source="").network.memory
    assert (settings.styles, settings.transpose, settings.tensorboard) == (("bach",), False, True)


def test_a_preset_has_a_recipe_of_its_own() -> None:
    settings = initial_settings(TrainingRequest(folder="music", name="x", preset="article", epochs=2))
    assert (settings.epochs, settings.learning_rate) == (2, ARTICLE.learning_rate)


def test_a_base_is_looked_for_where_a_run_begins() -> None:
    request = TrainingRequest(folder="music", name="x", base="no/such")
    with pytest.raises(InputError, match="--from no/such is neither a run directory nor a bundle"):
        initial_settings(request)
    assert initial_settings(request, resume=True).base is None


def test_only_what_plays_in_time_can_be_built_upon() -> None:
    with pytest.raises(InputError, match="--from starts networks of preset stream, not of skuldur"):
        initial_settings(TrainingRequest(folder="music", name="x", preset="skuldur", base="bach"))
