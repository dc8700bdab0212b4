"""What the article's presets give the training loop: windows of tokens, and one learning rate.

What the article had not is around the network, not in it: the figures of held-out pieces, whole checkpoints, resumption
and the guard against collapse. Neither gradient clipping nor a decaying rate is added: they would be other networks.
"""

import math

import keras
import tensorflow as tf

from lstm_composer.trainer.article.encoding import read_encoding
from lstm_composer.trainer.article.network import Network, new_network
from lstm_composer.trainer.article.windows import TokenMaterial, dataset
from lstm_composer.trainer.network.checkpoints import fill_network
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.training.loop import Row

UNEVEN = 2.0
"""How much worse than blind guessing a first epoch may be: with batch normalisation nothing is guessed evenly."""


class TokenLearner:
    """A run of one of the article's presets; see `trainer.training.loop.Learner`."""

    def __init__(
        self, settings: TrainingSettings, material: TokenMaterial, run: RunDirectory, *, scale: float = 1.0
    ) -> None:
        """Take what the loop needs.

        Args:
            settings: Of the run.
            material: Its tokens.
            run: Its directory.
            scale: What the widths of the network's layers are multiplied by.

        """
        self._settings, self._material, self._run = settings, material, run
        self._scale = scale
        self.guessing_nll = UNEVEN * math.log(len(material.vocabulary))
        self.targets = len(material.train)

    def new(self) -> Network:
        """Make the network."""
        keras.utils.set_random_seed(self._settings.seed)
        classes, window = len(self._material.vocabulary), self._material.train.length
        return new_network(self._settings.preset, classes, scale=self._scale, window=window)

    def load(self, epoch: int) -> Network:
        """Load a checkpoint."""
        classes, window = len(self._material.vocabulary), self._material.train.length
        return _loaded(self._run, epoch, self._settings, classes, window, self._scale)

    def scale_rate(self, network: Network, scale: float) -> None:
        """Set the rate, which stays what it is."""
        network.optimizer.learning_rate = self._settings.learning_rate * scale

    def epoch(self, number: int) -> tuple[tf.data.Dataset, int]:
        """Return the batches of an epoch, and how many they are."""
        windows = dataset(self._material.train, self._material.train.order(self._settings.seed, number))
        return windows, int(windows.cardinality())

    def held_out(self, network: Network) -> Row:
        """Measure a network on the validation part."""
        if not len(self._material.validation):
            return {}
        found = network.evaluate(dataset(self._material.validation), verbose=0, return_dict=True)
        return {f"val_{name}": float(value) for name, value in found.items()}


def load_network(run: RunDirectory, epoch: int) -> Network:
    """Build the network of a run and load a checkpoint into it, its optimizer included.

    Raises:
        DamagedCheckpointError: If the file is damaged, or of another network than the run's files describe.
        InputError: If it cannot be opened, or the run's files cannot be read.
        MissingError: If there is not enough memory.

    """
    settings = run.read_settings()
    encoding = read_encoding(run, settings)
    return _loaded(run, epoch, settings, len(encoding.vocabulary), encoding.window, 1.0)


def _loaded(
    run: RunDirectory, epoch: int, settings: TrainingSettings, classes: int, window: int, scale: float
) -> Network:
    network = new_network(settings.preset, classes, scale=scale, window=window)
    network.optimizer.build(network.trainable_variables)
    fill_network(network, run.checkpoint(epoch))
    return network
