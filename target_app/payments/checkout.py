"""Orders and the payment provider, brought together.

The provider is never waited for in a transaction. So this is the one place, beside the routes, that commits: what the
provider is asked for stands in the database before it is asked, and what it answered is written down in a transaction
of its own. Whatever ends in between, a process included, `reconcile` finds and completes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from target_app.database import Database, DatabaseBusyError
from target_app.metrics import Metrics
from target_app.orders.rows import OrderRow
from target_app.orders.schemas import NewOrder
from target_app.orders.service import OrderService, Placed
from target_app.payments.provider_client import (
    AnswerLostError,
    Charge,
    ProviderClient,
    ProviderUnavailableError,
    RefusedError,
)
from target_app.unit_of_work import UnitOfWork
from target_app.web.errors import ApiError

LOG = logging.getLogger(__name__)
#: The provider gave no answer that settles anything: what becomes of the order is found out later. A refusal is in
#: it, for what was asked is right by construction: it is the set-up (an API key, say) that is wrong, and can be mended.
NO_ANSWER = (AnswerLostError, ProviderUnavailableError, RefusedError)


class Checkout:
    """Buys, refunds, and finds out about what was left open. `provider` is None where none is configured."""

    def __init__(
        self, database: Database, orders: OrderService, provider: ProviderClient | None, metrics: Metrics
    ) -> None:
        self._database = database
        self._orders = orders
        self._provider = provider
        self._reconciled = metrics.orders_reconciled

    async def order(self, work: UnitOfWork, new: NewOrder, key: str, viewer: int) -> Placed:
        """Make an order and charge for it; without the provider's answer it stays pending.

        Raises ApiError 503 where there is no provider, and whatever `OrderService.place` raises.
        """
        provider = self._available()
        placed = await self._orders.place(work, new, key, viewer)
        if placed.replayed or placed.order.status != "pending":
            return placed
        await work.commit()
        order = await self._answered(work, placed.order, lambda: self._charge(work, provider, placed.order))
        return Placed(order, replayed=False)

    async def refund(self, work: UnitOfWork, order_id: int, viewer: int) -> OrderRow:
        """Give the money back; without the provider's answer the order stays `refunding`.

        Raises ApiError 503 where there is no provider, and whatever `OrderService.begin_refund` raises.
        """
        provider = self._available()
        order = await self._orders.begin_refund(work, order_id, viewer)
        if order.status != "refunding":
            return order
        await work.commit()
        return await self._answered(work, order, lambda: self._give_back(work, provider, order))

    async def reconcile(self) -> None:
        """Complete orders that wait for the provider and that nobody sees to, until there are no more."""
        if self._provider is None:
            return
        provider = self._provider
        while claimed := await self._claimed():
            heard = await asyncio.gather(*(self._completed(provider, order) for order in claimed))
            if not any(heard):  # the provider is away: the next round will see
                return

    def _available(self) -> ProviderClient:
        if self._provider is None:
            raise ApiError(503, {"provider": ["is not available"]})
        return self._provider

    async def _answered(self, work: UnitOfWork, order: OrderRow, ask: Callable[[], Awaitable[OrderRow]]) -> OrderRow:
        """The order after the provider's answer; as it was where none came, or none could be written down."""
        try:
            answered = await ask()
            await work.commit()
        except NO_ANSWER as error:
            LOG.warning("order %d stays %s: %r", order.id, order.status, error)
            await self._hand_over(work, order)
            return order
        except DatabaseBusyError:
            await work.rollback()
            return order
        return answered

    async def _hand_over(self, work: UnitOfWork, order: OrderRow) -> None:
        try:
            await self._orders.hand_over(work, order)
            await work.commit()
        except DatabaseBusyError:  # then its lease runs out by itself
            await work.rollback()

    async def _charge(self, work: UnitOfWork, provider: ProviderClient, order: OrderRow) -> OrderRow:
        return await self._apply(work, order, await provider.charge(order.charge_key, order.amount))

    async def _give_back(self, work: UnitOfWork, provider: ProviderClient, order: OrderRow) -> OrderRow:
        await provider.refund(f"{order.charge_key}-refund", order.charge_id or "", order.amount)
        return await self._orders.finish_refund(work, order)

    async def _apply(self, work: UnitOfWork, order: OrderRow, charge: Charge) -> OrderRow:
        if charge.amount != order.amount:
            LOG.error("order %d is of %d, but the provider charged %d", order.id, order.amount, charge.amount)
            raise AnswerLostError
        if charge.status == "declined":
            return await self._orders.decline(work, order)
        return await self._orders.settle(work, order, charge.id)

    async def _claimed(self) -> list[OrderRow]:
        work = UnitOfWork(self._database)
        try:
            claimed = await self._orders.claim(work)
        except BaseException:
            await work.rollback()
            raise
        await work.commit()
        return claimed

    async def _completed(self, provider: ProviderClient, order: OrderRow) -> bool:
        """Whether the provider could be heard about this order."""
        work = UnitOfWork(self._database)
        try:
            if order.status == "refunding":
                await self._give_back(work, provider, order)
            else:
                charge = await provider.look_up(order.charge_key)
                # Nothing is known of it: the request never arrived, and asking under the same key charges once.
                await self._apply(work, order, charge or await provider.charge(order.charge_key, order.amount))
            await work.commit()
        except NO_ANSWER as error:
            LOG.warning("order %d stays %s: %r", order.id, order.status, error)
            await work.rollback()
            return False
        except BaseException:
            await work.rollback()
            raise
        self._reconciled.inc()
        return True
