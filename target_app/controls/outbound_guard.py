"""Where this server may send a request that a user has asked for."""

import ipaddress
import re
import socket
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from target_app.controls.model import Factor, Kit, Level
from target_app.outbound.resolver import Address, Names, Place, names, system_places
from target_app.web.errors import ApiError

if TYPE_CHECKING:  # importing aiohttp costs more than many a server's whole start: it waits for the first fetch
    import aiohttp
    from yarl import URL

PORTS = frozenset({80, 443})
#: A name as it is looked up (RFC 1123, with the underscore that some have), perhaps with the root's dot.
LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rf"(?=.{{1,254}}\Z){LABEL}(?:\.{LABEL})*\.?", re.ASCII | re.IGNORECASE)
#: A host that ends so is an IPv4 address, in one notation or another (WHATWG URL, "ends in a number").
NUMBER = re.compile(r"(?:\A|\.)(?:[0-9]+|0x[0-9a-f]*)\.?\Z", re.ASCII | re.IGNORECASE)

#: Global unicast (RFC 4291), and the prefix under which NAT64 shows IPv4 addresses (RFC 6052).
UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
#: The anycast address of 6to4 relays (RFC 7526 took it out of use).
RELAYS = ipaddress.IPv4Network("192.88.99.0/24")

#: What a block list usually has.
BLOCKED = ("localhost", "127.", "0.", "10.", "172.16.", "192.168.", "169.254.", "::1")


class UrlRefusedError(ApiError):
    """A request must not be sent there: an answer of status 422."""

    def __init__(self) -> None:
        super().__init__(422, {"url": ["is not allowed"]})


class OutboundGuard(Protocol):
    """Decides about every request that leaves, whoever wrote its URL. Each call raises UrlRefusedError."""

    def accept(self, url: str) -> "URL":
        """The URL, if a request may be sent to it as far as its text tells."""

    def follow(self, url: str) -> "URL":
        """The same for a URL that an answer redirects to."""

    async def admit(self, url: str) -> None:
        """The same, and what its name now leads to is judged too. Raises OSError where the name is unknown."""

    def connector(self) -> "aiohttp.TCPConnector":
        """What makes connections to such places alone, for the running loop."""


class Unguarded:
    """Requests go wherever they are sent, over connections that are kept."""

    def __init__(self, kit: Kit) -> None:
        self._names = names(kit.settings.resolver_file)

    def accept(self, url: str) -> "URL":
        """Any. Raises ValueError for what is no URL."""
        from yarl import URL

        return URL(url)

    def follow(self, url: str) -> "URL":
        """Any."""
        return Unguarded.accept(self, url)

    async def admit(self, url: str) -> None:
        """No name is looked up."""
        self.accept(url)

    def connector(self) -> "aiohttp.TCPConnector":
        """What an HTTP client has by itself."""
        import aiohttp

        from target_app.outbound.pinned import PinnedResolver

        return aiohttp.TCPConnector(resolver=PinnedResolver(self._places), limit=64, ssl=True)

    async def _places(self, name: str, port: int) -> Sequence[Place]:
        """As the system does it: a number in any notation is an address."""
        try:
            return await system_places(name, port, socket.AI_NUMERICHOST)
        except socket.gaierror:
            return await self._names.places(name, port)


class StringCheck(Unguarded):
    """The text of the host is compared with a block list, once."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        self._allow = kit.metrics.decision("outbound_guard", "allow")
        self._deny = kit.metrics.decision("outbound_guard", "deny")

    def accept(self, url: str) -> "URL":
        """Hosts that look internal are refused."""
        target = super().accept(url)
        if (target.raw_host or "").startswith(BLOCKED):
            self._deny()
            raise UrlRefusedError
        self._allow()
        return target


class ResolvedAndPinned:
    """Web ports of public addresses. A name is looked up once for each connection, judged, and that is connected to."""

    def __init__(self, kit: Kit) -> None:
        self._names: Names = names(kit.settings.resolver_file)
        self._allow = kit.metrics.decision("outbound_guard", "allow")
        self._deny = kit.metrics.decision("outbound_guard", "deny")

    def accept(self, url: str) -> "URL":
        """No other scheme or port, no user, no odd notation of an address; an address is judged here.

        aiohttp does not ask its resolver about an address.
        """
        from yarl import URL

        try:
            target = URL(url)
            host = target.raw_host or ""
            port = target.port
        except ValueError:
            raise self._refusal() from None
        if target.scheme not in {"http", "https"} or port not in PORTS or "@" in target.raw_authority:
            raise self._refusal()
        if not is_name(host):
            self._judge_literal(host)
        return target

    def follow(self, url: str) -> "URL":
        """Judged like the first URL."""
        return self.accept(url)

    async def admit(self, url: str) -> None:
        """One look-up, whose answer is used for nothing else: the connection asks anew."""
        target = self.accept(url)
        name, port = target.raw_host, target.port
        if name is not None and port is not None and is_name(name):
            await self.judged(name, port)

    async def judged(self, name: str, port: int) -> Sequence[Place]:
        """Where a name leads. Raises OSError for an unknown one.

        One address that is not public makes the name as bad as if all were.
        """
        places = await self._names.places(name, port)
        if not all(self._may_reach(place.address) for place in places):
            raise self._refusal()
        self._allow()
        return places

    def connector(self) -> "aiohttp.TCPConnector":
        """No connection is kept for a next request, which would go where an earlier look-up led."""
        import aiohttp

        from target_app.outbound.pinned import PinnedResolver

        return aiohttp.TCPConnector(
            resolver=PinnedResolver(self.judged), use_dns_cache=False, limit=64, force_close=True, ssl=True
        )

    def _judge_literal(self, host: str) -> None:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            raise self._refusal() from None
        if not self._names.literals or not is_public(address):
            raise self._refusal()
        self._allow()

    def _may_reach(self, address: Address) -> bool:
        return is_public(address) or any(address in block for block in self._names.stand_ins)

    def _refusal(self) -> UrlRefusedError:
        self._deny()
        return UrlRefusedError()


def is_name(host: str) -> bool:
    """Whether a URL's host is a name to look up. Whatever else it is must be an address as RFC 3986 writes it."""
    return NAME.fullmatch(host) is not None and NUMBER.search(host) is None


def is_public(address: Address) -> bool:
    """Whether it is one host of the public internet, and so is every IPv4 address that stands in it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and address not in RELAYS
    if address.scope_id is not None or not all(is_public(inner) for inner in embedded(address)):
        return False
    return address in NAT64 or address.ipv4_mapped is not None or (address in UNICAST and stands_for_itself(address))


def stands_for_itself(address: ipaddress.IPv6Address) -> bool:
    """Whether a unicast address is globally reachable, or leads to the IPv4 address in it (6to4, Teredo)."""
    return address.is_global or address.sixtofour is not None or address.teredo is not None


def embedded(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that packets to this one may reach: mapped, 6to4, Teredo, NAT64."""
    for inner in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())):
        if inner is not None:
            yield inner
    if address in NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


OUTBOUND_GUARD: Factor[OutboundGuard] = Factor(
    name="outbound_guard",
    kind="control",
    threat="A user makes the server send requests into its own network",
    owasp=("API7",),
    asvs=("1.3.6",),
    cwe=("918",),
    cost_hypothesis="A look-up and a connection for each fetch, which other clients keep: on loopback half a ms of "
    "CPU a fetch, of which judging is 10 µs",
    journeys=("integrator",),
    levels=(
        Level(
            "off",
            "weak",
            "every URL is fetched",
            Unguarded,
            trips=("outbound_internal", "outbound_notation", "outbound_redirect", "outbound_rebinding"),
        ),
        Level(
            "string_check",
            "weak",
            "hosts on a list of words are refused, redirects are followed",
            StringCheck,
            trips=("outbound_notation", "outbound_redirect", "outbound_rebinding"),
        ),
        Level(
            "resolved_and_pinned",
            "strong",
            "names are resolved once, judged, and that is connected to; redirects too",
            ResolvedAndPinned,
        ),
    ),
)
