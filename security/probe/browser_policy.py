"""What pages of another site can do through a reader's browser (OWASP API8, CWE-693, CWE-942, CWE-1385).

The probe sends what a browser would send for such a page, and reads what a browser would obey.
"""

from __future__ import annotations

import base64
import secrets

import httpx

from security.probe.outcome import Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Scene, field_of, require

#: Names that no honest policy allows: `.example` is nobody's.
ORIGINS = ("https://evil.example", "http://evil.example:8080", "null")
PAGE = "/moderation/sign-in"
ABSENT = frozenset({404, 405})
SWITCHING = 101


def foreign_origin_reads(scene: Scene) -> Verdict:
    """Ask for one's own account as a page of another origin would; see whether its browser hands the answer over."""
    reader = scene.people.sign_in()
    own = scene.path("/user")
    for origin in ORIGINS:
        answer = reader.client.get(own, headers={"origin": origin, "cookie": "session=none"})
        require(answer.status_code == 200, f"The own account is answered {answer.status_code}.")
        if _readable(answer, origin):
            return succeeded(f"A page of {origin} may read, with its reader's cookies, what is for that reader alone.")
    return stopped(f"None of {len(ORIGINS)} foreign origins is told that it may read with its reader's cookies.")


def _readable(answer: httpx.Response, origin: str) -> bool:
    allowed = answer.headers.get("access-control-allow-origin", "")
    return bool(allowed == origin) and answer.headers.get("access-control-allow-credentials") == "true"


def foreign_socket(scene: Scene) -> Verdict:
    """Open a WebSocket as a page of another origin would; without any Origin, and with the own one, it must open."""
    statuses = {}
    for origin in (None, *ORIGINS):
        statuses[origin] = status = _upgrade(scene, origin)
        if origin is None:
            if status in ABSENT:
                return not_applicable("The target has no stream to open.")
            require(status == SWITCHING, f"A client that is no browser is answered {status}.")
        elif status == SWITCHING:
            return succeeded(f"A page of {origin} may open a WebSocket through its reader's browser.")
    refused = sorted({status for origin, status in statuses.items() if origin is not None})
    require(max(refused) < 500, f"Foreign origins are answered {refused}.")
    return stopped(f"A WebSocket opens for what is no browser; from {len(ORIGINS)} foreign origins: {refused}.")


def _upgrade(scene: Scene, origin: str | None) -> int:
    """The status of a handshake (RFC 6455) with a ticket of its own; the connection is closed at once."""
    reader = scene.people.sign_in()
    ticket = field_of(reader.client.request("POST", scene.path("/tickets")), "ticket", "value")
    headers = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": base64.b64encode(secrets.token_bytes(16)).decode(),
    }
    if origin is not None:
        headers["origin"] = origin
    with scene.people.visitor() as client:
        params = {"ticket": ticket} if isinstance(ticket, str) else None
        return client.request("GET", scene.path("/stream"), params=params, headers=headers, fresh=False).status_code


def page_framed(scene: Scene) -> Verdict:
    """Ask for a page with a form; see whether a browser would show it within a page of another site."""
    visitor = scene.people.visitor()
    answer = visitor.get(PAGE)
    if answer.status_code in ABSENT:
        works = scene.articles(visitor, limit=1).status_code
        require(works == 200, f"The list of articles is answered {works}.")
        return not_applicable("The target has no pages.")
    require(answer.status_code == 200, f"The page is answered {answer.status_code}.")
    require("<form" in answer.text, "The page holds no form.")
    if not _framing_refused(answer):
        return succeeded(f"{PAGE}, with its form, may be shown within a page of any site: no header forbids it.")
    return stopped(f"Browsers are told not to show {PAGE} within other pages.")


def _framing_refused(answer: httpx.Response) -> bool:
    policy = answer.headers.get("content-security-policy", "")
    ancestors = [part.split() for part in policy.split(";") if part.split()[:1] == ["frame-ancestors"]]
    if ancestors:
        return set(ancestors[0][1:]) <= {"'none'", "'self'"}
    return answer.headers.get("x-frame-options", "").upper() in {"DENY", "SAMEORIGIN"}
