"""The app's program: without arguments it opens the panel, with arguments it is `lstm-composer`.

Opened by a double click on macOS and Windows it has no terminal. Then the panel becomes a process of its own in the
background, and this one ends once the page is there: macOS would not start a program again that still runs, and the
second double click is to open the page again. What goes wrong is told in a window.
"""

import os
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import subprocess

TITLE: Final = "LSTM Composer"
_CONSOLE_PROGRAM: Final = "lstm-composer.exe"
_ADDRESS: Final = "http://127.0.0.1:"
"""Stands in what the panel says once it runs, and in nothing that it says when it does not."""


def leave_no_trace_of_the_loader() -> None:
    """Make the environment what it was before PyInstaller's loader: no other program is to load the app's libraries."""
    for name in [name for name in os.environ if name.startswith("_PYI_")]:
        del os.environ[name]
    if sys.platform.startswith("linux"):
        before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
        os.environ.pop("LD_LIBRARY_PATH", None)
        if before is not None:
            os.environ["LD_LIBRARY_PATH"] = before


def was_double_clicked() -> bool:
    """Tell whether there is no terminal, on the systems whose double click this program has to know of."""
    if sys.platform == "win32":
        return sys.stderr is None
    return sys.platform == "darwin" and not os.isatty(2)


def start_in_background() -> "subprocess.Popen[bytes]":
    """Start the panel as a process of its own, which outlives this one."""
    import subprocess  # noqa: PLC0415 - the command line has no use for it
    from pathlib import Path  # noqa: PLC0415 - as above

    program = Path(sys.executable)
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        program = program.with_name(_CONSOLE_PROGRAM)
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return subprocess.Popen(
        [program, "panel"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **apart
    )


def wait_for_page(panel: "subprocess.Popen[bytes]") -> int:
    """Wait until the panel opens its page, or tell why it does not; returns the exit code of this process."""
    said = ""
    if panel.stdout:
        with panel.stdout:
            for line in panel.stdout:
                said = line.decode(errors="replace").strip()
                if _ADDRESS in said:
                    return 0
    show(said or "the panel has ended at once and said nothing")
    return panel.wait()


def show(problem: str) -> None:
    """Tell in a window what is wrong, and wait until it is closed."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - only here

        ctypes.windll.user32.MessageBoxW(None, problem, TITLE, 0x10)
    elif sys.platform == "darwin":
        import subprocess  # noqa: PLC0415 - only here

        # Given as an argument, so that nothing in it is taken for AppleScript.
        script = f'on run problem\ndisplay alert "{TITLE}" message (item 1 of problem)\nend run'
        subprocess.run(["/usr/bin/osascript", "-e", script, problem], check=False)
    else:
        sys.stderr.write(f"{problem}\n")


def main() -> int:
    """Run the program and return its exit code."""
    leave_no_trace_of_the_loader()
    if len(sys.argv) == 1:
        if was_double_clicked():
            return wait_for_page(start_in_background())
        sys.argv.append("panel")
    from lstm_composer.runtime.cli.start import main as run  # noqa: PLC0415 - with the environment as it was

    return run()


if __name__ == "__main__":
    sys.exit(main())
