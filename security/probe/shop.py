"""An article that is sold, and an order for it whose payment is not settled."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from security.probe.client import Client
from security.probe.identity import Identity
from security.probe.scene import Article, Scene, field_of, require

PRICE = 500


@dataclass(frozen=True)
class Order:
    """One order; `status` is asked for by its buyer."""

    id: int
    path: str
    buyer: Identity

    def status(self) -> str:
        """What became of it. Raises `CouldNotRunError` where its buyer can't read it."""
        answer = self.buyer.client.get(self.path)
        found = field_of(answer, "order", "status")
        require(isinstance(found, str), f"The buyer could not read the own order: {answer.status_code}.")
        return str(found)


@contextmanager
def pending_order(scene: Scene) -> Iterator[Order]:
    """An order that waits for the payment provider. Raises `CouldNotRunError` where there is none."""
    author, buyer = scene.register(), scene.register()
    with scene.article(author, price=PRICE) as article:
        answer = buy(scene, buyer.client, article, secrets.token_hex(8))
        number, status = field_of(answer, "order", "id"), field_of(answer, "order", "status")
        require(isinstance(number, int), f"An order was answered {answer.status_code}.")
        require(status == "pending", f"The order is {status} at once: no event of the provider could change it.")
        yield Order(number, scene.path(f"/orders/{number}"), buyer)


def buy(scene: Scene, client: Client, article: Article, key: str, coupon: str | None = None) -> httpx.Response:
    """Order an article under this idempotency key."""
    order = {"slug": article.path.rpartition("/")[2]} | ({"coupon": coupon} if coupon else {})
    return client.request("POST", scene.path("/orders"), json={"order": order}, headers={"Idempotency-Key": key})
