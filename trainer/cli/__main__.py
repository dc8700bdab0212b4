"""`python -m trainer.cli`: what `lstm-composer train` does."""

import sys

from runtime.system.process_exit import in_words
from trainer.cli.train import main

if __name__ == "__main__":
    sys.exit(in_words(main))
