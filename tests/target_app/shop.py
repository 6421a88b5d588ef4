"""An author with a paid article, buyers, and the provider's events as it signs them."""

import json
import secrets
import time
from typing import Any

import httpx

from target_app.provider_secrets import ProviderSecrets, signature
from tests.target_app.app_client import AppClient

PRICE = 1000


class Shop:
    """One author's article, sold by `app`."""

    def __init__(self, app: AppClient, price: int = PRICE, author: str = "author") -> None:
        self.app = app
        self.author = app.register(author)
        self.buyer = app.register("buyer")
        self.slug = app.publish(self.author, "Paid", body="Ä" * 250, price=price)

    def order(self, token: str | None = None, key: str | None = None, **fields: Any) -> httpx.Response:
        """The answer to an order; a new key unless one is given."""
        return self.app.call("POST", "/api/orders", token or self.buyer, **self.ordering(key, **fields))

    def ordering(self, key: str | None = None, **fields: Any) -> dict[str, Any]:
        """Headers and body of an order."""
        body = {"order": {"slug": self.slug, **fields}}
        return {"headers": {"Idempotency-Key": key or secrets.token_hex(8)}, "json": body}

    def coupon(self, code: str = "CODE", percent_off: int = 50, uses: int = 5) -> str:
        """A coupon for the article."""
        coupon = {"code": code, "slug": self.slug, "percentOff": percent_off, "uses": uses}
        answer = self.app.call("POST", "/api/coupons", self.author, json={"coupon": coupon})
        assert answer.status_code == 201, answer.text
        return code

    def used(self, code: str = "CODE") -> int:
        """How often a coupon was used."""
        listed = self.app.call("GET", "/api/coupons", self.author).json()["coupons"]
        return next(int(coupon["used"]) for coupon in listed if coupon["code"] == code)

    def status(self, order: int) -> str:
        """What became of an order."""
        return str(self.app.call("GET", f"/api/orders/{order}", self.buyer).json()["order"]["status"])

    def balance(self) -> int:
        """What the author is owed."""
        return int(self.app.call("GET", "/api/balance", self.author).json()["balance"]["amount"])

    def refund(self, order: int, token: str | None = None) -> httpx.Response:
        """The answer to a refund."""
        return self.app.call("POST", f"/api/orders/{order}/refund", token or self.author)

    def reference(self, order: int) -> str:
        """What the provider knows an order by."""
        parts = self.app.app.state.parts

        async def read() -> str:
            connection = await parts.database.open_reading()
            row = await parts.orders._repository.one(connection, order)
            await connection.rollback()
            return str(row.charge_key)

        return str(self.app.run(read()))

    def reconcile(self) -> None:
        """What the background task does every half a second."""
        self.app.run(self.app.app.state.parts.checkout.reconcile())

    def check(self) -> dict[str, int]:
        """The ledger's invariants; all but `transactions` must be 0."""
        from target_app.unit_of_work import UnitOfWork

        parts = self.app.app.state.parts

        async def checked() -> dict[str, int]:
            work = UnitOfWork(parts.database)
            found: dict[str, int] = await parts.ledger.check(work)
            await work.rollback()
            return found

        found: dict[str, int] = self.app.run(checked())
        return found

    def holds(self) -> bool:
        """Whether every invariant does."""
        return not sum(count for name, count in self.check().items() if name != "transactions")

    def event(self, kind: str, order: int, amount: int, **changes: Any) -> bytes:
        """An event's body."""
        data = {"id": "ch_1", "reference": self.reference(order), "amount": amount, **changes}
        return json.dumps({"id": f"ev_{secrets.token_hex(4)}", "type": kind, "data": data}).encode()

    def tell(self, body: bytes, *, age: int = 0, sealed: str | None = None) -> httpx.Response:
        """Send an event as the provider does, `age` seconds after it was signed, or with a signature of one's own."""
        seal = sealed or self.seal(body, age)
        return self.app.call("POST", "/api/payments/webhook", content=body, headers={"Provider-Signature": seal})

    def seal(self, body: bytes, age: int = 0) -> str:
        """The signature of a body, made `age` seconds ago."""
        secret = ProviderSecrets(self.app.settings.provider_file).webhook_secret()
        at = int(time.time()) - age
        return f"t={at},v1={signature(secret, at, body)}"
