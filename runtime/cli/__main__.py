"""`python -m runtime.cli`: what `lstm-composer` does."""

import sys

from runtime.cli.start import main

if __name__ == "__main__":
    sys.exit(main())
