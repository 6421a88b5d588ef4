import re
from collections.abc import Awaitable, Callable, Mapping

from target_app.controls.webhook_verification import WebhookVerification
from target_app.metrics import Metrics
from target_app.orders.rows import OrderRow
from target_app.orders.service import OrderService
from target_app.payments.schemas import ProviderEvent
from target_app.unit_of_work import UnitOfWork

#: `OrderRow.charge_key` read backwards.
CHARGE_KEY = re.compile(r"order-([0-9]{1,18})-[0-9a-f]+")


class ProviderEvents:
    """Acts on what the provider tells, in whatever order and how often it comes."""

    def __init__(self, orders: OrderService, verification: WebhookVerification, metrics: Metrics) -> None:
        self._orders = orders
        self._verification = verification
        self._replayed = metrics.payment_event("replayed")
        self._unknown = metrics.payment_event("unknown")
        self._heard = metrics.payment_event("heard")

    def verify(self, body: bytes, signature: str | None) -> None:
        """Raises ApiError 401 for what the provider did not send."""
        self._verification.verify(body, signature)

    async def hear(self, work: UnitOfWork, event: ProviderEvent) -> bool:
        """Act on an event; False where it was heard before. What is out of date changes nothing."""
        if not await self._verification.first_time(await work.writing(), event.id):
            self._replayed()
            return False
        order = await self._meant(work, event)
        if order is None:
            self._unknown()
            return True
        self._heard()
        await ACTIONS[event.type](self._orders, work, order, event)
        return True

    async def _meant(self, work: UnitOfWork, event: ProviderEvent) -> OrderRow | None:
        parts = CHARGE_KEY.fullmatch(event.data.reference)
        if parts is None or event.type not in ACTIONS:
            return None
        order = await self._orders.stored(work, int(parts[1]))
        fits = order is not None and (order.charge_key, order.amount) == (event.data.reference, event.data.amount)
        return order if fits else None


async def succeeded(orders: OrderService, work: UnitOfWork, order: OrderRow, event: ProviderEvent) -> None:
    """The provider has the money."""
    await orders.settle(work, order, event.data.id)


async def declined(orders: OrderService, work: UnitOfWork, order: OrderRow, _event: ProviderEvent) -> None:
    """The provider refused the charge."""
    await orders.decline(work, order)


async def refunded(orders: OrderService, work: UnitOfWork, order: OrderRow, _event: ProviderEvent) -> None:
    """The provider has given the money back."""
    await orders.finish_refund(work, order)


ACTIONS: Mapping[str, Callable[[OrderService, UnitOfWork, OrderRow, ProviderEvent], Awaitable[None]]] = {
    "charge.succeeded": succeeded,
    "charge.declined": declined,
    "charge.refunded": refunded,
}
