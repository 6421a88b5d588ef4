"""The clinic, mended: the same functions as in `flawed`, in the same order."""

import hashlib
import hmac
import secrets
import sqlite3
from pathlib import Path
from typing import Any, Final

import jwt
from flask import Flask, Response, current_app

from tests.security.strangers.clinic.rules import Refusal
from tests.security.strangers.clinic.store import Row, row, rows, write, write_all
from tests.security.strangers.fetching import FetchRefusedError, fetch_from
from tests.security.strangers.fields import read, text
from tests.security.strangers.throttle import Throttle

SIGNING_KEY = secrets.token_urlsafe(32)
LEAFLETS: Final = {path.name: path for path in (Path(__file__).parent / "leaflets").iterdir()}
MOST_ROWS: Final = 50
#: The one site whose scripts may read answers.
SITE: Final = "https://app.clinic.test"
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
}
_registrations = Throttle(20)
_by_account = Throttle(6)
_by_address = Throttle(30)


def read_token(token: str) -> Row:
    """One algorithm, all claims, and a session that has not ended."""
    try:
        claims = dict(
            jwt.decode(
                token, SIGNING_KEY, algorithms=["HS256"], audience="clinic",
                options={"require": ["sub", "jti", "exp", "aud"]},
            )
        )  # fmt: skip
    except jwt.InvalidTokenError as error:
        raise Refusal(401, "the token is not valid") from error
    if row("SELECT 1 FROM sessions WHERE jti = ?", claims["jti"]) is None:
        raise Refusal(401, "the token is not valid")
    return claims


def end_session(claims: Row) -> None:
    """The token is worth nothing from now on."""
    write("DELETE FROM sessions WHERE jti = ?", claims["jti"])


def before_registration(address: str) -> None:
    """Twenty a minute from one address."""
    if _registrations.spent(address):
        raise Refusal(429, "too many accounts", **{"Retry-After": "60"})
    _registrations.note(address)


def before_login(username: str, address: str) -> None:
    """Six failures a minute for one account from one address, thirty for one address."""
    if _by_account.spent((username, address)) or _by_address.spent(address):
        raise Refusal(429, "too many attempts", **{"Retry-After": "60"})


def failed_login(username: str, address: str, *, known: bool) -> Refusal:
    """Says the same of both."""
    _by_account.note((username, address))
    _by_address.note(address)
    return Refusal(401, "name or password is wrong")


def profile_changes(body: Any) -> Row:
    """Two columns are the owner's to change; whatever else a body names is left alone."""
    return read(body, {}, {"email": text(3, 120, r"[^@\s\x00]+@[^@\s\x00]+"), "phone": text(0, 30)})


def pet_to_read(owner_id: int, pet_id: int) -> Row:
    """Finds it among the owner's."""
    return _pet(owner_id, pet_id)


def pet_to_delete(owner_id: int, pet_id: int) -> Row:
    """Finds it among the owner's."""
    return _pet(owner_id, pet_id)


def _pet(owner_id: int, pet_id: int) -> Row:
    found = row("SELECT * FROM pets WHERE id = ? AND owner_id = ?", pet_id, owner_id)
    if found is None:
        raise Refusal(404, "no such pet")
    return found


def visit_to_change(owner_id: int, visit_id: int) -> Row:
    """Finds it among those of the owner's pets."""
    found = row(
        "SELECT visits.* FROM visits JOIN pets ON pets.id = visits.pet_id WHERE visits.id = ? AND pets.owner_id = ?",
        visit_id,
        owner_id,
    )
    if found is None:
        raise Refusal(404, "no such visit")
    return found


def shown_review(review: Row) -> Row:
    """The author is a name, no more."""
    return {name: review[name] for name in ("id", "stars", "text", "username")}


def vets(specialty: str, limit: str) -> list[Row]:
    """Binds what comes from the query string."""
    return rows(
        "SELECT id, name, specialty, city FROM vets WHERE ? IN ('', specialty) ORDER BY id LIMIT ?",
        specialty,
        page_size(limit),
    )


def page_size(limit: str) -> int:
    """One to fifty; more is answered with fifty."""
    if not (limit or "20").isdecimal() or len(limit) > 9:
        raise Refusal(422, "limit must be a whole number")
    return max(1, min(MOST_ROWS, int(limit or "20")))


def require_staff(owner: Row) -> None:
    """By the role in the owner's row."""
    if owner["role"] != "staff":
        raise Refusal(403, "for staff alone")


def redeem(owner_id: int, code: str, amount: int) -> None:
    """Once an owner, also when two requests come at the same moment: the table allows one row."""
    try:
        write_all(
            ("INSERT INTO redemptions (owner_id, code) VALUES (?, ?)", (owner_id, code)),
            ("UPDATE owners SET credit = credit + ? WHERE id = ?", (amount, owner_id)),
        )
    except sqlite3.IntegrityError as error:
        raise Refusal(409, "this voucher was used") from error


def check_notice(body: bytes, signature: str, secret: str) -> None:
    """HMAC-SHA-256 of the body with the shared key."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise Refusal(401, "the signature is wrong")


def leaflet(name: str) -> str:
    """One of those that are there."""
    if name not in LEAFLETS:
        raise Refusal(404, "no such leaflet")
    return LEAFLETS[name].read_text(encoding="utf-8")


def fetch(url: str, partner: str) -> bytes:
    """The partner's addresses, no redirects."""
    try:
        return fetch_from(partner, url)
    except FetchRefusedError as error:
        raise Refusal(422, str(error)) from error


def failure(error: Exception) -> str:
    """The trace goes to the log."""
    current_app.logger.error("unexpected", exc_info=error)
    return "something went wrong here"


def finish(response: Response, origin: str) -> None:
    """One site may read, without credentials; nothing is guessed, framed or kept."""
    response.headers.update(HEADERS)
    if origin == SITE:
        response.headers["Access-Control-Allow-Origin"] = SITE
        response.headers["Vary"] = "Origin"


def extra_routes(app: Flask) -> None:
    """Adds nothing."""
