from fastapi import APIRouter

from app.settings import settings

router = APIRouter()


@router.get("/version")
def shown():
    return {"version": settings.version}
