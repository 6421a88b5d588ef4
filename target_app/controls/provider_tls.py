"""How the payment provider is known to be the provider."""

import ssl
from typing import Protocol

import httpx

from target_app.operator_error import OperatorError
from target_app.settings import is_loopback

CONNECT_S = 1.0
ANSWER_S = 3.0


class ProviderAddressError(OperatorError):
    """The provider's URL is none that money may be sent to."""


class ProviderTls(Protocol):
    """Makes the client that talks to the provider."""

    def client(self, url: str, api_key: str) -> httpx.AsyncClient:
        """A client for this base URL. Raises ProviderAddressError."""


class Verified:
    """Certificates are verified, and no answer is waited for without an end. Loopback may do without TLS."""

    def client(self, url: str, api_key: str) -> httpx.AsyncClient:
        """Redirects are not followed, and the environment names no proxy."""
        parsed = httpx.URL(url)
        if parsed.scheme != "https" and not (parsed.scheme == "http" and is_loopback(parsed.host)):
            raise ProviderAddressError("TARGET_PROVIDER_URL must begin with https://, except on a loopback address")
        return httpx.AsyncClient(
            base_url=parsed,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
            verify=ssl.create_default_context() if parsed.scheme == "https" else False,
            trust_env=False,
        )
