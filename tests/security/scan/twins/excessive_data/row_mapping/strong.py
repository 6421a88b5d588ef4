from fastapi import APIRouter, Depends
from sqlalchemy import select

from app.database import get_session, users

router = APIRouter()


@router.get("/members")
async def members(session=Depends(get_session)):
    rows = await session.execute(select(users.c.id, users.c.name).limit(50))
    return [{"id": row.id, "name": row.name} for row in rows]
