from typing import Any

from target_app.articles.schemas import PageQuery
from target_app.articles.service import ArticleService
from target_app.controls.object_authz import ObjectAuthz
from target_app.coupons.repository import CouponRepository, CouponRow
from target_app.coupons.schemas import NewCoupon
from target_app.schema import now_ms
from target_app.unit_of_work import UnitOfWork
from target_app.web.answers import moment
from target_app.web.errors import not_found, taken


class CouponService:
    """Coupons of authors for their own articles."""

    def __init__(self, repository: CouponRepository, articles: ArticleService, authz: ObjectAuthz) -> None:
        self._repository = repository
        self._articles = articles
        self._authz = authz

    async def create(self, work: UnitOfWork, new: NewCoupon, viewer: int) -> dict[str, Any]:
        """Offer a discount. Raises ApiError 403, 404 for the article, 409 where the code is taken."""
        connection = await work.writing()
        article = await self._articles.changeable(work, new.slug, viewer)
        values = {
            "code": new.code,
            "author": article.author_id,
            "article": article.id,
            "percent": new.percentOff,
            "uses": new.uses,
            "now": now_ms(),
        }
        if not await self._repository.add(connection, values):
            raise taken(["code"])
        return shown(await self._found(work, new.code))

    async def page(self, work: UnitOfWork, query: PageQuery, viewer: int) -> dict[str, Any]:
        """One page of the viewer's coupons, the newest first."""
        page = await self._repository.page(await work.reading(), viewer, query.limit, query.offset)
        return {"coupons": [shown(row) for row in page.coupons], "couponsCount": page.total}

    async def delete(self, work: UnitOfWork, code: str, viewer: int) -> None:
        """Withdraw a coupon. Raises ApiError 404, also for another author's, whose codes are nobody's business."""
        connection = await work.writing()
        coupon = await self._found(work, code)
        self._authz.read("coupon", viewer, coupon.author_id)
        self._authz.change("coupon", viewer, coupon.author_id)
        await self._repository.remove(connection, coupon.id)

    async def _found(self, work: UnitOfWork, code: str) -> CouponRow:
        coupon = await self._repository.by_code(await work.reading(), code)
        if coupon is None:
            raise not_found("coupon")
        return coupon


def shown(row: CouponRow) -> dict[str, Any]:
    """A coupon as its author sees it."""
    return {
        "code": row.code,
        "slug": row.slug,
        "percentOff": row.percent_off,
        "uses": row.uses,
        "used": row.used,
        "createdAt": moment(row.created_at),
    }
