from fastapi import APIRouter, Depends, Query
from sqlalchemy import select

from app.database import get_session
from app.models import Article

router = APIRouter()


@router.get("/articles")
async def articles(limit: int = 20, session=Depends(get_session)):
    return (await session.scalars(select(Article).limit(limit))).all()
