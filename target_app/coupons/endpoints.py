from fastapi import APIRouter, Response

from target_app.articles.schemas import PageQuery
from target_app.coupons.schemas import CouponAnswer, CouponsAnswer, NewCouponBody
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, read_body, read_query
from target_app.web.route import Route
from target_app.web.visit import SignedIn

router = APIRouter(prefix="/api/coupons", tags=["coupons"], route_class=Route)


@router.post(
    "",
    status_code=201,
    openapi_extra=described(body=NewCouponBody, signed=True),
    responses={201: {"model": CouponAnswer}, **documented(401, 403, 404, 409, 422)},
)
async def create_coupon(visit: SignedIn) -> Response:
    """Offer a discount on one of one's own articles."""
    body = await read_body(visit.request, NewCouponBody)
    return json_answer({"coupon": await visit.parts.coupons.create(visit.work, body.coupon, visit.viewer)}, 201)


@router.get(
    "",
    openapi_extra=described(query=PageQuery, signed=True),
    responses={200: {"model": CouponsAnswer}, **documented(401, 422)},
)
async def list_coupons(visit: SignedIn) -> Response:
    """One's own coupons, the newest first."""
    query = read_query(visit.request, PageQuery)
    return json_answer(await visit.parts.coupons.page(visit.work, query, visit.viewer))


@router.delete(
    "/{code}",
    status_code=204,
    response_class=Response,
    openapi_extra=described(signed=True),
    responses=documented(401, 404, 422),
)
async def delete_coupon(visit: SignedIn, code: str) -> Response:
    """Withdraw one's own coupon; orders that used it keep their discount."""
    await visit.parts.coupons.delete(visit.work, code, visit.viewer)
    return Response(status_code=204)
