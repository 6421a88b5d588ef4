from sqlalchemy import select

from cinema.models import Showing


async def book(session, showing_id, seats):
    showing = (await session.execute(select(Showing).where(Showing.id == showing_id))).scalar_one()
    if showing.free < seats:
        raise ValueError("sold out")
    showing.free -= seats
    await session.commit()
