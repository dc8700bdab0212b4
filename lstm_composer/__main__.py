"""`python -m lstm_composer`: what `lstm-composer` does."""

from lstm_composer.runtime.cli.start import main

if __name__ == "__main__":
    raise SystemExit(main())
