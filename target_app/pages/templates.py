"""Pages from templates: every value is escaped, and one that is missing is an error."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HTML = Path(__file__).with_name("html")
STYLE = (HTML / "style.css").read_bytes()
ENVIRONMENT = Environment(
    loader=FileSystemLoader(HTML), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def query(**parameters: object) -> str:
    """A query string of what is not empty."""
    named = {name: value for name, value in parameters.items() if value not in {None, ""}}
    return f"?{urlencode(named, errors='replace')}" if named else ""


ENVIRONMENT.globals["query"] = query


def page(template: str, status: int, /, **shown: Any) -> Response:
    """A page."""
    return Response(ENVIRONMENT.get_template(template).render(shown), status, media_type="text/html")
