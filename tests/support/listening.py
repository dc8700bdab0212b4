"""Which sockets a process and its descendants hear others on, as Linux tells it (proc(5))."""

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TABLES = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}
"""The state in which a socket hears everybody: LISTEN, or for UDP not connected."""


@dataclass(frozen=True)
class Listening:
    """A socket: its process by its name, and where it is heard."""

    process: str
    kind: str
    host: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int

    @property
    def is_of_this_machine(self) -> bool:
        mapped = self.host.ipv4_mapped if isinstance(self.host, ipaddress.IPv6Address) else None
        return (mapped or self.host).is_loopback


def listening(pid: int) -> list[Listening]:
    """Look at a process and all that it has started, at once."""
    tree = list(_tree(pid))
    addresses = {inode: place for kind in TABLES for inode, place in _table(kind)}
    return [Listening(_name(one), *addresses[inode]) for one in tree for inode in _sockets(one) if inode in addresses]


def _tree(pid: int) -> Iterator[int]:
    parents: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*/stat"):
        with suppress(OSError):  # ended meanwhile
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(path.parent.name))
    waiting = [pid]
    while waiting:
        waiting += parents.get(one := waiting.pop(), [])
        yield one


def _name(pid: int) -> str:
    with suppress(OSError):
        return (PROC / str(pid) / "comm").read_text().strip()
    return ""


def _sockets(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for handle in (PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                target = str(handle.readlink())
                if target.startswith("socket:["):
                    yield target[len("socket:[") : -1]


def _table(kind: str) -> Iterator[tuple[str, tuple[str, ipaddress.IPv4Address | ipaddress.IPv6Address, int]]]:
    path = PROC / "net" / kind
    for line in path.read_text().splitlines()[1:] if path.exists() else ():
        columns = line.split()
        host, port = columns[1].split(":")
        if columns[3] == TABLES[kind]:
            yield columns[9], (kind, _address(host), int(port, 16))


def _address(digits: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Words of four bytes, the lowest first, as on all processors that Ray runs on."""
    words = [bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8)]
    return ipaddress.ip_address(b"".join(words))
