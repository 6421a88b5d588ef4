"""Bodies and answers about coupons."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from target_app.web.reading import FilledShort

CODE = re.compile(r"[A-Za-z0-9_-]{3,64}")


def written_as_code(value: str) -> str:
    """A code stands in addresses: letters, digits, `-` and `_`."""
    if not CODE.fullmatch(value):
        raise ValueError
    return value


Code = Annotated[str, AfterValidator(written_as_code), Field(json_schema_extra={"pattern": "^[A-Za-z0-9_-]{3,64}$"})]


class NewCoupon(BaseModel):
    """A discount on one of one's own articles, for so many orders."""

    code: Code
    slug: FilledShort
    percentOff: Annotated[int, Field(ge=1, le=100, strict=True)]  # noqa: N815  # the style of the contract's names
    uses: Annotated[int, Field(ge=1, le=1000, strict=True)]


class NewCouponBody(BaseModel):
    """The body of a creation."""

    coupon: NewCoupon


class CouponShown(BaseModel):
    """A coupon, as its author sees it; `used` of `uses` are gone."""

    code: str
    slug: str
    percentOff: int  # noqa: N815  # the style of the contract's names
    uses: int
    used: int
    createdAt: str  # noqa: N815  # the style of the contract's names


class CouponAnswer(BaseModel):
    """An answer with one coupon."""

    coupon: CouponShown


class CouponsAnswer(BaseModel):
    """An answer with one page of coupons; `couponsCount` is the count of the whole list."""

    coupons: list[CouponShown]
    couponsCount: int  # noqa: N815  # the style of the contract's names
