"""The piano that ships, and an instrument of the tests' own whose sound is known frame by frame."""

import pytest

from lstm_composer.runtime.sound.piano import Piano
from lstm_composer.runtime.sound.soundfont import Generator
from tests.runtime.sound.sounds import CLICK_FRAMES, soundfont_bytes


@pytest.fixture(scope="session")
def piano() -> Piano:
    """The piano that ships, with all its samples."""
    made = Piano.load()
    for number in made.decoding_order():
        made.bank.decode(number)
    return made


@pytest.fixture(scope="session")
def click(tmp_path_factory: pytest.TempPathFactory) -> Piano:
    """An instrument that sounds ten milliseconds of a constant, whatever the key."""
    path = tmp_path_factory.mktemp("font") / "click.sf2"
    # Scale tuning is not read, so each key has a zone of its own whose root it is.
    zones = [{Generator.KEY_RANGE: key << 8 | key, Generator.ROOT_KEY: key} for key in range(40, 80)]
    path.write_bytes(soundfont_bytes([16_000] * CLICK_FRAMES, [{int(a): b for a, b in zone.items()} for zone in zones]))
    return Piano.load(path)
