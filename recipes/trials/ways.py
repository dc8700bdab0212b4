"""The ways in which the wheel can be installed without a clone: commands as docs/install.md has them."""

from dataclasses import dataclass
from typing import Final

WHEEL: Final = "lstm_composer-VERSION-py3-none-any.whl"
# Without the "./" pipx takes the file and leaves the extras out, without a word.
_WITH_EXTRAS: Final = f'"./{WHEEL}[panel,score]"'


@dataclass(frozen=True, slots=True)
class Way:
    """A way to install the program, use it and be rid of it; commands are lines for a shell.

    Attributes:
        name: What the table calls it.
        install: In order; none where nothing is installed before the program is used.
        program: What the line of a program begins with; the program's name follows.
        uninstall: In order.
        tools_own: What the tool itself leaves in the user's folder, such as its log: beginnings of paths below it.

    """

    name: str
    install: tuple[str, ...]
    program: str
    uninstall: tuple[str, ...]
    tools_own: tuple[str, ...]


_PYTHONS: Final = (".rustup/",)
"""uv and pip ask rustc for its version where there is one, and rustup then writes its settings."""
_UV: Final = (".local/share/uv/", *_PYTHONS)
_PIPX: Final = (".cache/pipx/", ".local/share/man/", ".local/share/pipx/", ".local/state/pipx/", *_UV)

WAYS: Final = (
    Way("uv tool", (f"uv tool install {_WITH_EXTRAS}",), "", ("uv tool uninstall lstm-composer",), _UV),
    Way(  # as it will be once it can be had from an index: supriya-midi is then named by a package that is named itself
        "uv, by name",
        ('uv tool install --find-links . "lstm-composer[panel,score]"',),
        "",
        ("uv tool uninstall lstm-composer",),
        _UV,
    ),
    Way("uvx", (), f"uvx --from {_WITH_EXTRAS} ", (), _UV),
    Way("pipx", (f"pipx install {_WITH_EXTRAS}",), "", ("pipx uninstall lstm-composer",), _PIPX),
    Way("pipx run", (), f"pipx run --spec {_WITH_EXTRAS} ", (), _PIPX),
    Way(
        "pip",
        ("python3 -m venv ~/lstm-composer", f"~/lstm-composer/bin/pip install {_WITH_EXTRAS}"),
        "~/lstm-composer/bin/",
        ("~/lstm-composer/bin/pip uninstall --yes lstm-composer",),
        ("lstm-composer/", *_PYTHONS),
    ),
)
