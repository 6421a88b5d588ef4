"""Stands before all traffic: only loopback, or a host that somebody has authorised, and never twice the same look-up.

A URL is read once, its name is resolved once, and the caller connects to the address that comes back (`Pinned`), so
that a name which resolves elsewhere a moment later changes nothing. Everything that two parsers could read in two ways
(user-info, numbers such as `0x7f.1`, IPv4 wrapped in IPv6, control characters) is refused, not interpreted.

Standard library only: the load process imports it before gevent patches anything.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import SplitResult, urljoin, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

# A label may carry an underscore (container names do). Percent signs and non-ASCII look-alikes are no name.
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")
# What inet_aton reads as an address: one to four decimal, octal or hexadecimal numbers.
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+)){0,3}\.?")
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\]")


class Refused(ValueError):  # noqa: N818 - a decision, not a defect: callers read `except Refused`
    """Traffic that must not be sent; the message is one sentence that says what to do instead."""


@dataclass(frozen=True)
class Authorization:
    """Who may be sent traffic beyond loopback, until which day (included, UTC), on whose word, at what rate (1/s)."""

    hosts: tuple[str, ...] = ()
    until: date | None = None
    by: str | None = None
    max_rate: float | None = None


@dataclass(frozen=True)
class Pinned:
    """A place that traffic may go to: connect to `address` and `port`, and send `host_header` as Host.

    `ca_file` names the certificates that TLS with it trusts, instead of the system's.
    """

    scheme: str
    host: str
    address: str
    port: int
    host_header: str
    ca_file: str | None = None

    @property
    def base_url(self) -> str:
        """The URL to connect to, by address, without a path."""
        return f"{self.scheme}://{_bracketed(self.address)}:{self.port}"


def allow(
    url: str,
    authorization: Authorization | None = None,
    *,
    today: date | None = None,
    ca_file: str | None = None,
) -> Pinned:
    """Resolve the host of `url` once and pin it, or raise `Refused`. `today` is the day in UTC (default: now)."""
    parts = _split(url)
    scheme, port = parts.scheme.lower(), _port(parts)
    host = _host(parts)
    literal = _literal(host)
    addresses = [literal] if literal else _resolve(host, port)
    if not all(address.is_loopback for address in addresses):
        _check_authorised(host, addresses, authorization, today or datetime.now(UTC).date())
    address = min(
        addresses, key=lambda one: one.version
    )  # a name with both is served on IPv4 by every server started here
    shown = _bracketed(host)
    return Pinned(
        scheme=scheme,
        host=host,
        address=str(address),
        port=port,
        host_header=shown if port == DEFAULT_PORTS[scheme] else f"{shown}:{port}",
        ca_file=ca_file,
    )


def same_host(pinned: Pinned, url: str) -> bool:
    """Whether `url` (a redirect's Location, absolute or relative) stays at the pinned scheme, host and port."""
    origin = f"{pinned.scheme}://{pinned.host_header}/"
    try:
        parts = _split(urljoin(origin, url))
        return (parts.scheme.lower(), _host(parts), _port(parts)) == (pinned.scheme, pinned.host, pinned.port)
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    if _AMBIGUOUS.search(url):
        raise Refused("The URL holds a space, a backslash or a control character: write it without.")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Refused(f"The URL cannot be read ({error}): write it as http://127.0.0.1:8000.") from error
    if parts.scheme.lower() not in DEFAULT_PORTS:
        raise Refused(
            f"The URL needs one of the schemes {', '.join(DEFAULT_PORTS)}: write it as http://127.0.0.1:8000."
        )
    if "@" in parts.netloc:
        raise Refused("The URL carries user-info before an @: leave it out and give credentials on their own.")
    return parts


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise Refused(f"The URL's port is no number from 1 to 65535 ({error}): correct it.") from error
    if port == 0:
        raise Refused("Port 0 is no port to send to: give the port that the target listens on.")
    return port or DEFAULT_PORTS[parts.scheme.lower()]


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    if not host:
        raise Refused("The URL names no host: write it as http://127.0.0.1:8000.")
    if ":" not in host and (len(host) > 253 or not _NAME.fullmatch(host)):
        raise Refused(f"{host!a} is no plain host name: write it in ASCII letters, digits, dots and hyphens.")
    return host.removesuffix(".")


def _literal(host: str) -> Address | None:
    """The address that `host` writes out, or None if it is a name."""
    if ":" not in host and not _NUMERIC.fullmatch(host):
        return None
    try:
        address = ipaddress.ip_address(host)
    except ValueError as error:
        raise Refused(
            f"{host} is an address in an unusual notation: write it plainly, such as 127.0.0.1 or [::1]."
        ) from error
    if isinstance(address, ipaddress.IPv6Address) and (_embeds_ipv4(address) or address.scope_id):
        raise Refused(f"{host} wraps another address or a zone: write the plain address, such as 127.0.0.1 or [::1].")
    return address


def _embeds_ipv4(address: ipaddress.IPv6Address) -> bool:
    if address.is_loopback or address.is_unspecified:
        return False
    compatible = int(address) >> 32 == 0  # ::a.b.c.d, deprecated by RFC 4291
    nat64 = int(address) >> 32 == 0x0064FF9B_00000000_00000000  # 64:ff9b::/96, RFC 6052
    return compatible or nat64 or bool(address.ipv4_mapped or address.sixtofour or address.teredo)


def _resolve(host: str, port: int) -> list[Address]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Refused(f"{host} does not resolve ({error}): check the name, or give a loopback address.") from error
    found = [_literal(str(answer[4][0]).partition("%")[0].lower()) for answer in answers]
    addresses = [address for address in found if address]
    if not addresses:
        raise Refused(f"{host} resolves to no address: check the name, or give a loopback address.")
    return addresses


def _check_authorised(host: str, addresses: list[Address], authorization: Authorization | None, today: date) -> None:
    named = {name.lower().removesuffix(".") for name in authorization.hosts} if authorization else set()
    if authorization is None or host not in named:
        where = ", ".join(sorted({str(address) for address in addresses}))
        raise Refused(
            f"{host} ({where}) is neither loopback nor authorised: use a target on 127.0.0.1, "
            "or name the host and a last day in the target's authorisation."
        )
    if authorization.until is None:
        raise Refused(f"The authorisation for {host} has no last day: add one (authorized_until).")
    if today > authorization.until:
        raise Refused(f"The authorisation for {host} ended on {authorization.until}: have it renewed, or use loopback.")
    for address in addresses:
        if address.is_unspecified or address.is_multicast or address.is_link_local:
            raise Refused(
                f"{host} resolves to {address}, which is no single host: authorise a host with an address of its own."
            )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
