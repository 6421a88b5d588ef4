"""An article that is sold, and an order for it whose payment is not settled."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier

import httpx

from security.probe.client import Client
from security.probe.identity import Identity
from security.probe.lab import SignedEvent
from security.probe.scene import Article, Scene, field_of, require

PRICE = 500
TOGETHER_S = 5.0
PAID, DECLINED = "charge.succeeded", "charge.declined"


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
        order = placed_order(scene, buyer, article)
        status = order.status()
        require(status == "pending", f"The order is {status} at once: no event of the provider could change it.")
        yield order


def placed_order(scene: Scene, buyer: Identity, article: Article) -> Order:
    """A new order, whatever became of it. Raises `CouldNotRunError` where it was refused."""
    answer = buy(scene, buyer.client, article, secrets.token_hex(8))
    number = field_of(answer, "order", "id")
    require(isinstance(number, int), f"An order was answered {answer.status_code}.")
    return Order(number, scene.path(f"/orders/{number}"), buyer)


def decline(scene: Scene, order: Order) -> None:
    """Leave nothing that waits for the provider: it declines the charge, by the lab's word."""
    (event,) = scene.lab.sign_webhook(order.id, [(DECLINED, 0)])
    answer = send_event(scene.people.visitor(), event)
    require(order.status() != "pending", f"The provider's word was answered {answer.status_code} and not heard.")


def send_event(sender: Client, event: SignedEvent, **changes: str | None) -> httpx.Response:
    """Deliver an event of the provider, perhaps with another `body` or `signature`."""
    signature = changes.get("signature", event.signature)
    headers = {"Content-Type": "application/json"} | ({event.header: signature} if signature else {})
    return sender.request("POST", event.path, content=changes.get("body") or event.body, headers=headers)


def offer_coupon(scene: Scene, author: Identity, article: Article, uses: int) -> str:
    """The code of a new coupon with which the article costs nothing, so that no provider is asked."""
    code = f"PROBE{secrets.token_hex(8)}"
    coupon = {"code": code, "slug": article.slug, "percentOff": 100, "uses": uses}
    answer = author.client.request("POST", scene.path("/coupons"), json={"coupon": coupon})
    require(answer.status_code == 201, f"An author's coupon was answered {answer.status_code}.")
    return code


def orders_of(scene: Scene, buyer: Identity, article: Article) -> int:
    """How many orders of an article its buyer has, none of them declined."""
    answer = buyer.client.get(scene.path("/orders"), params={"limit": 100})
    orders = field_of(answer, "orders")
    require(isinstance(orders, list), f"A buyer's orders could not be read: {answer.status_code}.")
    return sum(one.get("slug") == article.slug and one.get("status") != "declined" for one in orders)


def buy(scene: Scene, client: Client, article: Article, key: str, coupon: str | None = None) -> httpx.Response:
    """Order an article under this idempotency key."""
    return client.request("POST", scene.path("/orders"), json=_order(article, coupon), headers={"Idempotency-Key": key})


def buy_together(
    scene: Scene, client: Client, article: Article, key: str, coupon: str, start: Barrier
) -> httpx.Response:
    """The same with the last byte held back until all others at the barrier are as far: then they arrive as one."""
    body = json.dumps(_order(article, coupon)).encode()

    def parts() -> Iterator[bytes]:
        yield body[:-1]
        start.wait(TOGETHER_S)
        yield body[-1:]

    headers = {"Idempotency-Key": key, "Content-Type": "application/json", "Content-Length": str(len(body))}
    return client.request("POST", scene.path("/orders"), content=parts(), headers=headers)


def _order(article: Article, coupon: str | None) -> dict[str, dict[str, str]]:
    return {"order": {"slug": article.slug} | ({"coupon": coupon} if coupon else {})}
