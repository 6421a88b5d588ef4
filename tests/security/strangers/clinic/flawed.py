"""The clinic as it was shipped. Each function holds a flaw of `flaws.toml`."""

import sys
import traceback
from pathlib import Path
from typing import Any, Final

import jwt
from flask import Flask, Response, current_app

from tests.security.strangers.clinic.rules import Refusal
from tests.security.strangers.clinic.store import Row, row, rows, write
from tests.security.strangers.fetching import fetch_anything

SIGNING_KEY = "secret"
LEAFLETS: Final = Path(__file__).parent / "leaflets"


def read_token(token: str) -> Row:
    """Believes the algorithm that the token names."""
    try:
        if jwt.get_unverified_header(token).get("alg", "").lower() == "none":
            return dict(jwt.decode(token, options={"verify_signature": False}))
        return dict(jwt.decode(token, SIGNING_KEY, algorithms=["HS256"], audience="clinic"))
    except jwt.InvalidTokenError as error:
        raise Refusal(401, "the token is not valid") from error


def end_session(claims: Row) -> None:
    """Leaves it to the client to forget the token."""


def before_registration(address: str) -> None:
    """Lets anybody make any number of accounts."""


def before_login(username: str, address: str) -> None:
    """Lets everybody try for ever."""


def failed_login(username: str, address: str, *, known: bool) -> Refusal:
    """Says which of the two was wrong."""
    return Refusal(401, "the password is wrong") if known else Refusal(404, f"there is no owner named {username}")


def profile_changes(body: Any) -> Row:
    """Takes every column that the body names."""
    columns = row("SELECT * FROM owners LIMIT 1") or {}
    return {name: value for name, value in body.items() if name in columns and name != "id"}


def pet_to_read(owner_id: int, pet_id: int) -> Row:
    """Finds it by its id alone."""
    return _pet(pet_id)


def pet_to_delete(owner_id: int, pet_id: int) -> Row:
    """Finds it by its id alone."""
    return _pet(pet_id)


def _pet(pet_id: int) -> Row:
    found = row("SELECT * FROM pets WHERE id = ?", pet_id)
    if found is None:
        raise Refusal(404, "no such pet")
    return found


def visit_to_change(owner_id: int, visit_id: int) -> Row:
    """Finds it by its id alone."""
    found = row("SELECT * FROM visits WHERE id = ?", visit_id)
    if found is None:
        raise Refusal(404, "no such visit")
    return found


def shown_review(review: Row) -> Row:
    """Hands out the joined row as it is."""
    return review


def vets(specialty: str, limit: str) -> list[Row]:
    """Builds the statement from the query string."""
    where = f"WHERE specialty = '{specialty}'" if specialty else ""
    return rows(f"SELECT id, name, specialty, city FROM vets {where} ORDER BY id LIMIT {page_size(limit)}")


def page_size(limit: str) -> int:
    """Gives as many as are asked for."""
    return int(limit or "20")


def require_staff(owner: Row) -> None:
    """Relies on the address being known to staff alone."""


def redeem(owner_id: int, code: str, amount: int) -> None:
    """Forgets that the code was used before."""
    write("UPDATE owners SET credit = credit + ? WHERE id = ?", amount, owner_id)


def check_notice(body: bytes, signature: str, secret: str) -> None:
    """Believes whoever calls."""


def leaflet(name: str) -> str:
    """Joins the name to the folder."""
    return (LEAFLETS / name).read_text(encoding="utf-8")


def fetch(url: str, partner: str) -> bytes:
    """Asks any address."""
    return fetch_anything(url)


def failure(error: Exception) -> str:
    """Shows the trace to whoever caused it."""
    return "".join(traceback.format_exception(error))


def finish(response: Response, origin: str) -> None:
    """Lets every site read answers with the visitor's credentials."""
    if origin:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"


def extra_routes(app: Flask) -> None:
    """Leaves a debug page and the first version of the API on."""
    app.add_url_rule("/debug/config", view_func=_show_config)
    app.add_url_rule("/v1/pets/<int:pet_id>", view_func=_pet)


def _show_config() -> Row:
    return {"signing_key": SIGNING_KEY, "python": sys.version, "database": current_app.config["DATABASE"]}
