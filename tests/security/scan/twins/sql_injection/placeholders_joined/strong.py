from fastapi import APIRouter, Depends, Query

from app.database import get_connection

router = APIRouter()


@router.get("/items")
def items(ids: list[str] = Query(), connection=Depends(get_connection)):
    marks = ",".join("?" for _ in ids)
    return connection.execute("SELECT id, name FROM items WHERE id IN (" + marks + ")", ids).fetchall()
