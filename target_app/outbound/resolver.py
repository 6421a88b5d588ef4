"""Where names lead: the system's DNS, or a file of the lab that leads chosen names to servers on loopback."""

import asyncio
import fcntl
import ipaddress
import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol

from pydantic import AfterValidator, BaseModel, IPvAnyAddress, TypeAdapter, ValidationError

from target_app.operator_error import OperatorError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
#: Addresses that no network has (RFC 5737). In the lab's file they stand for public ones.
DOCUMENTATION = tuple(ipaddress.ip_network(block) for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))


class Place(NamedTuple):
    """One of the places that a name leads to: the address to judge, and the host and port to connect to."""

    address: Address
    host: str
    port: int


class Names(Protocol):
    """Looks names up."""

    @property
    def literals(self) -> bool:
        """Whether an address in a URL leads anywhere."""

    @property
    def stand_ins(self) -> Sequence[Network]:
        """Blocks whose addresses stand for public ones."""

    async def places(self, name: str, port: int) -> Sequence[Place]:
        """Where connections to this name and port would go. Raises OSError where the name is unknown."""


class SystemNames:
    """The system's own resolver."""

    literals = True
    stand_ins: Sequence[Network] = ()

    async def places(self, name: str, port: int) -> Sequence[Place]:
        """All addresses, the preferred ones first."""
        return await system_places(name, port)


async def system_places(name: str, port: int, flags: int = 0) -> Sequence[Place]:
    """What the system's getaddrinfo says, in its order; `flags` are its hints. Raises socket.gaierror."""
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=flags)
    return [Place(ipaddress.ip_address(at[0]), str(at[0]), port) for *_, at in found]


class ResolverFileError(OperatorError):
    """The lab's file of names cannot be used."""


def on_loopback(value: str) -> str:
    """`127.x.y.z:port`, which reaches this machine alone."""
    host, _, port = value.rpartition(":")
    if ipaddress.ip_address(host) not in LOOPBACK or not port.isascii() or not 0 < int(port) < 2**16:
        raise ValueError
    return value


class Entry(BaseModel):
    """What the file says of one name."""

    address: IPvAnyAddress
    connect: Annotated[str, AfterValidator(on_loopback)]

    def place(self) -> Place:
        """The same, to judge and to connect to."""
        host, _, port = self.connect.rpartition(":")
        return Place(self.address, host, int(port))


ENTRIES = TypeAdapter(dict[str, Entry])


class FileNames:
    """`{name: {"address": "203.0.113.7", "connect": "127.0.0.9:8080"}}`; no other name exists.

    The address is what the guard judges, so that a lab without a network can show honest and hostile names. A file that
    is not there yet names nothing.
    """

    literals = False
    stand_ins: Sequence[Network] = DOCUMENTATION

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, Entry] = {}
        self._read_at = 0
        try:
            self._read()
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            raise ResolverFileError(f"TARGET_RESOLVER_FILE {path} cannot be used: {problem(error)}") from None

    async def places(self, name: str, port: int) -> Sequence[Place]:  # noqa: ARG002  # the file names a port itself
        """One place. Raises OSError where the file, as it now is, does not name it."""
        try:
            if self._path.stat().st_mtime_ns != self._read_at:
                self._read()
            return [self._entries[name.rstrip(".").lower()].place()]
        except (LookupError, ValueError, FileNotFoundError):
            raise OSError(f"{name} is not in the resolver file") from None

    def _read(self) -> None:
        changed_at = self._path.stat().st_mtime_ns
        self._entries = ENTRIES.validate_python(json.loads(self._path.read_bytes()))
        self._read_at = changed_at


def add_name(path: Path, name: str, address: str, connect: str) -> None:
    """Let a name lead to `connect` from now on, whole or not at all. Raises ResolverFileError."""
    try:
        with lock_of(path):
            entries = json.loads(path.read_bytes()) if path.exists() else {}
            entries[name.rstrip(".").lower()] = {"address": address, "connect": connect}
            ENTRIES.validate_python(entries)
            unfinished = path.with_suffix(".part")
            unfinished.write_text(json.dumps(entries), encoding="utf-8")
            unfinished.replace(path)
    except (OSError, ValueError) as error:
        raise ResolverFileError(f"the name cannot be added to {path}: {problem(error)}") from None


@contextmanager
def lock_of(path: Path) -> Iterator[None]:
    """One writer at a time."""
    with path.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def problem(error: OSError | ValueError) -> str:
    """An error in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])} is not acceptable"
    return str(error) if isinstance(error, OSError) else "it is not JSON"


def names(path: Path | None) -> Names:
    """The lab's file where there is one, else the system. Raises ResolverFileError."""
    return SystemNames() if path is None else FileNames(path)
