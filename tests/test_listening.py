"""What the tests on open doors look with."""

import subprocess
import sys

import pytest

from tests.support.listening import Listening, _address, listening

EVERYBODY = ".".join("0000")
LISTEN = """
import socket, subprocess, sys
if len(sys.argv) > 1:
    sockets = [socket.create_server((host, 0)) for host in ("127.0.0.1", "0.0.0.0")]
    sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sockets[-1].bind(("0.0.0.0", 0))
    quiet = socket.create_connection(sockets[0].getsockname())
    print("ready", flush=True)
    sys.stdin.read()
else:
    subprocess.run([sys.executable, __file__, "child"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="which sockets a process has is asked as Linux tells it")
def test_sockets_of_descendants_are_found(tmp_path) -> None:
    script = tmp_path / "listen.py"
    script.write_text(LISTEN)
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        found = {(one.kind, str(one.host)) for one in listening(process.pid)}
        process.communicate()
    assert found == {("tcp", "127.0.0.1"), ("tcp", EVERYBODY), ("udp", EVERYBODY)}


@pytest.mark.skipif(sys.byteorder == "big", reason="the table is of processors that begin with the low byte")
@pytest.mark.parametrize(
    ("digits", "host", "is_of_this_machine"),
    [
        ("0100007F", "127.0.0.1", True),
        ("00000000", EVERYBODY, False),
        ("020200C0", "192.0.2.2", False),
        ("0" * 32, "::", False),
        ("00000000000000000000000001000000", "::1", True),
        ("0000000000000000FFFF00000100007F", "::ffff:127.0.0.1", True),
        ("0000000000000000FFFF0000020200C0", "::ffff:192.0.2.2", False),
    ],
)
def test_addresses(digits: str, host: str, *, is_of_this_machine: bool) -> None:
    found = Listening("one", "tcp", _address(digits), 1)
    assert str(found.host) in (host, host.replace("127.0.0.1", "7f00:1").replace("192.0.2.2", "c000:202"))
    assert found.is_of_this_machine == is_of_this_machine
