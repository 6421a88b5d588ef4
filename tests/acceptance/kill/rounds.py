"""Kills under load, and what they must not do: lose an order, charge twice, break the ledger, or stop the shop."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import Any

import aiohttp
import httpx

from tests.acceptance.kill.buyers import Buyers
from tests.acceptance.kill.estate import Estate, estate
from tests.parts.target import run_target

Try = dict[str, Any]

PARTS = {
    "sqlite": ("worker", "provider", "redis", "worker", "provider", "redis", "worker", "provider", "redis", "worker"),
    "postgres": (
        "worker", "provider", "postgres", "redis", "worker", "provider", "postgres", "redis", "postgres", "worker",
    ),
}  # fmt: skip
LOGINS = 60
STEADY_S = 1.5
AWAY_S = 1.0
WATCHED_S = 6.0
RECOVERY_S = 5.0
SETTLED_S = 40.0


def kills(number: int) -> Try:
    """One estate and ten kills; SQLite and PostgreSQL take turns."""
    database = ("sqlite", "postgres")[number % 2]
    return shop(database, PARTS[database])


def shop(database: str, parts: tuple[str, ...]) -> Try:
    """Kill these parts one after the other, 50 orders a second all the while; what was found."""
    with estate(database) as there:
        return asyncio.run(_shop(there, parts))


async def _shop(there: Estate, parts: tuple[str, ...]) -> Try:
    accounts = await asyncio.to_thread(_sign_in, there.url)
    slugs = [row[0] for row in there.query("SELECT slug FROM articles WHERE price > 0 ORDER BY id")]
    buyers = Buyers(there.url, accounts, slugs, "shop")
    load = asyncio.create_task(buyers.run())
    rounds = [await _round(there, buyers, part) for part in parts]
    buyers.stop()
    await load
    open_orders = await _settled(there)
    return {
        "database": there.database,
        "kills": rounds,
        "orders": len(buyers.purchases),
        "acknowledged": sum(one.acknowledged is not None for one in buyers.purchases),
        "open": open_orders,
        **audit(there, buyers),
    }


async def _round(there: Estate, buyers: Buyers, part: str) -> Try:
    await asyncio.sleep(STEADY_S)
    killed = time.monotonic()
    back = await asyncio.to_thread(there.kill, part)
    found: Try = {"part": part}
    if part != "worker":
        began = time.monotonic()
        if part == "redis":
            found["without_redis"] = await without_redis(there)
        await asyncio.sleep(max(0, began + AWAY_S - time.monotonic()))
        back = await asyncio.to_thread(there.bring_back, part)
    await asyncio.sleep(WATCHED_S)
    during = [one for one in buyers.purchases if killed <= one.began < back]
    after = [one for one in buyers.purchases if back <= one.began < back + WATCHED_S - 0.5]
    failed = [one for one in after if one.first not in ("paid", "declined")]
    found["recovery_s"] = round(max((one.began - back for one in failed), default=0.0), 2)
    found["failed_first"] = dict(Counter(one.first for one in during + after if one.first not in ("paid", "declined")))
    return found


async def without_redis(there: Estate) -> Try:
    """Reading, signing in, and guessing a password, while Redis is away."""
    async with aiohttp.ClientSession(there.url) as session:
        reads = [(await session.get("/api/articles?limit=5")).status for _ in range(5)]

        async def sign_in(password: str) -> int:
            user = {"email": "reader0060@example.test", "password": password}
            async with session.post("/api/users/login", json={"user": user}) as answer:
                return answer.status

        signed_in = [await sign_in("correct-horse-0060") for _ in range(2)]
        # The guesses come from an account of their own: reader0059 is not locked out of anything by them.
        guesses = []
        for _ in range(25):
            user = {"email": "reader0059@example.test", "password": "wrong"}
            async with session.post("/api/users/login", json={"user": user}) as answer:
                guesses.append(answer.status)
        metrics = await (await session.get("/metrics")).text()
    counted = sum(
        float(line.rpartition(" ")[2])
        for line in metrics.splitlines()
        if line.startswith("target_state_fallbacks_total")
    )
    return {
        "reads": reads,
        "signed_in": signed_in,
        "guesses_heard": guesses.count(401),
        "guesses_refused": guesses.count(429),
        "fallbacks": counted,
    }


async def _settled(there: Estate) -> int:
    """Wait until no order is open any more; how many still are when patience ends."""
    deadline = time.monotonic() + SETTLED_S
    while True:
        (row,) = await asyncio.to_thread(
            there.query, "SELECT COUNT(*) FROM orders WHERE status IN ('pending', 'refunding')"
        )
        if int(row[0]) == 0 or time.monotonic() > deadline:
            return int(row[0])
        await asyncio.sleep(0.5)


def audit(there: Estate, buyers: Buyers) -> Try:
    """What the books say, against what buyers were told and what the provider charged."""
    rows = there.query("SELECT id, status, amount, charge_id, buyer_id, article_id FROM orders")
    orders = {int(row[0]): row for row in rows}
    known = [one for one in buyers.purchases if one.order is not None]
    lost = [one.key for one in known if one.order not in orders]
    undone = [one.key for one in known if one.status == "paid" and orders.get(one.order or 0, ("", ""))[1] != "paid"]
    charges = [charge for charge in there.charges() if charge[3] == "succeeded"]
    paid = {row[3]: int(row[2]) for row in rows if row[1] == "paid" and int(row[2]) > 0}
    return {
        "lost": lost,
        "undone": undone,
        "charged_twice": sum(count - 1 for count in Counter(reference for _, reference, _, _ in charges).values()),
        "charged_without_order": sum(identifier not in paid for identifier, _, _, _ in charges),
        "paid_without_charge": len(set(paid) - {identifier for identifier, _, _, _ in charges}),
        "wrong_amount": sum(paid.get(identifier, amount) != amount for identifier, _, amount, _ in charges),
        "bought_twice": sum(n - 1 for n in Counter((row[4], row[5]) for row in rows if row[1] == "paid").values()),
        "refused": dict(Counter(one.refusal for one in buyers.purchases if one.acknowledged is None)),
        "ledger": json.loads(run_target("lab", "check-ledger", environment=there.environment)),
    }


def _sign_in(url: str) -> list[str]:
    with httpx.Client(base_url=url, timeout=20) as client:
        return [
            client.post(
                "/api/users/login",
                json={"user": {"email": f"reader{n:04d}@example.test", "password": f"correct-horse-{n:04d}"}},
            ).json()["user"]["token"]
            for n in range(1, LOGINS + 1)
        ]


def faults(one: Try) -> list[str]:
    """What a try must not show, and does."""
    numbers = ("charged_twice", "charged_without_order", "paid_without_charge", "wrong_amount", "bought_twice", "open")
    wrong = [f"{name}: {one[name]}" for name in ("lost", "undone") if one[name]]
    wrong += [f"{name}: {one[name]}" for name in numbers if one[name]]
    wrong += [f"refused: {one['refused']}"] if one["refused"] else []
    wrong += [f"ledger {name}: {count}" for name, count in one["ledger"].items() if name != "transactions" and count]
    for kill in one["kills"]:
        if kill["recovery_s"] >= RECOVERY_S:
            wrong.append(f"{kill['part']} took {kill['recovery_s']} s")
        alone = kill.get("without_redis")
        if alone and not (
            set(alone["reads"]) == {200}
            and set(alone["signed_in"]) == {200}
            and alone["guesses_refused"] > 0
            and alone["fallbacks"] > 0
        ):
            wrong.append(f"without Redis: {alone}")
    return wrong


def judge_kills(tries: list[Try]) -> tuple[bool, str]:
    """At least 100 kills, no order lost, none charged twice, books in order, recovery under 5 s."""
    wrong = [fault for one in tries for fault in faults(one)]
    kinds = Counter(f"{kill['part']} on {one['database']}" for one in tries for kill in one["kills"])
    slowest = max((kill["recovery_s"] for one in tries for kill in one["kills"]), default=0.0)
    orders, acknowledged = sum(one["orders"] for one in tries), sum(one["acknowledged"] for one in tries)
    told = (
        f"{sum(kinds.values())} kills ({', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}); "
        f"{orders:,} orders, {acknowledged:,} acknowledged; slowest recovery {slowest} s; wrong: {wrong or 'nothing'}"
    )
    return not wrong and sum(kinds.values()) >= 100, told
