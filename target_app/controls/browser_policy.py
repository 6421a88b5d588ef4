"""What a page of another site may do with this server through its reader's browser."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.web.errors import ApiError


class BrowserPolicy(Protocol):
    """What browsers are told with every page, and which other sites' pages are listened to."""

    #: Headers of every page.
    headers: Mapping[str, str]

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app with what this level tells browsers of other origins (CORS)."""

    def admit_form(self, headers: Headers) -> None:
        """The headers of a form. Raises ApiError 403 where a page of another site sent it."""

    def admit_socket(self, origins: Sequence[str], host: str) -> None:
        """The values of Origin and Host of a WebSocket, which CORS does not cover (CWE-1385). Raises ApiError 403."""


class NoPolicy:
    """Nothing is said and nothing asked: browsers keep to what they do by themselves."""

    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, _kit: Kit) -> None:
        return None

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app itself: no other origin may read an answer."""
        return app

    def admit_form(self, _headers: Headers) -> None:
        """From anywhere."""
        return

    def admit_socket(self, _origins: Sequence[str], _host: str) -> None:
        """From anywhere."""
        return


class ReflectOrigin(NoPolicy):
    """Every origin is told that it may read, with its reader's cookies: what makes an error in the console go away."""

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The framework's own middleware, with a pattern that every origin fits."""
        return CORSMiddleware(
            app, allow_origin_regex=".*", allow_credentials=True, allow_methods=["*"], allow_headers=["*"]
        )


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

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app itself: no other origin may read an answer."""
        return app

    def admit_form(self, headers: Headers) -> None:
        """Every browser says where a form comes from by one header or both; what says nothing is refused."""
        sites, origins = headers.getlist("sec-fetch-site"), headers.getlist("origin")
        same_site = all(site == "same-origin" for site in sites)
        same_host = all(of_host(origin, headers["host"]) for origin in origins)
        self._decide(bool(sites or origins) and same_site and same_host)

    def admit_socket(self, origins: Sequence[str], host: str) -> None:
        """A page of this very host, or a client that is no browser and names none.

        The scheme is not compared: TLS may end in front of this server.
        """
        self._decide(len(origins) <= 1 and all(of_host(origin, host) for origin in origins))

    def _decide(self, allowed: bool) -> None:
        if not allowed:
            self._deny()
            raise ApiError(403, {"origin": ["is not allowed"]})
        self._allow()


def of_host(origin: str, host: str) -> bool:
    """Whether an origin as browsers send it (RFC 6454) names this host and port."""
    scheme, _, authority = origin.partition("://")
    return scheme.lower() in {"http", "https"} and authority.lower() == host.lower()


BROWSER_POLICY: Factor[BrowserPolicy] = Factor(
    name="browser_policy",
    kind="control",
    threat="A page of another site reads or acts through the browser of whoever is signed in here",
    owasp=("API8",),
    asvs=("3.4.1", "3.4.2", "3.4.3", "3.4.4", "4.4.2"),
    cwe=("693", "942", "1385"),
    cost_hypothesis="Nothing: pages carry eight headers more; it is the middleware of the weakest level that costs",
    journeys=("anonymous_reader", "moderator"),
    levels=(
        Level(
            "reflect_origin_with_credentials",
            "weak",
            "every origin may read with its reader's cookies",
            ReflectOrigin,
            trips=("foreign_origin_reads", "foreign_socket", "page_framed"),
            static_findings=(StaticFinding("R241", "target_app/controls/browser_policy.py", "ReflectOrigin"),),
        ),
        Level(
            "none",
            "weak",
            "browsers are told nothing, and nobody is asked where from",
            NoPolicy,
            trips=("foreign_socket", "page_framed"),
        ),
        Level("strict", "strong", "strict headers, no other origin, not by a WebSocket either", Strict),
    ),
)
