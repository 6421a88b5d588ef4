"""What a page of another site may do with this server through its reader's browser."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from starlette.datastructures import Headers

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


class PagePolicy(Protocol):
    """What browsers are told with every page, and from where they may send its forms."""

    #: Headers of every answer.
    headers: Mapping[str, str]

    def admit_form(self, headers: Headers) -> None:
        """The headers of a form. Raises ApiError 403 where a page of another site sent it."""


class Strict:
    """Nothing but this server's own style sheet is loaded, no script runs, no other page shows or sends anything."""

    headers: Mapping[str, str] = MappingProxyType(
        {
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'",
            "X-Frame-Options": "DENY",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            # Not `no-referrer`: with that, browsers send `Origin: null` with this site's own forms.
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        }
    )

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("browser_policy", "allow")
        self._deny = kit.metrics.decision("browser_policy", "deny")

    def admit_form(self, headers: Headers) -> None:
        """Every browser says where a form comes from by one header or both; what says nothing is refused."""
        sites, origins = headers.getlist("sec-fetch-site"), headers.getlist("origin")
        same_site = all(site == "same-origin" for site in sites)
        same_host = all(of_host(origin, headers["host"]) for origin in origins)
        if not (sites or origins) or not same_site or not same_host:
            self._deny()
            raise ApiError(403, {"origin": ["is not allowed"]})
        self._allow()


def of_host(origin: str, host: str) -> bool:
    """Whether an origin as browsers send it (RFC 6454) names this host and port."""
    scheme, _, authority = origin.partition("://")
    return scheme.lower() in {"http", "https"} and authority.lower() == host.lower()
