import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lstm_composer.trainer.corpus.process_pool import NoWorkersError, WorkerFailure, cores, map_in_workers

DIE = "__import__('os')._exit(7)"
HANG = "__import__('time').sleep(9999)"


def answers(tasks: list[str], workers: int = 2) -> list[object]:
    """Each task is an expression, worked out in another process; one that hangs is given half a second."""
    limit = {HANG: 0.5}
    return list(map_in_workers(eval, tasks, workers=workers, limit_seconds=lambda task: limit.get(task, 60.0)))


def test_answers_come_in_the_order_of_the_tasks_from_other_processes() -> None:
    found = answers(["1", "[3] * 4", "__import__('os').getpid()", "'a' * 100_000"])
    assert [*found[:2], found[3]] == [1, [3, 3, 3, 3], "a" * 100_000]
    assert found[2] != os.getpid()


def test_no_tasks_need_no_workers() -> None:
    assert answers([]) == []


def test_a_task_that_kills_its_process_is_lost_alone() -> None:
    lost = WorkerFailure("ended the process that read it (exit code 7)")
    assert answers(["1", DIE, "2", DIE, "3"]) == [1, lost, 2, lost, 3]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_that_hangs_is_lost_alone(workers: int) -> None:
    assert answers([HANG, "2", HANG, "3"], workers) == [
        WorkerFailure("took too long to read"),
        2,
        WorkerFailure("took too long to read"),
        3,
    ]


def test_without_a_process_that_gets_ready_there_are_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("multiprocessing.spawn._python_exe", os.fsencode(tmp_path / "no_python"))
    with pytest.raises(NoWorkersError):
        answers(["1"])


def test_a_script_that_works_while_it_is_imported_reads_by_itself(tmp_path: Path, music_folder: Path) -> None:
    script = tmp_path / "script.py"
    lines = (
        "from pathlib import Path",
        "from lstm_composer.trainer.corpus.corpus import read_corpus",
        f"corpus = read_corpus({str(music_folder)!r}, cache_dir=Path({str(tmp_path)!r}), workers=2)",
        "print(len(corpus.pieces))",
    )
    script.write_text("\n".join(lines))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "5\n"


STOPPED = f"""
from lstm_composer.trainer.corpus.process_pool import map_in_workers
TASKS = ["__import__('os').getpid()", {HANG!r}]
if __name__ == "__main__":
    try:
        for answer in map_in_workers(eval, TASKS, workers=1, limit_seconds=lambda _: 90.0):
            print(answer, flush=True)
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups to interrupt")
def test_an_interruption_ends_everything_without_a_traceback() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", STOPPED]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment, start_new_session=True) as run:
        assert run.stdout is not None
        worker = int(run.stdout.readline())
        os.killpg(run.pid, signal.SIGINT)
        rest, errors = run.communicate(timeout=60)
    assert (rest, errors, run.returncode) == ("stopped\n", "", 0)
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_workers_load_nothing_that_training_needs() -> None:
    code = (
        "import sys, lstm_composer.trainer.corpus.readers\n"
        "print({'tensorflow', 'keras', 'music21', 'matplotlib'} & {name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_there_is_a_core() -> None:
    assert cores() >= 1
