"""What errors and forgotten routes tell (OWASP API8, API9)."""

from __future__ import annotations

import re
import secrets

import httpx

from security.probe.client import Client
from security.probe.outcome import Verdict, stopped, succeeded
from security.probe.scene import Scene, require

FAULT = "missing_table"

# Internals, by name: what no stranger should read in an answer.
INTERNALS = {
    "a traceback": re.compile(r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+"),
    "a path of the server": re.compile(r"(?:/[\w.+-]+){2,}\.py\b|site-packages"),
    "an SQL statement": re.compile(r"(?i)\bSELECT\b.{1,2000}?\bFROM\b|\[SQL:", re.DOTALL),
    "a database error": re.compile(r"(?i)no such table|relation \S+ does not exist|UndefinedTable"),
    "an exception's class": re.compile(
        r"\b(?:sqlalchemy|sqlite3|asyncpg|psycopg\w*)\.[\w.]+|\b[A-Z]\w+(?:Error|Exception)\b"
    ),
}
ACCEPTS = ("application/json", "text/html", "text/plain")

# Grouped by folder, because each is compared with a path beside it that surely does not exist.
AT_ROOT = (
    *("/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect", "/swagger", "/swagger.json"),
    *("/debug", "/debug/routes", "/debug/config", "/console", "/.env"),
)
UNDER_API = ("/docs", "/redoc", "/openapi.json", "/debug", "/v0/users", "/v0/articles", "/v1/users", "/v1/articles")
#: Gone, or refused, also by a WAF that stands in front: nothing is shown.
CLOSED = frozenset({401, 403, 404, 410})


def error_leak(scene: Scene) -> Verdict:
    """Break the target's own database, provoke its 500, read it for internals, and mend the database again."""
    client = scene.people.visitor(patience=0)
    with scene.lab.fault(FAULT) as (method, path):
        answers = [client.request(method, path, headers={"accept": accept}) for accept in ACCEPTS]
    mended = client.request(method, path).status_code
    require(mended == 200, f"After the repair {method} {path} still answers {mended}.")
    failed = [answer for answer in answers if answer.status_code >= 500]
    require(failed, f"The fault did not show: {method} {path} answered {sorted({a.status_code for a in answers})}.")
    told = {what for answer in failed for what, pattern in INTERNALS.items() if pattern.search(_whole(answer))}
    status = failed[0].status_code
    if told:
        return succeeded(f"A provoked {status} of {method} {path} shows {', '.join(sorted(told))}.")
    return stopped(f"A provoked {status} of {method} {path} shows no internals ({len(failed)} answers read).")


def docs_exposed(scene: Scene) -> Verdict:
    """Ask for documentation, debug pages and old routes; compare with paths that surely do not exist."""
    client = scene.people.visitor()
    groups = (("", AT_ROOT), (scene.target.api, UNDER_API))
    found = [seen for prefix, tails in groups for seen in _answering(client, prefix, tails)]
    asked = sum(len(tails) for _, tails in groups)
    if found:
        return succeeded(f"Of {asked} paths that should not exist these answer: {', '.join(found)}.")
    return stopped(f"{asked} paths of documentation, debug pages and old routes answer as one that does not exist.")


def _answering(client: Client, prefix: str, tails: tuple[str, ...]) -> list[str]:
    """The paths that answer otherwise than a missing one, with their status."""
    missing = client.get(f"{prefix}/surely-missing-{secrets.token_hex(4)}")
    require(missing.status_code < 500, f"A path that does not exist answers {missing.status_code}.")
    found = []
    for tail in tails:
        answer = client.get(prefix + tail)
        require(answer.status_code < 500, f"GET {prefix}{tail} answers {answer.status_code}.")
        if _differs(answer, missing):
            found.append(f"{prefix}{tail} ({answer.status_code})")
    return found


def _differs(answer: httpx.Response, missing: httpx.Response) -> bool:
    if answer.status_code in CLOSED:
        return False
    # An application that answers every path alike (one page, or "log in first") shows nothing by it.
    return answer.status_code != missing.status_code or (answer.is_success and answer.content != missing.content)


def _whole(answer: httpx.Response) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    return f"{headers}\n{answer.text}"
