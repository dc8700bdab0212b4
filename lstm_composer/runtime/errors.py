"""Every error that a user can cause or cure.

    ComposerError                 one line, exit code 2
    ├── InputError                a file, flag or value that the user gave is wrong
    ├── BundleError               a bundle that does not check out
    │   └── RunError              its network failed while it ran, on a GPU: perhaps not the next time
    ├── MissingError              something this machine lacks: a port, a device, an extra, disk space
    └── CorpusError               a training folder without usable music

The message says what is wrong (with the value), what is allowed and what to do. A command prints it as
one line on stderr and exits with code 2; everything else that escapes is a bug and exits with code 1.
"""


class ComposerError(Exception):
    """Base of all errors that a command turns into one line and exit code 2."""


class InputError(ComposerError):
    """A file, a flag or a value given by the user is wrong."""


class BundleError(ComposerError):
    """A bundle's two files do not fit each other, this program or their checksum."""


class RunError(BundleError):
    """A bundle's network failed while it ran, but need not the next time."""


class MissingError(ComposerError):
    """The machine lacks something that was asked for."""


class CorpusError(ComposerError):
    """A training folder holds no music that can be used."""
