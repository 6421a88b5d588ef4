from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import text

from app.database import get_session

router = APIRouter()
COLUMNS = {"name": "name", "price": "price"}


@router.get("/products")
async def products(sort: str = "name", session=Depends(get_session)):
    if sort not in COLUMNS:
        raise HTTPException(422, "unknown order")
    statement = f"SELECT id, name, price FROM products ORDER BY {sort}"
    return (await session.execute(text(statement))).mappings().all()
