from fastapi import APIRouter, Depends
from sqlalchemy import select

from app.database import get_session, users

router = APIRouter()


@router.get("/members")
async def members(session=Depends(get_session)):
    rows = await session.execute(select(users).limit(50))
    return [dict(row._mapping) for row in rows]
