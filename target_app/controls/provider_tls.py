"""How the payment provider is known to be the provider, and how long it is waited for."""

from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlsplit

from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.operator_error import OperatorError
from target_app.outbound.resolver import Names, names
from target_app.settings import is_loopback

if TYPE_CHECKING:  # importing it costs more than many a server's whole start: it waits for the first payment
    import aiohttp

    from target_app.outbound.pinned import PinnedResolver

#: To connect, TLS included, and to have the answer.
CONNECT_S = 1.0
ANSWER_S = 3.0


class Patience(NamedTuple):
    """Seconds that one call may take, with all its attempts; None where it may take for ever.

    `deciding` is for the one call on which it depends whether a circuit closes: it is made once, and all others wait.
    """

    call: float | None
    deciding: float | None


class ProviderAddressError(OperatorError):
    """The provider's URL is none that money may be sent to."""


class ProviderTls(Protocol):
    """Decides where payments are sent, and makes the session that sends them."""

    patience: Patience

    def accept(self, url: str) -> None:
        """Raises ProviderAddressError for a URL that must not be used."""

    def session(self, url: str, api_key: str) -> "aiohttp.ClientSession":
        """A pool of connections to this base URL, for the running loop."""


class Unverified:
    """Any certificate will do, and an answer is waited for until it comes."""

    patience = Patience(None, None)

    def __init__(self, names: Names) -> None:
        self._names = names

    def accept(self, _url: str) -> None:
        """Any."""
        return

    def session(self, url: str, api_key: str) -> "aiohttp.ClientSession":
        """As it was made to work with a provider's test system."""
        import aiohttp

        return aiohttp.ClientSession(
            url,
            headers=headers(api_key),
            timeout=aiohttp.ClientTimeout(total=None),
            connector=aiohttp.TCPConnector(resolver=found_by(self._names), use_dns_cache=False, limit=64, ssl=False),
            trust_env=False,
        )


class Verified:
    """Certificates are verified, and no answer is waited for without an end. Loopback may do without TLS."""

    patience = Patience(5.0, 1.0)

    def __init__(self, names: Names) -> None:
        self._names = names

    def accept(self, url: str) -> None:
        """TLS, or loopback."""
        parts = urlsplit(url)
        plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if not parts.hostname or (parts.scheme != "https" and not plain):
            raise ProviderAddressError("TARGET_PROVIDER_URL must begin with https://, except on a loopback address")

    def session(self, url: str, api_key: str) -> "aiohttp.ClientSession":
        """The environment names no proxy, and no cookie is kept."""
        import aiohttp

        return aiohttp.ClientSession(
            url,
            headers=headers(api_key),
            timeout=aiohttp.ClientTimeout(sock_connect=CONNECT_S, total=ANSWER_S),
            connector=aiohttp.TCPConnector(resolver=found_by(self._names), use_dns_cache=False, limit=64, ssl=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )


def found_by(names: Names) -> "PinnedResolver":
    """Asks for the provider's name at each new connection; connections are kept, so that this is rare."""
    from target_app.outbound.pinned import PinnedResolver

    return PinnedResolver(names.places)


def headers(api_key: str) -> dict[str, str]:
    """What every request to the provider has."""
    return {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}


def unverified(kit: Kit) -> Unverified:
    """A lab's file of names leads to the provider too."""
    return Unverified(names(kit.settings.resolver_file))


def verified(kit: Kit) -> Verified:
    """A lab's file of names leads to the provider too."""
    return Verified(names(kit.settings.resolver_file))


PROVIDER_TLS: Factor[ProviderTls] = Factor(
    name="provider_tls",
    kind="control",
    threat="Somebody else answers in the payment provider's place, or it does not answer at all",
    owasp=("API10",),
    asvs=("12.3.2",),
    cwe=("295",),
    cost_hypothesis="Nothing while connections are kept: a certificate is verified once for each, timers cost 10 µs",
    journeys=("buyer",),
    levels=(
        Level(
            "unverified",
            "weak",
            "any certificate, and no time-out",
            unverified,
            trips=("provider_self_signed", "provider_hangs"),
            static_findings=(
                StaticFinding("R274", "target_app/controls/provider_tls.py", "Unverified.accept"),
                StaticFinding("R263", "target_app/controls/provider_tls.py", "Unverified.session"),
                StaticFinding("R261", "target_app/controls/provider_tls.py", "Unverified.session"),
            ),
        ),
        Level("verified", "strong", "certificate and name verified, an answer within 5 s or none", verified),
    ),
)
