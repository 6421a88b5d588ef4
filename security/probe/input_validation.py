"""Bodies of another type or value than the target declares (CWE-843, CWE-20)."""

from __future__ import annotations

import contextlib
from typing import Any

import httpx

from security.probe.identity import Identity
from security.probe.outcome import CouldNotRunError, Verdict, stopped, succeeded
from security.probe.scene import Scene, field_of, new_marker, require
from security.probe.target import Account

#: A value of another type in place of each of these fields, and what it is kept as where nobody looks at its type.
CONFUSED: dict[str, tuple[Any, Any]] = {"price": (True, 1), "description": (12345, "12345")}
BELOW_ZERO = -500
SHORT = "x"


def type_confused(scene: Scene) -> Verdict:
    """Write drafts in which a field has another type; read back what became of it."""
    author = scene.people.sign_in()
    require(_written(scene, author, {"price": 1}, "price") == 1, "A draft with a price of the right type is not kept.")
    kept = {field: _written(scene, author, {field: sent}, field) for field, (sent, _) in CONFUSED.items()}
    taken = [f"{field} {sent!r} as {kept[field]!r}" for field, (sent, read) in CONFUSED.items() if kept[field] == read]
    if taken:
        return succeeded(f"Values of another type are taken and kept: {', '.join(taken)}.")
    return stopped(f"Values of another type for {' and '.join(CONFUSED)} are refused.")


def rules_skipped(scene: Scene) -> Verdict:
    """Ask for what rules on values forbid: a price below zero, read back, and a password that is tried at a log-in."""
    author = scene.people.sign_in()
    taken = []
    if _written(scene, author, {"price": BELOW_ZERO}, "price") == BELOW_ZERO:
        taken.append(f"an article for {BELOW_ZERO}")
    if _short_password(scene):
        taken.append(f"a password of {len(SHORT)} character, which logs in")
    if taken:
        return succeeded(f"Values that rules forbid are taken: {', '.join(taken)}.")
    return stopped("A price below zero and a password of one character are refused.")


def _written(scene: Scene, author: Identity, fields: dict[str, Any], field: str) -> Any:
    """What is read back of a field of a draft that was written with these fields; None where that was refused."""
    marker = new_marker()
    words = {"title": f"Probe {marker}", "description": "Written by a probe.", "body": f"Body {marker}", "draft": True}
    answer = author.client.request("POST", scene.path("/articles"), json={"article": words | fields})
    if not _taken(answer, f"A draft with {fields}"):
        return None
    path = scene.path(f"/articles/{field_of(answer, 'article', 'slug')}")
    with contextlib.ExitStack() as stack:
        stack.callback(author.client.request, "DELETE", path)
        return field_of(author.client.get(path), "article", field)


def _short_password(scene: Scene) -> bool:
    """Whether an account with a password of one character is made, and opened by it."""
    name = new_marker()
    account = Account(name, f"{name}@example.test", SHORT)
    body = {"user": {"username": name, "email": account.email, "password": account.password}}
    answer = scene.people.visitor().request("POST", scene.path("/users"), json=body)
    if not _taken(answer, "A registration with a password of one character"):
        return False
    return bool(scene.people.sign_in(account).token)


def _taken(answer: httpx.Response, what: str) -> bool:
    """Whether a request was done, and not refused. Raises `CouldNotRunError` where neither is so."""
    if answer.is_success:
        return True
    if 400 <= answer.status_code < 500 and answer.status_code != 429:
        return False
    raise CouldNotRunError(f"{what} is answered {answer.status_code}, neither taken nor refused.")
