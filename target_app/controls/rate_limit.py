"""How much an address may ask of the server.

Every request is paid for from a budget of its address, in points. One point is about what the reading of an article
costs the server; what costs it far more, or must not be done in bulk, costs more points (COSTS): a registration hashes
a password for some 40 ms of CPU, and accounts by the hundred are what spam and coupon fraud begin with. The budget is
10,000 points, of which a thousand come back a second. So no reader ever meets it, nor does load that one address can
send to one core, while it stops the hundred-and-first registration of a burst and listens to ten a second from then on.
Log-ins cost no more than reading: `login_throttle` counts those that fail.

The shared levels do not ask the store at each request. They lease CHUNK points at a time, and requests are paid for
from the lease, in memory. All workers together so give away at most a chunk each beyond the budget. An address that
has spent its budget is refused from memory too, and is asked for again a tenth of a second later at the earliest.

The address is the peer's, or what the trusted proxy in front says of it (`TARGET_TRUSTED_PROXY`); of IPv6 the /64,
which is what a customer is given. X-Forwarded-For by itself is whatever the client writes.
"""

import asyncio
import ipaddress
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from target_app.controls.buckets import Buckets, DatabaseBuckets, FallbackBuckets, ProcessBuckets, RedisBuckets
from target_app.controls.model import Factor, Kit, Level
from target_app.controls.state import digest
from target_app.schema import now_ms
from target_app.web.errors import error_response

#: Points of requests that do not cost one. What watches the server costs none.
COSTS: Final[Mapping[tuple[str, str], int]] = {
    ("GET", "/health"): 0,
    ("GET", "/metrics"): 0,
    ("POST", "/api/users"): 100,
    ("POST", "/api/link-previews"): 20,
    ("POST", "/api/user/articles/import"): 20,
    ("GET", "/api/user/articles/export"): 20,
    ("PUT", "/api/user/avatar"): 20,
    ("POST", "/api/orders"): 20,
}
#: Points of one lease; no request costs more.
CHUNK: Final = 200
#: An address without points is not asked for again before so many ms.
PAUSE_MS: Final = 100
#: Leases that one process holds, about 10 MB of them.
MOST_LEASES: Final = 20_000
#: Characters of an address; a header may say anything.
LONGEST_ADDRESS: Final = 64


class RateLimit(Protocol):
    """Puts the limit, if there is one, around the app."""

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app behind this level's limit."""


class NoLimit:
    """Every request is served."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app itself."""
        return app


def peer(scope: Scope) -> str:
    """Who is connected, or whom the trusted proxy names."""
    client = scope.get("client")
    return block(client[0]) if client else ""


def first_forwarded(scope: Scope) -> str:
    """The first address of X-Forwarded-For, which the client itself may have written."""
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            return str(value.split(b",", 1)[0].strip()[:LONGEST_ADDRESS].decode("latin-1"))
    return peer(scope)


def block(address: str) -> str:
    """An address as its owner can choose it: all of an IPv6 /64 are one."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address


@dataclass(slots=True)
class Lease:
    """Points of one address that this process may spend, and until when it need not ask for more."""

    points: int = 0
    closed_until: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Limit:
    """A budget for each address, over some buckets."""

    def __init__(self, buckets: Buckets, kit: Kit, address: Callable[[Scope], str] = peer) -> None:
        self._buckets = buckets
        self._kit = kit
        self._address = address

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app behind this budget."""
        return Limited(app, self._buckets, self._kit, self._address)


class Limited:
    """An ASGI app that sees no request of an address that has spent its budget."""

    def __init__(self, app: ASGIApp, buckets: Buckets, kit: Kit, address: Callable[[Scope], str]) -> None:
        self._app = app
        self._buckets = buckets
        self._address = address
        self._leases: dict[str, Lease] = {}
        self._allow = kit.metrics.decision("rate_limit", "allow")
        self._deny = kit.metrics.decision("rate_limit", "deny")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pay for the request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        address = self._address(scope)
        cost = COSTS.get((scope.get("method", ""), scope["path"]), 1)
        lease = self._leases.get(address)
        if lease is None:
            lease = self._begin(address)
        if lease.points < cost:
            await self._renew(address, lease, cost)
        if lease.points < cost:
            self._deny()
            await refusal(lease)(scope, receive, send)
        else:
            lease.points -= cost
            self._allow()
            await self._app(scope, receive, send)

    def _begin(self, address: str) -> Lease:
        """A lease without points; where there are too many, the older half of them is given up."""
        if len(self._leases) >= MOST_LEASES:
            self._leases = dict(list(self._leases.items())[MOST_LEASES // 2 :])
        lease = self._leases[address] = Lease()
        return lease

    async def _renew(self, address: str, lease: Lease, cost: int) -> None:
        """Ask for a chunk, or for this request's points where there is no chunk left."""
        async with lease.lock:
            now = now_ms()
            if lease.points >= cost or now < lease.closed_until:
                return
            waiting = 0
            for points in (CHUNK, cost):
                waiting = await self._buckets.take(digest("requests", address), points, now)
                if not waiting:
                    lease.points += points
                    return
            lease.closed_until = now + max(waiting, PAUSE_MS)


def refusal(lease: Lease) -> ASGIApp:
    """The answer to a request that cannot be paid for."""
    seconds = max(1, math.ceil((lease.closed_until - now_ms()) / 1000))
    return error_response(429, {"requests": ["are too many"]}, {"Retry-After": str(seconds)})


def common(kit: Kit) -> Buckets:
    """The buckets of all workers together; while their store is away, each worker's part of them."""
    store: Buckets = DatabaseBuckets(kit.database) if kit.redis is None else RedisBuckets(kit.redis)
    return FallbackBuckets(store, kit.settings.workers, kit.metrics.fallback("rate_limit"))


RATE_LIMIT: Factor[RateLimit] = Factor(
    name="rate_limit",
    kind="control",
    threat="One client makes accounts, or uses the server's time, in bulk",
    owasp=("API4", "API6"),
    asvs=("2.4.1",),
    cwe=("799",),
    cost_hypothesis="2 to 3 µs a request; of 200 requests of an address one takes a lease, about 100 µs",
    journeys=("anonymous_reader", "signed_in_reader", "author"),
    levels=(
        Level("off", "weak", "every request is served", NoLimit, trips=("registration_burst",)),
        Level(
            "trusts_forwarded_for",
            "weak",
            "a budget for each address that clients claim to have",
            lambda kit: Limit(common(kit), kit, first_forwarded),
            trips=("forwarded_burst",),
        ),
        Level(
            "per_process",
            "weak",
            "budgets in each worker's memory",
            lambda kit: Limit(ProcessBuckets(), kit),
            trips=("budget_multiplied",),
            workers=2,
        ),
        Level(
            "shared",
            "strong",
            "budgets in Redis where there is one, else in the database, leased in chunks",
            lambda kit: Limit(common(kit), kit),
        ),
    ),
)
