from fastapi import APIRouter
from fastapi.responses import RedirectResponse

router = APIRouter()
PLACES = {"home": "/", "orders": "/orders"}


@router.get("/go")
def go(to: str):
    return RedirectResponse(to)
