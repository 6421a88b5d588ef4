from app.models import Coupon


async def redeem(session, code):
    coupon = await session.get(Coupon, code)
    if coupon.used:
        raise ValueError("used")
    coupon.used = True
    await session.commit()
