from fastapi import APIRouter, Response

from target_app.articles.schemas import PageQuery
from target_app.ledger.schemas import BalanceAnswer, EntriesAnswer
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, read_query
from target_app.web.route import Route
from target_app.web.visit import SignedIn

router = APIRouter(prefix="/api/balance", tags=["balance"], route_class=Route)


@router.get(
    "",
    openapi_extra=described(signed=True),
    responses={200: {"model": BalanceAnswer}, **documented(401)},
)
async def balance(visit: SignedIn) -> Response:
    """What the platform owes the signed-in user."""
    return json_answer({"balance": await visit.parts.ledger.balance(visit.work, visit.viewer)})


@router.get(
    "/entries",
    openapi_extra=described(query=PageQuery, signed=True),
    responses={200: {"model": EntriesAnswer}, **documented(401, 422)},
)
async def entries(visit: SignedIn) -> Response:
    """Sales and refunds that made up the balance, the newest first."""
    query = read_query(visit.request, PageQuery)
    return json_answer(await visit.parts.ledger.entries(visit.work, query, visit.viewer))
