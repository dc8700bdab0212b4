"""The take: the notes that were heard, kept whatever happens to the disk."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.midi.messages import SUSTAIN_PEDAL, Kind, Message, Sent
from lstm_composer.runtime.midi.writer import midi_bytes
from lstm_composer.runtime.music.notes import Meter, Note, without_overlaps
from lstm_composer.runtime.playback import take as take_module
from lstm_composer.runtime.playback.scheduler import Scheduler
from lstm_composer.runtime.playback.take import Take, check_writable, claim_next_take, save_take
from lstm_composer.runtime.system.claims import Claim

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /dev/full or its tmpfs")
# Within a namespace of its own the mount is nobody else's and goes away by itself.
ON_A_FULL_DISK = """
set -e
mount -t tmpfs -o size=16k tmpfs "$1"
printf old > "$1/take.mid"
cat /dev/zero > "$1/fill" 2> /dev/null || true
code=0
"$2" -m lstm_composer write --style scale --seed 1 --bars 64 -o "$1/take.mid" || code=$?
test "$(cat "$1/take.mid")" = old
test "$(ls -A "$1" | tr '\\n' ' ')" = 'fill take.mid '
exit $code
"""


def take_of(*messages: Message) -> list[Note]:
    take = Take()
    for message in messages:
        take.add(Sent(message, 0.0, 0.0))
    return take.music().notes


def on(tick: int, pitch: int, velocity: int = 80) -> Message:
    return Message(tick, Kind.NOTE_ON, 1, pitch, velocity)


def off(tick: int, pitch: int) -> Message:
    return Message(tick, Kind.NOTE_OFF, 1, pitch, 64)


@pytest.mark.parametrize(
    ("messages", "notes"),
    [
        ([], []),
        ([on(0, 60), off(24, 60)], [Note(0, 60, 24, 80)]),
        ([on(0, 64), on(12, 60), off(24, 60), off(36, 64)], [Note(0, 64, 36, 80), Note(12, 60, 12, 80)]),
        ([on(0, 60), off(24, 60), on(24, 60, 90), off(48, 60)], [Note(0, 60, 24, 80), Note(24, 60, 24, 90)]),
        ([on(0, 60), on(24, 64), off(48, 64)], [Note(0, 60, 48, 80), Note(24, 64, 24, 80)]),
        ([on(0, 60)], [Note(0, 60, 1, 80)]),
        ([off(0, 60)], []),
        ([Message(0, Kind.CONTROL, 1, SUSTAIN_PEDAL, 0)], []),
    ],
)
def test_starts_and_ends_become_notes(messages: list[Message], notes: list[Note]) -> None:
    assert take_of(*messages) == notes


def test_where_the_song_goes_back_the_take_goes_on_behind() -> None:
    first = [on(90, 60), off(100, 60), Message(101, Kind.CONTROL, 1, SUSTAIN_PEDAL, 0)]
    again = [on(100, 62), off(110, 62)]  # continued where it was stopped
    back = [on(8, 64), off(20, 64)]  # and started again
    notes = take_of(*first, *again, *back)
    assert [(note.onset, note.pitch) for note in notes] == [(90, 60), (100, 62), (192 + 8, 64)]


def test_tempos_are_kept_where_they_change() -> None:
    tempos = iter([100.0, 100.1, 140.0, 140.0])
    take = Take(tempo_bpm=lambda: next(tempos))
    for message in (on(0, 60), off(24, 60), on(48, 60), off(72, 60)):
        take.add(Sent(message, 0.0, 0.0))
    assert take.music().tempos == [(0, 100.0), (48, 140.0)]


def test_each_voice_is_known_by_its_channel() -> None:
    take = Take(channels=[3, 5])
    for channel in (5, 3):
        take.add(Sent(Message(0, Kind.NOTE_ON, channel, 60, 80), 0.0, 0.0))
        take.add(Sent(Message(24, Kind.NOTE_OFF, channel, 60, 64), 0.0, 0.0))
    assert [note.voice for note in take.music().notes] == [0, 1]


@given(
    st.lists(
        st.builds(Note, st.integers(0, 200), st.integers(60, 65), st.integers(1, 50), st.integers(1, 127)), max_size=20
    )
)
def test_a_take_is_what_the_scheduler_was_given(notes: list[Note]) -> None:
    scheduler = Scheduler()
    scheduler.add(notes, channel=1)
    assert take_of(*scheduler.due(1000)) == without_overlaps(notes)


def claimed_in(*folders: Path) -> Claim:
    claim = claim_next_take(folders)
    assert claim is not None
    return claim


def test_takes_are_numbered(tmp_path: Path) -> None:
    with claimed_in(tmp_path) as claim:
        assert claim.path == tmp_path / "take-001.mid"
    for number in (1, 2, 4):
        (tmp_path / f"take-{number:03}.mid").touch()
    with claimed_in(tmp_path) as claim:
        assert claim.path.name == "take-003.mid"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["take-001.mid", "take-002.mid", "take-004.mid"]


def test_a_name_that_another_has_claimed_is_not_chosen(tmp_path: Path) -> None:
    with claimed_in(tmp_path) as first, claimed_in(tmp_path) as second:
        assert [first.path.name, second.path.name] == ["take-001.mid", "take-002.mid"]
        first.release()
        with claimed_in(tmp_path) as third:
            assert third.path.name == "take-001.mid"  # nothing was kept there
        first.path.touch()
        with claimed_in(tmp_path) as third:
            assert third.path.name == "take-003.mid"


def test_many_at_once_choose_different_names(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: claimed_in(tmp_path), range(40)))
    assert {claim.path.name for claim in claims} == {f"take-{number:03}.mid" for number in range(1, 41)}
    for claim in claims:
        claim.release()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_where_nothing_can_be_put_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with claimed_in(tmp_path / "file", tmp_path / "nowhere", tmp_path) as claim:
        assert claim.path.parent == tmp_path
    assert claim_next_take([tmp_path / "nowhere"]) is None


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is killed so on Windows")
def test_the_claim_of_a_program_that_was_killed_counts_no_more(tmp_path: Path, surrounding: dict[str, str]) -> None:
    holding = """
import sys
from pathlib import Path
from lstm_composer.runtime.playback.take import claim_next_take
claim = claim_next_take([Path(sys.argv[1])])
print(claim.path.name, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", holding, str(tmp_path / "disk")]
    (tmp_path / "disk").mkdir()
    with subprocess.Popen(
        command, env=surrounding, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "take-001.mid\n"
        with claimed_in(tmp_path / "disk") as claim:
            assert claim.path.name == "take-002.mid"
        process.kill()
    assert not (tmp_path / "disk" / "take-001.mid").exists()
    with claimed_in(tmp_path / "disk") as claim:
        assert claim.path.name == "take-001.mid"


def test_a_place_that_will_do_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "old.mid").write_bytes(b"old")
    for name in ("old.mid", "new.mid"):
        check_writable(tmp_path / name)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("old.mid", b"old")]


def test_a_device_will_do() -> None:
    check_writable(Path("/dev/null"))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (".", "is a folder: name a file in it"),
        ("nowhere/take.mid", r"cannot be written: there is no folder .*nowhere; make it, or name another place"),
        ("file/take.mid", "cannot be written"),
        ("n" * 300, "cannot be written .File name too long.: name a file in another folder"),
    ],
)
def test_a_place_that_will_not_do(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=why):
        check_writable(tmp_path / name)


@pytest.fixture
def refuge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, empty."""
    folder = tmp_path / "refuge"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_take_goes_where_it_should(tmp_path: Path, refuge: Path) -> None:
    save_take(tmp_path / "take.mid", b"music")
    assert (tmp_path / "take.mid").read_bytes() == b"music"
    assert list(refuge.iterdir()) == []


def test_a_take_whose_place_fails_is_kept_elsewhere(tmp_path: Path, refuge: Path) -> None:
    (tmp_path / "file").touch()
    for number in (1, 2):
        rescued = refuge / f"rescued-00{number}-take.mid"
        with pytest.raises(MissingError, match=f"cannot be written .*; the music is kept in {rescued}"):
            save_take(tmp_path / "file" / "take.mid", b"music")
        assert rescued.read_bytes() == b"music"


def test_a_take_that_no_place_has_room_for(tmp_path: Path, refuge: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *_: object) -> None:
        raise MissingError(f"{path} cannot be written (No space left on device): make room, or name another place")

    monkeypatch.setattr(take_module, "write_bytes_atomically", full)
    with pytest.raises(MissingError, match=r"take\.mid cannot be written .*; nor could it be kept anywhere else"):
        save_take(tmp_path / "take.mid", b"music")
    assert list(refuge.iterdir()) == []


@ON_LINUX
def test_a_full_device(tmp_path: Path, refuge: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")  # a mistake here would replace the link, not the device
    with pytest.raises(MissingError, match=r"full cannot be written .*; the music is kept in"):
        save_take(tmp_path / "full", b"music")
    assert [file.read_bytes() for file in refuge.iterdir()] == [b"music"]


@ON_LINUX
def test_a_full_disk(
    tmp_path: Path, surrounding: dict[str, str], composer: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("unshare") is None:
        pytest.skip("mounting a small disk needs unshare, of util-linux")
    private = ["unshare", "--mount", *(() if os.geteuid() == 0 else ("--user", "--map-root-user"))]
    attempt = subprocess.run(
        [*private, "mount", "-t", "tmpfs", "tmpfs", str(disk)], capture_output=True, text=True, check=False, timeout=60
    )
    if attempt.returncode:
        pytest.skip(f"this machine lets nobody mount a small disk: {attempt.stderr.strip()}")
    assert composer("write", "--style", "scale", "--seed", "1", "--bars", "64", "-o", "expected.mid").returncode == 0
    command = [*private, "sh", "-c", ON_A_FULL_DISK, "sh", str(disk), sys.executable]
    result = subprocess.run(command, env=surrounding, capture_output=True, text=True, check=False, timeout=60)
    rescued = Path(surrounding["TMPDIR"]) / "rescued-001-take.mid"
    why = "(No space left on device): make room, or name another place"
    assert result.stderr == f"lstm-composer: {disk}/take.mid cannot be written {why}; the music is kept in {rescued}\n"
    assert (result.returncode, result.stdout) == (2, "")
    assert rescued.read_bytes() == (tmp_path / "expected.mid").read_bytes()


def test_tempos_of_a_song_that_goes_back_a_little_are_a_file_all_the_same() -> None:
    tempo = [120.0]
    take = Take(tempo_bpm=lambda: tempo[0])
    for tick, kind, bpm in (
        (0, Kind.NOTE_ON, 120.0),
        (50, Kind.NOTE_OFF, 120.0),
        (40, Kind.NOTE_ON, 90.0),
        (60, Kind.NOTE_OFF, 150.0),
    ):
        tempo[0] = bpm
        take.add(Sent(Message(tick, kind, 1, 60, 80), 0.0, 0.0))
    music = take.music()
    assert music.tempos == [(0, 120.0), (40, 90.0), (60, 150.0)]
    (_, first), *changes = music.tempos
    assert midi_bytes(music.notes, tempo_bpm=first, tempo_changes=changes, meter=Meter(4, 4), end_tick=96)


def test_a_loop_is_kept_round_after_round_from_bar_lines() -> None:
    take = Take((1, 5), 96)
    for number in range(3):
        for tick, channel in ((96 + 24, 1), (96 + 48, 5)):
            take.add(Sent(Message(tick, Kind.NOTE_ON, channel, 60 + number, 80), 0.0, 0.0))
            take.add(Sent(Message(tick + 12, Kind.NOTE_OFF, channel, 60 + number, 64), 0.0, 0.0))
    expected = [
        Note(96 * (number + 1) + 24 * (voice + 1), 60 + number, 12, 80, voice)
        for number in range(3)
        for voice in (0, 1)
    ]
    assert take.music().notes == expected
