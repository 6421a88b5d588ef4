"""The one way by which probes send requests: guarded, from a source address of their own, counted, never redirected."""

from __future__ import annotations

import random
import secrets
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import CookieJar
from ipaddress import ip_address
from threading import Lock
from types import TracebackType
from typing import Any, Self

import httpx

from security.guard import Pinned
from security.probe.outcome import CouldNotRunError

FRESH_PARAMETER = "probe"
BUSY = 503
#: How long a patient client waits before it sends a request again, s.
PAUSE_S = 0.25


@dataclass
class Meter:
    """Counts requests and, where an authorisation caps the rate (1/s), spaces them out."""

    max_rate: float | None = None
    requests: int = 0
    _free_at: float = field(default=0.0, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def pass_one(self) -> None:
        """Count one request, after waiting until it may be sent. Several threads may ask at once."""
        with self._lock:
            self.requests += 1
            if self.max_rate:
                now = time.monotonic()
                time.sleep(max(0.0, self._free_at - now))
                self._free_at = max(now, self._free_at) + 1 / self.max_rate


class Sources:
    """Loopback addresses to send from, each handed out once, so that a limit per address never joins two identities."""

    def __init__(self, pinned: Pinned, seed: int | None = None) -> None:
        address = ip_address(pinned.address)
        # 127/8 binds freely; from ::1 or to another machine there is only the one address that the system picks.
        self._free = address.version == 4 and address.is_loopback
        self._random = random.Random(seed)
        self._taken: set[str] = set()

    def take(self) -> str | None:
        """An address that no one else has, or None where the system must pick."""
        if not self._free:
            return None
        while True:
            # 127.128/9 keeps clear of the addresses that load comes from and that targets listen on by default.
            address = (
                f"127.{self._random.randrange(128, 255)}.{self._random.randrange(256)}.{self._random.randrange(1, 255)}"
            )
            if address not in self._taken:
                self._taken.add(address)
                return address


class Client:
    """An HTTP client that reaches the pinned place and nothing else. `timeout_s` holds for each phase of a request.

    A request that is answered 503 was not worked on, which says nothing of any control: it is sent again, as often as
    the client has `patience`. Without any, a 503 is an answer like others.
    """

    def __init__(
        self,
        pinned: Pinned,
        *,
        source: str | None,
        meter: Meter,
        timeout_s: float = 10.0,
        headers: Mapping[str, str] | None = None,
        cookies: CookieJar | None = None,
        patience: int = 0,
    ) -> None:
        self.source = source
        self._patience = patience
        self._cookies = cookies
        self._meter = meter
        self._pinned = pinned
        self._headers = {**(headers or {}), "host": pinned.host_header}
        self._timeout_s = timeout_s
        # By address: the name is not resolved again. TLS still checks the name that was asked for.
        self._extensions = {"sni_hostname": pinned.host} if pinned.scheme == "https" else {}
        self._client = self._connected()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        content: str | bytes | Iterable[bytes] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        fresh: bool = True,
    ) -> httpx.Response:
        """Send one request to `path` of the target and read its answer in full.

        Raises CouldNotRunError where the target stays too busy for the client's patience.

        A `fresh` GET carries a parameter that no request before it had: no cache has its answer, so that what a cache
        does wrong is found by the probe of the cache alone. `files` are those of a form: field, and name, bytes, type.
        """
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError(f"{path!r} is no path on the target")
        query = dict(params or {})
        if fresh and method == "GET":
            query[FRESH_PARAMETER] = secrets.token_hex(6)
        options = {
            "params": query or None,
            "json": json,
            "data": data,
            "content": content,
            "files": files,
            "headers": headers,
        }
        answer, again = self._send(method, path, options), 0
        while answer.status_code == BUSY and self._patience:
            if again == self._patience:
                raise CouldNotRunError(
                    f"The target is too busy: {method} {path} was answered {BUSY} {again + 1} times."
                )
            time.sleep(PAUSE_S)
            answer, again = self._send(method, path, options), again + 1
        return answer

    def _send(self, method: str, path: str, options: Mapping[str, Any]) -> httpx.Response:
        self._meter.pass_one()
        answer = self._client.request(method, path, **options, extensions=self._extensions)
        if answer.is_server_error:
            # A server may close the connection on which it failed, and say so too late for the next request.
            self._client.close()
            self._client = self._connected()
        return answer

    def get(self, path: str, **options: Any) -> httpx.Response:
        """`request("GET", …)`."""
        return self.request("GET", path, **options)

    def _connected(self) -> httpx.Client:
        return httpx.Client(
            base_url=self._pinned.base_url,
            headers=self._headers,
            transport=httpx.HTTPTransport(local_address=self.source, verify=trusting(self._pinned.ca_file)),
            follow_redirects=False,
            trust_env=False,
            cookies=self._cookies,
            timeout=self._timeout_s,
        )

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@cache
def trusting(ca_file: str | None) -> ssl.SSLContext:
    """TLS that trusts these certificates, or the system's, whose store takes longer to read than most probes."""
    return ssl.create_default_context(cafile=ca_file)
