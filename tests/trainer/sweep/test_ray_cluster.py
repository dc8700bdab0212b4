"""Whether a Ray cluster lets us in, and whether it lets everybody in; without a cluster."""

import importlib.util
import os
import socket
from collections.abc import Callable, Iterator, Mapping

import pytest

from lstm_composer.runtime.errors import MissingError
from lstm_composer.trainer.sweep import ray_cluster
from lstm_composer.trainer.sweep.ray_cluster import check_admission

WITH_RAY = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason='Ray is not there: pip install "lstm-composer[cluster]"'
)


@pytest.fixture
def address() -> Iterator[str]:
    """Somebody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def asking_for(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """A cluster that asks for a token, None for one that does not."""

    def make(token: str | None) -> None:
        def asked(_: str, surrounding: Mapping[str, str]) -> ray_cluster.Answer:
            said = surrounding.get("RAY_AUTH_TOKEN") if surrounding.get("RAY_AUTH_MODE") == "token" else None
            return "let in" if token in (None, said) else "refused"

        monkeypatch.setattr(ray_cluster, "_asked", asked)

    return make


def with_token(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", token)


def test_one_that_asks_for_our_token(
    address: str, asking_for: Callable[[str | None], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asking_for("ours")
    with_token(monkeypatch, "ours")
    assert check_admission(address) is None


@pytest.mark.parametrize("token", [None, "another"])
def test_one_that_asks_for_another_token(
    address: str, asking_for: Callable[[str | None], None], monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    asking_for("theirs")
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    if token is not None:
        with_token(monkeypatch, token)
    with pytest.raises(MissingError, match=f"{address} asks for another token: set RAY_AUTH_MODE=token and RAY_AUTH_"):
        check_admission(address)


@pytest.mark.parametrize("token", [None, "ours"])
def test_one_that_lets_everybody_in_is_warned_of(
    address: str, asking_for: Callable[[str | None], None], monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    asking_for(None)
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    if token is not None:
        with_token(monkeypatch, token)
    warning = check_admission(address)
    assert warning is not None
    assert f"{address} runs the code of whoever reaches it: start it with a token" in warning


@WITH_RAY
def test_what_is_no_ray_is_not_waited_for(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_cluster, "ASK_SECONDS", 5)
    with pytest.raises(MissingError, match="what listens there is no Ray"):
        check_admission(address)


@pytest.mark.parametrize("address", ["auto", "ray", "host:port", ":1"])
def test_what_only_ray_can_find_is_left_to_it(address: str) -> None:
    assert check_admission(address) is None


def test_where_nobody_listens(address: str) -> None:
    host, port = address.split(":")
    with socket.create_server((host, 0)) as server:
        port = str(server.getsockname()[1])
    with pytest.raises(OSError, match="refused"):
        check_admission(f"{host}:{port}")


def test_a_version_that_cannot_be_asked_is_joined_unasked(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_cluster, "_ASK", "from os import no_such_name")
    assert ray_cluster._asked(address, os.environ) == "unknown"
    assert check_admission(address) is None
