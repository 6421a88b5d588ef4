import hmac
import re

from target_app.controls.webhook_verification import WebhookVerification
from target_app.metrics import Metrics
from target_app.orders.rows import OrderRow
from target_app.orders.service import OrderService
from target_app.payments.checkout import Checkout
from target_app.payments.provider_client import Charge
from target_app.payments.schemas import ProviderEvent
from target_app.unit_of_work import UnitOfWork

#: `OrderRow.charge_key` read backwards.
CHARGE_KEY = re.compile(r"order-([0-9]{1,18})-[0-9a-f]+")


class ProviderEvents:
    """Acts on what the provider tells, in whatever order and how often it comes."""

    def __init__(
        self, orders: OrderService, checkout: Checkout, verification: WebhookVerification, metrics: Metrics
    ) -> None:
        self._orders = orders
        self._checkout = checkout
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
        if event.charge.status == "refunded":
            await self._orders.finish_refund(work, order)
        else:
            await self._checkout.apply(work, order, Charge(event.charge.id, event.charge.status, event.charge.amount))
        return True

    async def _meant(self, work: UnitOfWork, event: ProviderEvent) -> OrderRow | None:
        parts = CHARGE_KEY.fullmatch(event.charge.key)
        order = await self._orders.stored(work, int(parts[1])) if parts else None
        known = order is not None and hmac.compare_digest(order.charge_key, event.charge.key)
        return order if known else None
