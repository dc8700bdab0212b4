"""The command line: `lstm-composer SUBCOMMAND`."""
