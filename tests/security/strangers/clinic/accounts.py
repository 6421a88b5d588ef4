"""Owners: registration, log-in, profile, vouchers; and the list that staff see."""

import secrets
import sqlite3
import time
from typing import Final

import jwt
from flask import Blueprint
from flask.typing import ResponseReturnValue
from werkzeug.security import check_password_hash, generate_password_hash

from tests.security.strangers.clinic.rules import Refusal
from tests.security.strangers.clinic.store import Row, row, rows, write
from tests.security.strangers.clinic.web import body, claims, client_address, json_body, rules, signed_in
from tests.security.strangers.fields import new_password, text

routes = Blueprint("accounts", __name__)

# Light, so that tests are quick: nothing outside can see it.
PASSWORD_METHOD: Final = "scrypt:1024:8:1"
NOBODY: Final = generate_password_hash(secrets.token_urlsafe(), PASSWORD_METHOD)
TOKEN_LIFE_S: Final = 3600
VOUCHERS: Final = {"WELCOME25": 2500, "SPRING10": 1000}

NAME: Final = text(3, 32, r"[a-zA-Z0-9_]+")
EMAIL: Final = text(3, 120, r"[^@\s\x00]+@[^@\s\x00]+")


@routes.post("/auth/register")
def register() -> ResponseReturnValue:
    """Names are public, so that a taken one may be told."""
    rules().before_registration(client_address())
    fields = body({"username": NAME, "password": new_password, "email": EMAIL}, {"phone": text(0, 30)})
    hashed = generate_password_hash(fields["password"], PASSWORD_METHOD)
    try:
        owner_id = write(
            "INSERT INTO owners (username, password, email, phone) VALUES (?, ?, ?, ?)",
            fields["username"], hashed, fields["email"], fields.get("phone", ""),
        )  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise Refusal(409, "this name is taken") from error
    return {"id": owner_id, "username": fields["username"]}, 201


@routes.post("/auth/login")
def log_in() -> ResponseReturnValue:
    """A token for a name and a password."""
    fields = body({"username": text(1, 200), "password": text(1, 200)})
    username, address = fields["username"], client_address()
    rules().before_login(username, address)
    owner = row("SELECT * FROM owners WHERE username = ?", username)
    right = check_password_hash(owner["password"] if owner else NOBODY, fields["password"])
    if owner is None or not right:
        raise rules().failed_login(username, address, known=owner is not None)
    return {"access_token": _new_token(owner["id"]), "token_type": "Bearer", "expires_in": TOKEN_LIFE_S}


def _new_token(owner_id: int) -> str:
    jti, now = secrets.token_urlsafe(12), int(time.time())
    write("INSERT INTO sessions (jti, owner_id) VALUES (?, ?)", jti, owner_id)
    content = {"sub": str(owner_id), "jti": jti, "iat": now, "exp": now + TOKEN_LIFE_S, "aud": "clinic"}
    return jwt.encode(content, rules().SIGNING_KEY, "HS256")


@routes.post("/auth/logout")
def log_out() -> ResponseReturnValue:
    """Ends the session of the token."""
    rules().end_session(claims())
    return "", 204


def shown(owner: Row) -> Row:
    """What owners see of themselves."""
    return {name: owner[name] for name in ("id", "username", "email", "phone", "role", "credit")}


@routes.get("/me")
def read_me() -> ResponseReturnValue:
    """The owner of the token."""
    return shown(signed_in())


@routes.patch("/me")
def change_me() -> ResponseReturnValue:
    """Changes e-mail or phone."""
    owner = signed_in()
    changes = rules().profile_changes(json_body())
    for name, value in changes.items():
        write(f"UPDATE owners SET {name} = ? WHERE id = ?", value, owner["id"])
    return shown(signed_in())


@routes.post("/me/vouchers")
def redeem() -> ResponseReturnValue:
    """Credit for a voucher's code."""
    owner = signed_in()
    code = body({"code": text(1, 40)})["code"]
    if code not in VOUCHERS:
        raise Refusal(404, "no such voucher")
    rules().redeem(owner["id"], code, VOUCHERS[code])
    return {"credit": signed_in()["credit"]}


@routes.get("/staff/owners")
def list_owners() -> ResponseReturnValue:
    """Everybody, for the front desk."""
    rules().require_staff(signed_in())
    return {"items": [shown(owner) for owner in rows("SELECT * FROM owners ORDER BY id LIMIT 200")]}
