"""`python -m lstm_composer.trainer.cli`: what `lstm-composer train` does."""

import sys

from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.cli.train import main

if __name__ == "__main__":
    sys.exit(in_words(main))
