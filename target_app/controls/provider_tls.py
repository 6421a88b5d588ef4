"""How the payment provider is known to be the provider."""

from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from target_app.operator_error import OperatorError
from target_app.settings import is_loopback

if TYPE_CHECKING:  # importing it costs more than many a server's whole start: it waits for the first payment
    import aiohttp

CONNECT_S = 1.0
ANSWER_S = 3.0


class ProviderAddressError(OperatorError):
    """The provider's URL is none that money may be sent to."""


class ProviderTls(Protocol):
    """Decides where payments are sent, and makes the session that sends them."""

    def accept(self, url: str) -> None:
        """Raises ProviderAddressError for a URL that must not be used."""

    def session(self, url: str, api_key: str) -> "aiohttp.ClientSession":
        """A pool of connections to this base URL, for the running loop."""


class Verified:
    """Certificates are verified, and no answer is waited for without an end. Loopback may do without TLS."""

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
            headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
            timeout=aiohttp.ClientTimeout(sock_connect=CONNECT_S, total=ANSWER_S),
            connector=aiohttp.TCPConnector(limit=64, ssl=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
