import html

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter()


@router.get("/greet", response_class=HTMLResponse)
def greet(name: str):
    return HTMLResponse(f"<p>Hello {name}</p>")
