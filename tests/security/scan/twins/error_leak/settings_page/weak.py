from fastapi import APIRouter

from app.settings import settings

router = APIRouter()


@router.get("/debug/settings")
def shown():
    return settings.model_dump()
