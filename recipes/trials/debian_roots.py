"""Try the checkout on Debian's newer Pythons: a folder each with trixie (Python 3.13) and forky (3.14), to chroot into.

    python recipes/trials/debian_roots.py FOLDER [--suite forky]

Needs root, debootstrap and this checkout's own environment. FOLDER/root-trixie and so on are made where they are not,
which takes 3 minutes and 400 MB, and as much as 3 GB with all that testing needs; one that is there is taken as it is.
Debian's mirror, pip's configuration and the certificates are this machine's. In each root, on a clean clone of what is
committed: `make play` into that Debian's JACK server, heard by `jack_midi_dump`; `write`, whose file must be the same
as this machine's; `make check`; the tests that need JACK, and those of the panel's server. What these print is kept
in FOLDER/trixie-make-check.txt and so on.
"""

import argparse
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recipes.trials.jack_receiver import (
    ALL_NOTES_OFF,
    PORT,
    RECEIVER,
    RECEIVER_PORT,
    messages_of,
    received_messages,
    running,
)
from recipes.trials.waiting import TrialError, wait_for

CHECKOUT: Final = Path(__file__).parents[2]
SUITES: Final = ("trixie", "forky")
PROGRAMS: Final = ("debootstrap", "chroot", "git")
PACKAGES: Final = (
    *("python3", "python3-venv", "ca-certificates", "make"),
    *("libasound2t64", "libatomic1", "libjack-jackd2-0"),  # what rtmidi, aalink and JACK-Client load
)
TEST_PACKAGES: Final = ("git", "jackd2", "jack-example-tools", "jack-midi-clock", "libcairo2")
"""Installed in a second step: debootstrap knows no package that stands in for another."""
COPIED: Final = (
    *("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/xdg/pip"),
    "/etc/ssl/certs/ca-certificates.crt",
)
PROJECT: Final = Path("/root/lstm-composer")
"""Where the clone is, seen from inside."""
SERVER: Final = "debian-roots"
PYTEST: Final = (".venv/bin/python", "-m", "pytest", "-q", "--no-header", "-n", "0")
CHECKS: Final = {
    "make check": ("make", "check"),
    # CI: a test that would be skipped for want of JACK fails.
    "tests/jack": ("env", "CI=true", *PYTEST, "tests/jack"),
    "tests/panel/server": (*PYTEST, "tests/panel/server"),
}
"""What is run in a root, after playing and writing; `make` makes the environment before."""
PLAYED: Final = ("--bars", "4", "--seed", "1")
WRITTEN: Final = ("write", "--style", "bach", "--bars", "8", "--seed", "1")


@dataclass(frozen=True, slots=True)
class Root:
    """A folder with a Debian, whose /proc and /dev are there."""

    folder: Path

    def run(self, *command: str) -> str:
        """Run a command in the clone and return what it prints; what it complains of is shown."""
        output: str = subprocess.run(self.command(*command), check=True, stdout=subprocess.PIPE, text=True).stdout
        return output

    def command(self, *command: str) -> list[str]:
        """Return a command line that runs a command in the clone."""
        surrounding = (
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "PIP_QUIET=2",
            f"JACK_DEFAULT_SERVER={SERVER}",
            "DEBIAN_FRONTEND=noninteractive",
        )
        shell = ("sh", "-c", f'cd {PROJECT} && exec "$@"', "sh", *command)
        return ["chroot", str(self.folder), "env", "-i", *surrounding, *shell]

    def outside(self, path: Path) -> Path:
        """Return where a path of the root is for this machine."""
        return self.folder / path.relative_to("/")


def main() -> None:
    """Try each suite and print what was found; ends with an error at the first thing that is not as it should be."""
    parser = argparse.ArgumentParser(description="Try the checkout on Debian's newer Pythons.")
    parser.add_argument("folder", type=Path, help="where the roots are, or will be")
    parser.add_argument("--suite", choices=SUITES, action="append", help="default: each")
    arguments = parser.parse_args()
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        sys.exit(f"missing: {', '.join(missing)}; apt-get install debootstrap git")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what is mounted is unmounted
    for suite in arguments.suite or SUITES:
        folder = arguments.folder.resolve() / f"root-{suite}"
        if not (folder / "usr/bin/python3").exists():
            bootstrap(suite, folder)
        copy_configuration(folder)
        with mounted(folder) as root:
            clone(root)
            if not all((folder / "usr/bin" / program).exists() for program in ("git", "jack_midi_clock")):
                # A mirror that is a few weeks behind will do; debootstrap does not ask either.
                root.run("apt-get", "update", "-qq", "-o", "Acquire::Check-Valid-Until=false")
                root.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *TEST_PACKAGES)
            try:
                try_out(suite, root)
            except TrialError as error:
                sys.exit(f"{suite}: {error}")


def try_out(suite: str, root: Root) -> None:
    """Play, write and test in a root."""
    say(suite, f"{root.run('python3', '--version').strip()}, glibc {glibc_of(root)}")
    root.run("sh", "recipes/environment.sh", "play")
    messages = played(root)
    say(suite, f"make play: {messages} messages received over JACK, those of write")
    digest = sha256_of(root)
    if digest != sha256_of_this_machine(root):
        sys.exit(f"{suite}: {' '.join(WRITTEN)} gives {digest}, and something else on this machine")
    say(suite, f"{' '.join(WRITTEN)}: sha256 {digest}, as on this machine with Python {sys.version.split()[0]}")
    root.run("sh", "recipes/environment.sh", "test")
    for title, command in CHECKS.items():
        say(suite, f"{title}: {checked(suite, root, title, command)}")


def checked(suite: str, root: Root, title: str, command: Sequence[str]) -> str:
    """Run tests in a root, and return pytest's last line."""
    output = root.folder.with_name(f"{suite}-{title.replace(' ', '-').replace('/', '-')}.txt")
    with output.open("w") as file:
        code = subprocess.run(root.command(*command), check=False, stdout=file, stderr=subprocess.STDOUT).returncode
    if code != 0:
        sys.exit(f"{suite}: {title} failed, see {output}")
    return output.read_text(errors="replace").strip().splitlines()[-1].strip("= ")


def say(suite: str, text: str) -> None:
    """Print a finding."""
    print(f"{suite}: {text}", flush=True)


def glibc_of(root: Root) -> str:
    """Return the version of the C library."""
    return root.run("python3", "-c", "import platform; print(platform.libc_ver()[1])").strip()


# ---- The root


def bootstrap(suite: str, folder: Path) -> None:
    """Make the root; a suite that debootstrap has no script for is made as sid is."""
    script = [] if Path("/usr/share/debootstrap/scripts", suite).exists() else ["sid"]
    options = ("--variant=minbase", f"--include={','.join(PACKAGES)}")
    subprocess.run(["debootstrap", *options, suite, str(folder), mirror(), *script], check=True)


def mirror() -> str:
    """Return the first archive of packages that apt has, the one for security apart."""
    files = (Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*")))
    texts = [file.read_text() for file in files if file.suffix in (".list", ".sources") and file.exists()]
    found = re.findall(r"^(?:URIs:|deb(?: \[[^]]*\])?)\s+(\S+)", "\n".join(texts), re.MULTILINE)
    archives: list[str] = [uri for uri in found if "security" not in uri]
    if not archives:
        sys.exit("apt has no mirror of Debian in /etc/apt: nothing to make a root from")
    return archives[0]


def copy_configuration(folder: Path) -> None:
    """Copy names, pip's settings and certificates, so that the root reaches what this machine reaches."""
    for name in (*COPIED, str(Path.home() / ".config/pip")):
        source, target = Path(name), folder / name.lstrip("/")
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


@contextmanager
def mounted(folder: Path) -> Iterator[Root]:
    """Mount /proc and /dev, with a /dev/shm of its own; unmount them whatever happens.

    A JACK of another Debian that shared the machine's /dev/shm would spoil the database that all servers there share.
    """
    with ExitStack() as stack:
        for name in ("proc", "dev"):
            target = folder / name
            target.mkdir(exist_ok=True)
            subprocess.run(["mount", "--rbind", f"/{name}", str(target)], check=True)
            stack.callback(unmount, target)
            # A slave: without it, unmounting here would unmount the machine's own.
            subprocess.run(["mount", "--make-rslave", str(target)], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder / "dev/shm")], check=True)
        yield Root(folder)


def unmount(target: Path) -> None:
    """Unmount all that is below a folder, which must be a slave by now or unmounting is refused."""
    subprocess.run(["mount", "--make-rslave", str(target)], check=True)
    subprocess.run(["umount", "--recursive", "--lazy", str(target)], check=True)


def clone(root: Root) -> None:
    """Put what is committed here in the place of an earlier clone, whose environment is kept: it is large."""
    target = root.outside(PROJECT)
    kept, environment = target.with_name("kept"), target / ".venv"
    if environment.exists():
        environment.rename(kept)
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(target)], check=True)
    if kept.exists():
        kept.rename(environment)


# ---- Playing and writing


def played(root: Root) -> int:
    """Have `make play` heard by a receiver, and return how many messages it got; they must be those of `write`."""
    received_file = root.outside(PROJECT) / "received.txt"
    with ExitStack() as stack:
        driver = ("-d", "dummy", "-r", "48000", "-p", "64")
        nowhere = Path(os.devnull)
        stack.enter_context(running(root.command("jackd", "-n", SERVER, "-R", "-S", *driver), output=nowhere))
        root.run("jack_wait", "--wait", "--timeout", "10")
        stack.enter_context(running(root.command(*RECEIVER), output=received_file))
        arguments = " ".join((*PLAYED, "--lead-in 2"))  # bars of rest, in which the receiver is connected
        player = stack.enter_context(subprocess.Popen(root.command("make", "play", f"ARGS={arguments}")))
        wait_for(lambda: connected(root), "the composer's port")
        if player.wait() != 0:
            sys.exit(f"make play ended with {player.returncode}")
        wait_for(lambda: ALL_NOTES_OFF in received_messages(received_file), "the last message")
    received = received_messages(received_file)
    root.run(".venv/bin/lstm-composer", "write", "--style", "chopin", *PLAYED, "-o", "written.mid")
    expected = messages_of(root.outside(PROJECT) / "written.mid")
    if received[: len(expected)] != expected:
        sys.exit(f"make play sent {len(received)} messages, which are not the {len(expected)} of write")
    return len(expected)


def connected(root: Root) -> bool:
    """Connect the composer's port to the receiver; False if one of them is not there yet."""
    command = root.command("jack_connect", PORT, RECEIVER_PORT)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def sha256_of(root: Root) -> str:
    """Return the digest of what the root writes."""
    root.run(".venv/bin/lstm-composer", *WRITTEN, "-o", "music.mid")
    return hashlib.sha256((root.outside(PROJECT) / "music.mid").read_bytes()).hexdigest()


def sha256_of_this_machine(root: Root) -> str:
    """Return the digest of what the same sources write with the Python that runs this script."""
    folder = root.outside(PROJECT)
    command = [sys.executable, "-m", "lstm_composer", *WRITTEN, "-o", "here.mid"]
    subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)}, check=True, stdout=subprocess.PIPE
    )
    return hashlib.sha256((folder / "here.mid").read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
