from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment

router = APIRouter()
environment = Environment(autoescape=True)


LETTER = environment.from_string("<p>{{ greeting }}</p>")


@router.post("/letters")
def letter(greeting: str):
    return HTMLResponse(LETTER.render(greeting=greeting))
