import strawberry
from strawberry.types import Info

from billing.store import invoices


@strawberry.type
class Invoice:
    id: int
    total: int


@strawberry.type
class Query:
    @strawberry.field
    async def invoice(self, info: Info, invoice_id: int) -> Invoice | None:
        found = await invoices.get(invoice_id)
        if found is None or found.customer_id != info.context["user"].id:
            return None
        return Invoice(id=found.id, total=found.total)
