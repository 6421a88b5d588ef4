"""Many at once take from what is limited (OWASP API6, CWE-362). What they got is counted by reading back."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from security.probe.client import Client
from security.probe.identity import Identity
from security.probe.outcome import Verdict, stopped, succeeded
from security.probe.scene import Article, Scene, field_of, require
from security.probe.shop import PRICE, buy, buy_together, offer_coupon, orders_of

USES = 5
# An article is bought once by each: ten can take twice what there is, and fifty orders are on their way at once.
BUYERS, ORDERS_EACH = 10, 5
# A race is lost by chance: what holds must hold again.
ROUNDS = 2
REPEATED = 10


def coupon_overspent(scene: Scene) -> Verdict:
    """Fifty orders at one moment with a coupon for five."""
    author = scene.register()
    with ThreadPoolExecutor(BUYERS) as pool:
        buyers = list(pool.map(lambda _: scene.register(), range(BUYERS)))
    for _ in range(ROUNDS):
        with scene.article(author, price=PRICE) as article:
            code = offer_coupon(scene, author, article, USES)
            statuses = _at_once(scene, buyers * ORDERS_EACH, article, code)
            bought = sum(orders_of(scene, buyer, article) for buyer in buyers)
        seen = f"{len(buyers) * ORDERS_EACH} orders at once with a coupon for {USES} were answered {_shown(statuses)}"
        if bought > USES:
            return succeeded(f"{seen}; {bought} articles were bought with it.")
        require(bought == USES, f"{seen}; {bought} articles were bought with it, so not all of it was asked for.")
    return stopped(f"{seen}; {bought} articles were bought with it, {ROUNDS} times.")


def order_doubled(scene: Scene) -> Verdict:
    """One order, sent ten times at one moment and once more, under one idempotency key."""
    author, buyer = scene.register(), scene.register()
    with scene.article(author, price=PRICE) as article:
        code, key = offer_coupon(scene, author, article, REPEATED), secrets.token_hex(8)
        statuses = _at_once(scene, [buyer] * REPEATED, article, code, key)
        statuses.append(buy(scene, buyer.client, article, key, code).status_code)
        bought, used = orders_of(scene, buyer, article), _used(scene, author, code)
    seen = f"One order under one key, sent {len(statuses)} times, was answered {_shown(statuses)}: orders {bought}"
    if bought > 1 or used > 1:
        return succeeded(f"{seen}, uses of its coupon {used}.")
    require((bought, used) == (1, 1), f"{seen}, uses of its coupon {used}.")
    return stopped(f"{seen}, uses of its coupon {used}.")


def _at_once(
    scene: Scene, buyers: Sequence[Identity], article: Article, code: str, key: str | None = None
) -> list[int]:
    """The statuses of one order by each, sent at one moment on new connections, under keys of their own or this one."""
    clients = [scene.people.bearing(buyer.token, buyer.client.source) for buyer in buyers]
    start = Barrier(len(clients))

    def order(client: Client) -> int:
        return buy_together(scene, client, article, key or secrets.token_hex(8), code, start).status_code

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(order, clients))


def _used(scene: Scene, author: Identity, code: str) -> int:
    coupons = field_of(author.client.get(scene.path("/coupons")), "coupons") or []
    return sum(int(coupon["used"]) for coupon in coupons if coupon["code"] == code)


def _shown(statuses: Sequence[int]) -> str:
    return ", ".join(f"{status} ({times}x)" for status, times in sorted(Counter(statuses).items()))
