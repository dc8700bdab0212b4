"""`recipes/environment.sh` among Pythons that answer as they are told: which it takes, and what it says without one."""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = Path("recipes", "environment.sh")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
TOOLS = ("cat", "chmod", "cp", "dirname", "find", "head", "id", "mkdir", "rm", "sed", "sh", "touch", "tr")
SHELLS = [("sh",), ("dash",), ("bash",), ("bash", "--posix"), ("busybox", "sh")]
DEBIAN, UBUNTU = 'ID=debian\nVERSION_ID="13"\n', "ID=ubuntu\nID_LIKE=debian\n"
PYTHON = """#!/bin/sh
case "$*" in
    *version_info*) echo {version} ;;
    *ensurepip*) exit {without_ensurepip} ;;
    *importlib*) exit 0 ;;
    "-m venv --clear .venv") rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    "-m pip install"*) echo "installs ${{*##* }}" ;;
    *) exit 1 ;;
esac
"""
"""A Python as far as the script asks one."""
SHIM = "#!/bin/sh\necho 'pyenv: the command exists in other versions' >&2\nexit 127\n"
"""What pyenv has on the path for each version that it could switch on."""
UV = """#!/bin/sh
case "$1 $2" in
    "python find") {has_python} ;;
    "python install") false ;;
    "venv --quiet") {makes} ;;
esac
"""

Programs = Mapping[str, str]


def python(version: str, *, capable: bool = True) -> str:
    return PYTHON.format(version=version, without_ensurepip=int(not capable))


class Machine:
    """A copy of the script in a folder of its own, and a path on which nothing else is."""

    def __init__(self, folder: Path) -> None:
        self.project, self.path = folder / "project", folder / "path"
        (self.project / SCRIPT).parent.mkdir(parents=True)
        shutil.copy(ROOT / SCRIPT, self.project / SCRIPT)
        for name in ("pyproject.toml", "constraints.txt"):
            (self.project / name).touch()
        self.path.mkdir()
        for tool in TOOLS:
            (self.path / tool).symlink_to(shutil.which(tool) or "/bin/false")
        self.release = folder / "os-release"
        self.release.write_text("ID=other\n")
        self.add({"uname": "#!/bin/sh\necho Linux\n"})

    def add(self, programs: Programs) -> None:
        for name, text in programs.items():
            (self.path / name).unlink(missing_ok=True)
            (self.path / name).write_text(text)
            (self.path / name).chmod(0o755)

    def run(
        self, *arguments: str, shell: tuple[str, ...] = ("sh",), named: str = "", make: str = ""
    ) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.path), "OS_RELEASE": str(self.release), "PYTHON": named, "MAKELEVEL": make}
        command = [shutil.which(shell[0]) or shell[0], *shell[1:], str(self.project / SCRIPT), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    def chosen(self, purpose: str, named: str = "") -> str:
        result = self.run(purpose, "--choose", named=named)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout.strip().removeprefix(f"{self.path}/")

    def refusal(self, purpose: str = "play", *arguments: str, named: str = "") -> str:
        """The one line that it ends with."""
        result = self.run(purpose, *(arguments or ("--choose",)), named=named)
        assert result.returncode == 2
        assert result.stderr.count("\n") == 1
        return result.stderr.rstrip("\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def every(*versions: str) -> Programs:
    return {f"python{version}": python(version) for version in versions}


@pytest.mark.parametrize(
    ("programs", "for_play", "for_test"),
    [
        (every("3.11", "3.12", "3.13", "3.14"), "python3.14", "python3.13"),
        (every("3.11", "3.12"), "python3.12", "python3.12"),
        (every("3.14"), "python3.14", "python3.14"),
        ({"python3": python("3.13"), **every("3.11")}, "python3", "python3"),
        ({"python": python("3.12")}, "python", "python"),
        ({**every("3.12"), "python3.13": SHIM, "python3": SHIM}, "python3.12", "python3.12"),
        ({**every("3.12"), "python3.13": python("3.13", capable=False)}, "python3.12", "python3.12"),
        ({**every("3.11"), "python3": python("3.15"), "python": python("2.7")}, "python3.11", "python3.11"),
        ({"python3": python("3.9"), "uv": UV.format(has_python="true", makes="true")}, "uv", "uv"),
        ({**every("3.11"), "uv": UV.format(has_python="true", makes="true")}, "python3.11", "python3.11"),
    ],
)
def test_the_python_that_is_taken(machine: Machine, programs: Programs, for_play: str, for_test: str) -> None:
    machine.add(programs)
    assert (machine.chosen("play"), machine.chosen("test")) == (for_play, for_test)


def test_a_python_that_is_named_is_taken(machine: Machine) -> None:
    machine.add(every("3.11", "3.14"))
    assert machine.chosen("play", named="python3.11") == "python3.11"
    folder = machine.project / "a folder with spaces"
    folder.mkdir()
    (folder / "python").write_text(python("3.12"))
    (folder / "python").chmod(0o755)
    assert machine.chosen("test", named=str(folder / "python")) == str(folder / "python")


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("python3.8", "PYTHON=python3.8 is Python 3.8: name a Python from 3.11 to 3.14, or leave it out"),
        ("python9", "PYTHON=python9 does not run: name a Python from 3.11 to 3.14, or leave it out"),
        ("python3.13", "Python 3.13 (python3.13) cannot make environments, venv or ensurepip is missing: sudo apt"),
    ],
)
def test_a_python_that_is_named_and_will_not_do(machine: Machine, named: str, says: str) -> None:
    machine.add({**every("3.14"), "python3.8": python("3.8"), "python3.13": python("3.13", capable=False)})
    machine.add({"id": "#!/bin/sh\necho 1000\n"})
    machine.release.write_text(DEBIAN)
    assert machine.refusal(named=named).startswith(says)


def apt(*known: str) -> str:
    """An `apt-cache` whose lists hold these packages."""
    return f'#!/bin/sh\ncase " {" ".join(known)} " in *" $2 "*) exit 0 ;; esac\nexit 100\n'


OTHERWISE = "install Python 3.13 from python.org, or uv, which brings one"


@pytest.mark.parametrize(
    ("release", "programs", "advice"),
    [
        (DEBIAN, {"apt-cache": apt("python3.13-venv")}, "sudo apt install python3.13 python3.13-venv"),
        (DEBIAN, {"apt-cache": apt("python3.14-venv")}, "sudo apt install python3.14 python3.14-venv"),
        (UBUNTU, {"apt-cache": apt("python3.11-venv")}, "sudo apt install python3.11 python3.11-venv"),
        (UBUNTU, {"apt-cache": apt()}, "sudo apt install python3 python3-venv"),
        ("ID=fedora\n", {}, "sudo dnf install python3.13"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', {}, "sudo dnf install python3.12"),
        ("ID=arch\n", {}, "sudo pacman -S python"),
        ("ID=manjaro\nID_LIKE=arch\n", {}, "sudo pacman -S python"),
        (
            'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\nVERSION_ID="20261120"\n',
            {},
            "sudo zypper install python313",
        ),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\n', {}, "sudo zypper install python311"),
        ("ID=nixos\n", {}, OTHERWISE),
        ("", {"uname": "#!/bin/sh\necho Darwin\n"}, OTHERWISE),
        ("", {"uname": "#!/bin/sh\necho Darwin\n", "brew": "#!/bin/sh\n"}, "brew install python@3.13"),
    ],
)
def test_what_to_install_is_said_for_the_system(
    machine: Machine, release: str, programs: Programs, advice: str
) -> None:
    machine.release.write_text(release)
    machine.add({"id": "#!/bin/sh\necho 1000\n", **programs})
    wanted = f"No Python from 3.11 to 3.14 found: {advice}, or name one with PYTHON=/path/to/python"
    assert machine.refusal() == machine.refusal("test") == wanted


def test_root_needs_no_sudo(machine: Machine) -> None:
    machine.release.write_text("ID=arch\n")
    machine.add({"id": "#!/bin/sh\necho 0\n"})
    assert ": pacman -S python, or" in machine.refusal()


@pytest.mark.parametrize("name", ["python3", "python", "python3.10"])
def test_an_older_python_is_named(machine: Machine, name: str) -> None:
    machine.release.write_text(UBUNTU)
    machine.add({name: python("3.10"), "apt-cache": apt()})
    assert machine.refusal() == (
        f"No Python from 3.11 to 3.14 found, only Python 3.10 ({name}): {OTHERWISE}, "
        "or name one with PYTHON=/path/to/python"
    )


@pytest.mark.parametrize(
    ("release", "advice"),
    [(DEBIAN, "apt install python3.13-venv"), ("ID=fedora\n", "dnf install python3.13"), ("ID=nixos\n", OTHERWISE)],
)
def test_what_a_python_without_venv_needs(machine: Machine, release: str, advice: str) -> None:
    machine.release.write_text(release)
    machine.add({"python3": python("3.13", capable=False), "id": "#!/bin/sh\necho 0\n"})
    assert machine.refusal() == (
        f"Python 3.13 (python3) cannot make environments, venv or ensurepip is missing: {advice}"
    )


def test_a_uv_that_fails_ends_in_one_line(machine: Machine) -> None:
    machine.add(
        {"uv": UV.format(has_python="false", makes="echo 'error: no network' >&2; echo '  caused by: it' >&2; false")}
    )
    assert machine.refusal("play", "") == (
        "No Python from 3.11 to 3.14 found (uv brings none either: error: no network): "
        f"{OTHERWISE}, or name one with PYTHON=/path/to/python"
    )
    assert not (machine.project / ".venv").exists()


MAKES = "mkdir -p .venv/bin; cp {} .venv/bin/python"


@pytest.mark.parametrize("shell", SHELLS)
def test_an_environment_is_made_once_and_renewed_when_the_pins_are(machine: Machine, shell: tuple[str, ...]) -> None:
    if shutil.which(shell[0]) is None:
        pytest.skip(f"{shell[0]} is not here")
    machine.add(every("3.13"))
    first = machine.run("play", shell=shell)
    assert (first.returncode, first.stderr) == (0, "")
    assert "Making .venv with Python 3.13 (python3.13) ..." in first.stdout
    assert "installs .\n" in first.stdout
    ready = ".venv is up to date. To play: .venv/bin/lstm-composer play --style chopin --sound\n"
    assert machine.run("play", shell=shell).stdout == ready
    assert machine.run("play", shell=shell, make="1").stdout == ""
    more = machine.run("test", shell=shell).stdout
    assert "Making" not in more
    assert "installs .[train,jack,link,osc,panel,score,dev,cluster]\n" in more
    assert machine.run("test", shell=shell).stdout == ready
    shown = machine.run("panel", shell=shell).stdout
    assert "installs .[panel,score]\n" in shown
    assert machine.run("panel", shell=shell).stdout == ready
    assert machine.run("test", shell=shell).stdout == ready
    later = (machine.project / ".venv" / "can-develop").stat().st_mtime + 10
    os.utime(machine.project / "constraints.txt", (later, later))
    assert "installs .\n" in machine.run("play", shell=shell).stdout


def test_testing_makes_anew_what_playing_made_with_a_python_without_tensorflow(machine: Machine) -> None:
    machine.add(every("3.14"))
    machine.run("play")
    kept = machine.run("test").stdout
    assert "Making" not in kept
    assert "for want of TensorFlow" in kept
    machine.add(every("3.12"))
    assert "Making" not in machine.run("play").stdout
    anew = machine.run("test").stdout
    assert anew.startswith(
        ".venv has Python 3.14, which TensorFlow has no version for yet: it is made anew.\nMaking .venv"
    )
    assert "installs .[train" in anew
    assert "Making" not in machine.run("play").stdout + machine.run("test").stdout


@pytest.mark.parametrize(("has_python", "made_anew"), [("true", True), ("false", False)])
def test_uv_is_asked_for_a_python_with_tensorflow(machine: Machine, has_python: str, made_anew: bool) -> None:  # noqa: FBT001
    machine.add(every("3.14"))
    machine.run("play")
    other = machine.project / "other"
    other.write_text(python("3.13"))
    other.chmod(0o755)
    machine.add({"uv": UV.format(has_python=has_python, makes=MAKES.format(other))})
    assert ("made anew" in machine.run("test").stdout) == made_anew


def test_an_environment_whose_python_has_gone_is_made_anew(machine: Machine) -> None:
    machine.add(every("3.13"))
    machine.run("play")
    (machine.project / ".venv" / "bin" / "python").write_text(SHIM)
    assert "Making .venv with Python 3.13" in machine.run("play").stdout


def test_the_script_knows_the_pythons_of_pyproject() -> None:
    text = (ROOT / SCRIPT).read_text(encoding="utf-8")
    assert f'FOR_PLAYING="{" ".join(reversed(PYTHONS))}"' in text
    assert f"OLDEST={PYTHONS[0]}\nNEWEST={PYTHONS[-1]}\n" in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={PYTHONS[0]}"
    named = [text for text in project["classifiers"] if text.startswith("Programming Language :: ")]
    assert named == [f"Programming Language :: Python :: {one}" for one in PYTHONS]


@pytest.mark.parametrize("arguments", [(), ("record",)])
def test_what_it_is_for_must_be_said(machine: Machine, arguments: tuple[str, ...]) -> None:
    result = machine.run(*arguments)
    assert (result.returncode, result.stderr) == (
        2,
        "usage: sh recipes/environment.sh play|panel|test|docs [--choose]\n",
    )


def test_the_site_of_the_documentation_has_an_environment_of_its_own(machine: Machine) -> None:
    machine.add(every("3.14"))
    machine.add({"python3.14": python("3.14").replace(".venv", "build/docs-environment")})
    requirements = machine.project / "recipes" / "docs_site" / "requirements.txt"
    requirements.parent.mkdir()
    requirements.touch()
    result = machine.run("docs", make="1")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "installs recipes/docs_site/requirements.txt"
    assert (machine.project / "build/docs-environment/can-document").exists()
    assert not (machine.project / ".venv").exists()
    assert machine.run("docs", make="1").stdout == ""
