"""Addresses of this machine alone."""

import secrets
import socket


def random_address() -> str:
    """An address in 127/8 that nothing else is likely to use (Linux binds the whole block freely)."""
    return "127." + ".".join(str(1 + secrets.randbelow(254)) for _ in range(3))


def free_port(address: str) -> int:
    """A TCP port that is free on this address now."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port
