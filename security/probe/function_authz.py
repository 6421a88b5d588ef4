"""Broken function level authorisation (OWASP API5): a reader calls what is meant for moderators and admins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx

from security.probe.client import Client
from security.probe.json_token import named_by, number_of
from security.probe.outcome import CouldNotRunError, Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Scene, field_of, require

# What staff alone reads, and a key that its answer has.
READS = {
    "/admin/audit": "entries",
    "/admin/audit/verification": "verification",
    "/moderation/users": "users",
    "/moderation/reports": "reports",
}
HIDDEN = frozenset({404, 405})
REFUSALS = frozenset({401, 403})


class Attempt(NamedTuple):
    """One way to ask for a function: a check may look at another method or path than the router does."""

    method: str
    path: str
    headers: Mapping[str, str] = {}

    def __str__(self) -> str:
        said = ", ".join(f"{name}: {value}" for name, value in self.headers.items())
        return f"{self.method} {self.path}" + (f" ({said})" if said else "")


def staff_read(scene: Scene) -> Verdict:
    """A reader asks for what staff reads, plainly and by other methods and spellings."""
    reader, visitor = scene.people.sign_in(scene.people.bystander()), scene.people.visitor()
    require(named_by(scene, reader.token) == reader.username, "The reader's own token is not accepted.")
    statuses: dict[str, int] = {}
    tried = 0
    for tail, key in READS.items():
        for attempt in _ways("GET", scene.path(tail)):
            tried += 1
            answer = _send(reader.client, attempt)
            if answer.status_code == 200 and field_of(answer, key) is not None:
                anonymous = _send(visitor, attempt).status_code
                return succeeded(f"A reader is shown {key} of staff: {attempt} answers 200; to nobody {anonymous}.")
            statuses.setdefault(tail, answer.status_code)
    return _refused(statuses, f"A reader asked for what staff reads in {tried} ways")


def staff_act(scene: Scene) -> Verdict:
    """A reader suspends another account; whether that account still works is looked at."""
    reader, victim = scene.people.sign_in(scene.people.bystander()), scene.register()
    path = scene.path(f"/moderation/users/{number_of(victim)}/suspension")
    statuses: dict[str, int] = {}
    require(named_by(scene, victim.token) == victim.username, "The other account does not work before the attempt.")
    for attempt in _ways("PUT", path):
        answer = _send(reader.client, attempt, {"suspension": {"reason": "A probe's"}})
        statuses.setdefault(attempt.method, answer.status_code)
        if named_by(scene, victim.token) is None:
            reader.client.request("DELETE", path)
            return succeeded(f"A reader suspends another account: {attempt} answers {answer.status_code}, and the "
                             "account is then refused.")  # fmt: skip
    return _refused(statuses, "A reader tried to suspend another account, which works on")


def self_promotion(scene: Scene) -> Verdict:
    """A reader takes a role; the stored row is looked at."""
    reader = scene.register()
    path = scene.path(f"/admin/users/{number_of(reader)}/role")
    statuses: dict[str, int] = {}
    for attempt in _ways("PUT", path):
        statuses.setdefault(attempt.method, _send(reader.client, attempt, {"user": {"role": "admin"}}).status_code)
    role = scene.lab.read_row(reader.username).get("role")
    if role == "admin":
        return succeeded(f"A reader takes the role of an admin: PUT {path} answers {statuses['PUT']}, the row has it.")
    require(role is not None, "The stored row names no role.")
    return _refused(statuses, f"A reader tried to take the role of an admin, and is still a {role}")


def _ways(method: str, path: str) -> Iterator[Attempt]:
    """The plain way, then the same function by other methods and spellings of the path."""
    yield Attempt(method, path)
    for header in ("X-HTTP-Method-Override", "X-Method-Override"):
        yield Attempt("POST", path, {header: method})
    for other in ("HEAD", "PATCH"):
        yield Attempt(other, path)
    for spelling in (f"{path}/", path.upper(), path.replace("/", "//")[1:], f"{path}%20", f"{path}.json"):
        yield Attempt(method, spelling)
    for header in ("X-Original-URL", "X-Rewrite-URL"):
        yield Attempt(method, "/", {header: path})


def _send(client: Client, attempt: Attempt, body: Any = None) -> httpx.Response:
    return client.request(attempt.method, attempt.path, json=body, headers=attempt.headers, fresh=False)


def _refused(statuses: Mapping[str, int], what: str) -> Verdict:
    """The verdict where nothing came of it: a function that is not there says nothing of who may use it."""
    seen = ", ".join(f"{name} {status}" for name, status in statuses.items())
    if set(statuses.values()) <= HIDDEN:
        return not_applicable(f"The target has none of these functions: {seen}.")
    if not set(statuses.values()) <= HIDDEN | REFUSALS:
        raise CouldNotRunError(f"{what}: answered {seen}, neither done nor refused.")
    return stopped(f"{what}: {seen}.")
