from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment

router = APIRouter()
environment = Environment(autoescape=True)


@router.post("/letters")
def letter(greeting: str):
    return HTMLResponse(environment.from_string(greeting).render())
