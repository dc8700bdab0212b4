"""Jobs on Ray: on this machine alone, or on the cluster that RAY_ADDRESS names. Nothing else here knows Ray."""

import logging
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from lstm_composer.runtime.errors import ComposerError, InputError, MissingError
from lstm_composer.runtime.system.installation import adding
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.sweep.job import Job, Outcome, train_job
from lstm_composer.trainer.sweep.ray_cluster import check_admission

OnOutcome = Callable[[Job, Outcome], None]

_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
_RETRIES = 3
_LOOK_SECONDS = 0.5
_TOKEN_BYTES = 32
_LONGEST_PARENT = 24
"""Bytes: a socket's name has at most 103, and Ray needs 62 of them below its folder."""
_STORE_BYTES = 100 * 2**20
"""Ray would set a third of the memory aside for data that its tasks exchange; ours exchange next to none."""


@contextmanager
def workers() -> Iterator[None]:
    """Start Ray here, or join the cluster that RAY_ADDRESS names; afterwards leave.

    What is started here can be reached by this user's programs alone, and leaves nothing behind.

    Raises:
        MissingError: If Ray is not installed, or the cluster cannot be joined.

    """
    address = os.environ.get("RAY_ADDRESS")
    on_cluster = address not in (None, "", "local")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if not on_cluster:
        os.environ.update(_own_ray())
    try:
        import ray  # noqa: PLC0415 - an extra, and slow
    except ModuleNotFoundError as error:
        raise MissingError(f"--sweep needs Ray: {adding('cluster')}") from error
    with ExitStack() as stack:
        try:
            if on_cluster and address:
                _join(address)
            else:
                _start(stack.enter_context(_own_folder()))
        except (ImportError, OSError, OverflowError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            where, cure = "Ray does not start here", "see docs/training.md"
            if on_cluster and address:
                where = f"no Ray cluster at RAY_ADDRESS={visible(address)}"
                cure = "start one there with ray start --head, or unset RAY_ADDRESS"
            raise MissingError(f"{where} ({visible(_first_line(error))}): {cure}") from error
        # Ray prints paragraphs on lost workers there, whatever `log_to_driver` says; its own logs keep them.
        nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        stack.enter_context(redirect_stdout(nowhere))
        stack.callback(ray.shutdown)
        yield


def _join(address: str) -> None:
    import ray  # noqa: PLC0415 - an extra, and slow

    if warning := check_admission(address):
        sys.stderr.write(f"lstm-composer: {warning}\n")
    ray.init(address=address, **_QUIET)


def _start(folder: str) -> None:
    import ray  # noqa: PLC0415 - an extra, and slow

    ray.init(address="local", include_dashboard=False, object_store_memory=_STORE_BYTES, _temp_dir=folder, **_QUIET)


def _own_ray() -> dict[str, str]:
    """What a Ray of our own is told before it is imported.

    It listens on 127.0.0.1, as it always does on macOS and Windows: `_node_ip_address="127.0.0.1"` would be replaced by
    the address of the network. Every other user of this machine reaches that too, so that there is a token as well,
    for this sweep alone; without one Ray would keep a token in the user's home, for everybody to read.
    """
    return {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(_TOKEN_BYTES),
    }


def _own_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for Ray's sockets and logs that no other user can enter; Ray's own choice is open to everybody."""
    usual = tempfile.gettempdir()
    parent = "/tmp" if os.name == "posix" and len(os.fsencode(usual)) > _LONGEST_PARENT else usual  # noqa: S108 - mkdtemp
    return tempfile.TemporaryDirectory(prefix="composer-", dir=parent, ignore_cleanup_errors=True)


def run_jobs(
    jobs: Sequence[Job], on_outcome: OnOutcome, on_look: Callable[[], None], asked: Callable[[], bool]
) -> None:
    """Run jobs on the workers until all have ended.

    A job whose worker is lost goes to another one, which goes on from its last checkpoint.

    Args:
        jobs: What to run.
        on_outcome: Told when one has ended.
        on_look: Called about twice a second meanwhile.
        asked: Whether the user wants it all to end; running jobs save their epoch first.

    Raises:
        InputError: If no machine is large enough for a job.

    """
    import ray  # noqa: PLC0415 - an extra, and slow

    _check_room(jobs, [node["Resources"] for node in ray.nodes() if node["Alive"]])
    running = {_submit(job): job for job in jobs}
    cancelled = False
    while running:
        if asked() and not cancelled:
            cancelled = True
            for reference in running:
                ray.cancel(reference)
        for reference in ray.wait(list(running), timeout=_LOOK_SECONDS)[0]:
            on_outcome(running.pop(reference), _outcome(reference))
        on_look()


def _check_room(jobs: Sequence[Job], machines: Sequence[dict[str, float]]) -> None:
    """Ray would wait for ever for a machine that is large enough."""
    for job in jobs:
        needed = {"CPU": job.threads, "GPU": job.gpus}
        if not any(all(machine.get(kind, 0) >= number for kind, number in needed.items()) for machine in machines):
            cores, gpus = (max(machine.get(kind, 0) for machine in machines) for kind in needed)
            raise InputError(
                f"run {job.name!r} asks for {job.threads} threads and {job.gpus:g} GPUs: the machines here have up to "
                f"{cores:g} cores and {gpus:g} GPUs"
            )


def _submit(job: Job) -> Any:
    import ray  # noqa: PLC0415 - an extra, and slow

    task = ray.remote(train_job)
    return task.options(name=job.name, num_cpus=job.threads, num_gpus=job.gpus, max_retries=_RETRIES).remote(job)


def _outcome(reference: Any) -> Outcome:
    import ray  # noqa: PLC0415 - an extra, and slow

    try:
        outcome: Outcome = ray.get(reference)
    except ray.exceptions.TaskCancelledError:
        return Outcome("stopped")
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, ComposerError):
            return Outcome("failed", str(error.cause))
        return Outcome("failed", f"{type(error.cause).__name__}: {error.cause}")
    except ray.exceptions.RayError as error:
        return Outcome("failed", f"its worker was lost {_RETRIES + 1} times ({_first_line(error)})")
    return outcome


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
