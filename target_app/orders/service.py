import hashlib
import secrets
from typing import Any, NamedTuple

import orjson

from target_app.articles.schemas import PageQuery
from target_app.controls.object_authz import ObjectAuthz
from target_app.controls.stock_and_coupon import StockAndCoupon, Taken
from target_app.coupons.repository import CouponRepository
from target_app.events import Event, Events
from target_app.ledger.service import LedgerService, UncoveredError
from target_app.metrics import Metrics
from target_app.orders.repository import OrderRepository
from target_app.orders.rows import Offer, OrderRow, shown
from target_app.orders.schemas import NewOrder
from target_app.schema import now_ms
from target_app.unit_of_work import UnitOfWork
from target_app.web.errors import ApiError, not_found

#: How long whoever made or claimed an order may talk to the provider before others look after it.
LEASE_MS = 3_000
#: Orders that one claim takes.
CLAIMED_AT_ONCE = 16
STATUSES = ("pending", "paid", "declined", "refunding", "refunded")
NO_COUPON = Taken(0, 0)


class Placed(NamedTuple):
    """An order, and whether an earlier request with the same key had made it."""

    order: OrderRow
    replayed: bool


class OrderService:
    """Orders: what becomes of them, and nothing of how the provider is reached.

    Locks are taken in one order everywhere, coupon, order, account: two transactions never wait for each other.
    """

    def __init__(
        self,
        repository: OrderRepository,
        coupons: CouponRepository,
        ledger: LedgerService,
        stock: StockAndCoupon,
        authz: ObjectAuthz,
        events: Events,
        metrics: Metrics,
    ) -> None:
        self._repository = repository
        self._coupons = coupons
        self._ledger = ledger
        self._stock = stock
        self._authz = authz
        self._events = events
        self._counts = {status: metrics.order(status) for status in STATUSES}

    async def page(self, work: UnitOfWork, query: PageQuery, viewer: int) -> dict[str, Any]:
        """One page of what the viewer has ordered, the newest first."""
        page = await self._repository.page(await work.reading(), viewer, query.limit, query.offset)
        return {"orders": [shown(order) for order in page.orders], "ordersCount": page.total}

    async def one(self, work: UnitOfWork, order_id: int, viewer: int) -> OrderRow:
        """An order, for its buyer and for the article's author. Raises ApiError 404."""
        order = await self._repository.one(await work.reading(), order_id)
        if order is None:
            raise not_found("order")
        self._authz.read("order", viewer, order.author_id if viewer == order.author_id else order.buyer_id)
        return order

    async def stored(self, work: UnitOfWork, order_id: int) -> OrderRow | None:
        """The order as it now is, whoever asks."""
        return await self._repository.one(await work.reading(), order_id)

    async def place(self, work: UnitOfWork, new: NewOrder, key: str, viewer: int) -> Placed:
        """Write an order down; one that costs nothing is paid at once.

        Raises ApiError 404 for the article; 409 where it is the viewer's own or bought already, the coupon is used up,
        or the order of this key is being made; 422 where it is free, the coupon is not for it, or the key was used for
        another order.
        """
        digest = request_digest(new)
        offer, earlier = await self._repository.wanted(await work.reading(), new.slug, viewer, key)
        if earlier is not None:
            return replay(earlier, digest)
        offer = self._buyable(offer, viewer)
        coupon = await self._taken(work, new.coupon, offer) if new.coupon is not None else NO_COUPON
        connection = await work.writing()
        order = order_for(offer, coupon, digest, viewer)
        order_id = await self._repository.add(connection, insertable(order, key))
        if order_id is None:
            return await self._stood_in_the_way(work, offer, digest, key, viewer)
        order = order._replace(id=order_id)
        if order.status == "paid":
            return Placed(await self._moved(work, order), replayed=False)
        work.after_commit(self._counts["pending"])
        return Placed(order, replayed=False)

    def _buyable(self, offer: Offer | None, viewer: int) -> Offer:
        if offer is None:
            raise not_found("article")
        if offer.draft:
            self._authz.read_draft(viewer, offer.author_id)
        if offer.author_id == viewer:
            raise ApiError(409, {"slug": ["is your own article"]})
        if not offer.price:
            raise ApiError(422, {"slug": ["is free"]})
        return offer

    async def _taken(self, work: UnitOfWork, code: str, offer: Offer) -> Taken:
        seen = await self._stock.look(await work.reading(), code, offer.article_id)
        connection = await work.writing()
        taken = await self._stock.take(connection, code, offer.article_id, seen)
        if taken is not None:
            return taken
        coupon = await self._coupons.by_code(connection, code)
        if coupon is None or coupon.article_id != offer.article_id:
            raise ApiError(422, {"coupon": ["is invalid"]})
        raise ApiError(409, {"coupon": ["is used up"]})

    async def _stood_in_the_way(self, work: UnitOfWork, offer: Offer, digest: str, key: str, viewer: int) -> Placed:
        """What to answer where another order has the key or the article; the coupon goes back."""
        await work.rollback()
        connection = await work.reading()
        _, earlier = await self._repository.wanted(connection, offer.slug, viewer, key)
        if earlier is not None:
            return replay(earlier, digest)
        status = await self._repository.live_status(connection, viewer, offer.article_id)
        raise ApiError(409, {"slug": ["has already been bought" if status == "paid" else "is being bought already"]})

    async def settle(self, work: UnitOfWork, order: OrderRow, charge_id: str) -> OrderRow:
        """The provider has the money: the buyer gets the article, the author the share. Once, whoever comes first."""
        now = now_ms()
        connection = await work.writing()
        paid = order._replace(status="paid", charge_id=charge_id, updated_at=now)
        if not await self._repository.move(connection, "pending", paid):
            return await self._as_it_is(work, order)
        await self._ledger.settle(connection, order.id, order.author_id, order.amount, now)
        return await self._moved(work, paid)

    async def decline(self, work: UnitOfWork, order: OrderRow) -> OrderRow:
        """The provider refused: the coupon's use goes back."""
        connection = await work.writing()
        if order.coupon_id is not None:
            await self._coupons.lock(connection, order.coupon_id)
        declined = order._replace(status="declined", updated_at=now_ms())
        if not await self._repository.move(connection, "pending", declined):
            return await self._as_it_is(work, order)
        if order.coupon_id is not None:
            await self._coupons.give_back(connection, order.coupon_id)
        return await self._moved(work, declined)

    async def begin_refund(self, work: UnitOfWork, order_id: int, viewer: int) -> OrderRow:
        """Take the sale back from the author's balance; the order is `refunding`, or `refunded` if it cost nothing.

        Raises ApiError 403 for the buyer, 404 for strangers, 409 where it is not paid or the balance does not cover it.
        """
        connection = await work.writing()
        order = await self.one(work, order_id, viewer)
        self._authz.change("order", viewer, order.author_id)
        now = now_ms()
        status = "refunding" if order.amount else "refunded"
        refunding = order._replace(status=status, lease_until=now + LEASE_MS, updated_at=now)
        if not await self._repository.move(connection, "paid", refunding):
            raise ApiError(409, {"order": ["is not paid"]})
        if order.amount:
            try:
                await self._ledger.refund(connection, order.id, order.author_id, order.amount, now)
            except UncoveredError:
                raise ApiError(409, {"balance": ["does not cover the refund"]}) from None
        return await self._moved(work, refunding)

    async def finish_refund(self, work: UnitOfWork, order: OrderRow) -> OrderRow:
        """The provider has given the money back."""
        refunded = order._replace(status="refunded", updated_at=now_ms())
        if not await self._repository.move(await work.writing(), "refunding", refunded):
            return await self._as_it_is(work, order)
        return await self._moved(work, refunded)

    async def hand_over(self, work: UnitOfWork, order: OrderRow) -> None:
        """Let others look after an order at once: whoever held it got no answer from the provider."""
        await self._repository.claim(await work.writing(), order, now_ms())

    async def claim(self, work: UnitOfWork) -> list[OrderRow]:
        """Some orders that wait for the provider and whose lease has run out, now leased to the caller."""
        now = now_ms()
        due = await self._repository.due(await work.reading(), now, CLAIMED_AT_ONCE)
        if not due:
            return []
        connection = await work.writing()
        # By id, so that two workers that claim the same orders do not wait for each other.
        return [order for order in sorted(due) if await self._repository.claim(connection, order, now + LEASE_MS)]

    async def _as_it_is(self, work: UnitOfWork, order: OrderRow) -> OrderRow:
        return await self._repository.one(await work.reading(), order.id) or order

    async def _moved(self, work: UnitOfWork, order: OrderRow) -> OrderRow:
        work.after_commit(self._counts[order.status])
        await self._tell(work, order)
        return order

    async def _tell(self, work: UnitOfWork, order: OrderRow) -> None:
        await self._events.happened(
            work, Event("order.updated", f"user:{order.buyer_id}", order.author_id, shown(order))
        )


def request_digest(new: NewOrder) -> str:
    """What a request asked for, so that another one under the same key is noticed."""
    return hashlib.sha256(orjson.dumps([new.slug, new.coupon])).hexdigest()


def replay(earlier: OrderRow, digest: str) -> Placed:
    """The order of an earlier request with the same key, as it now is. Raises ApiError 409, 422."""
    if earlier.request_digest != digest:
        raise ApiError(422, {"idempotencyKey": ["was used for another order"]})
    # The first lease is the request's own: while it lasts, that request is still being answered.
    in_progress = earlier.lease_until == earlier.created_at + LEASE_MS
    if earlier.status == "pending" and in_progress and earlier.lease_until > now_ms():
        raise ApiError(409, {"idempotencyKey": ["is in use by a request in progress"]}, {"Retry-After": "1"})
    return Placed(earlier, replayed=True)


def order_for(offer: Offer, coupon: Taken, digest: str, viewer: int) -> OrderRow:
    """An order that is not stored yet."""
    now = now_ms()
    discount = offer.price * coupon.percent_off // 100
    amount = offer.price - discount
    return OrderRow(
        id=0,
        buyer_id=viewer,
        author_id=offer.author_id,
        article_id=offer.article_id,
        coupon_id=coupon.coupon_id or None,
        slug=offer.slug,
        price=offer.price,
        discount=discount,
        amount=amount,
        status="pending" if amount else "paid",
        request_digest=digest,
        nonce=secrets.token_hex(8),
        charge_id=None,
        lease_until=now + LEASE_MS,
        created_at=now,
        updated_at=now,
    )


def insertable(order: OrderRow, key: str) -> dict[str, Any]:
    """An order as the repository takes it."""
    return {
        "buyer": order.buyer_id,
        "author": order.author_id,
        "article": order.article_id,
        "coupon": order.coupon_id,
        "slug": order.slug,
        "price": order.price,
        "discount": order.discount,
        "amount": order.amount,
        "status": order.status,
        "key": key,
        "digest": order.request_digest,
        "nonce": order.nonce,
        "lease": order.lease_until,
        "now": order.created_at,
    }
