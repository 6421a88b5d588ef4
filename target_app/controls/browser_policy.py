"""What a page of another site may do with this server through its reader's browser."""

from collections.abc import Sequence
from typing import Protocol

from target_app.controls.model import Kit
from target_app.web.errors import ApiError


class StreamOrigin(Protocol):
    """Decides from which pages a WebSocket may be opened: CORS does not cover them (CWE-1385)."""

    def admit(self, origins: Sequence[str], host: str) -> None:
        """The values of Origin and Host. Raises ApiError 403."""


class SameHost:
    """A page of this very host, or a client that is no browser and names none."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("browser_policy", "allow")
        self._deny = kit.metrics.decision("browser_policy", "deny")

    def admit(self, origins: Sequence[str], host: str) -> None:
        """The scheme is not compared: TLS may end in front of this server."""
        if len(origins) > 1 or not all(of_host(origin, host) for origin in origins):
            self._deny()
            raise ApiError(403, {"origin": ["is not allowed"]})
        self._allow()


def of_host(origin: str, host: str) -> bool:
    """Whether an origin as browsers send it (RFC 6454) names this host and port."""
    scheme, _, authority = origin.partition("://")
    return scheme.lower() in {"http", "https"} and authority.lower() == host.lower()
