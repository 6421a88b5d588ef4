"""Sessions in a cookie (OWASP API8): its flags, the headers that browsers need, requests that other sites forge."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

from security.regression.exchange import Exchange, Request
from security.stranger.check import NothingToAttackError, Tries
from security.stranger.discovery import creations
from security.stranger.finding import Flaw, flaw, good
from security.stranger.operation import words_of
from security.stranger.things import object_in
from security.stranger.world import CSRF, World

EVIL = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
HEADERS = ("x-content-type-options",)
FRAMES = ("x-frame-options", "content-security-policy")


def _session(world: World) -> tuple[str, str, Exchange]:
    """Name and `Set-Cookie` line of the session cookie, and the answer that set it."""
    carried = {name for name in world.alice.credential.cookies if not CSRF.search(words_of(name))}
    for exchange in reversed(world.alice.setup):
        for name, value in exchange.answer.headers:
            key = value.split("=")[0].strip()
            if name.lower() == "set-cookie" and key in carried:
                return key, value, exchange
    raise NothingToAttackError("The credential is no cookie.")


def cookie_flags(world: World, tries: Tries) -> Iterator[Flaw]:
    """Scripts may read the session cookie."""
    name, line, exchange = _session(world)
    tries.expect(1)
    tries.count()
    if not re.search(r";\s*httponly", line, re.IGNORECASE):
        conditions = [{"of": 0, "header": ["set-cookie", rf"{re.escape(name)}=(?!.*(?i:httponly))"]}]
        yield flaw(
            exchange, f"The session cookie {name} lacks HttpOnly: scripts may read it.", [exchange], conditions, name
        )


def browser_headers(world: World, tries: Tries) -> Iterator[Flaw]:
    """Neither guessing of content types nor framing is forbidden, though browsers carry the session."""
    _session(world)
    tries.expect(1)
    seen = next((one for one in world.seen_by(world.alice) if one.request.method == "GET"), None)
    if seen is None:
        return
    tries.count()
    if not any(seen.answer.header(name) for name in (*HEADERS, *FRAMES)):
        conditions = [{"of": 0, "header": [name, "^$"]} for name in (*HEADERS, *FRAMES)]
        sentence = f"Answers carry none of {', '.join((*HEADERS, *FRAMES))}, though the session is a cookie."
        yield replace(flaw(seen, sentence, [seen], conditions), method="GET", path="/")


def forged_request(world: World, tries: Tries) -> Iterator[Flaw]:
    """A request as another site would send it, with the cookie alone, has its effect."""
    name, line, _ = _session(world)
    lax = re.search(r";\s*samesite\s*=\s*(lax|strict)", line, re.IGNORECASE) is not None
    promised = bool(world.alice.credential.csrf)
    makers = [one for one in creations(world) if not one.places and one.body is not None]
    if not makers:
        raise NothingToAttackError("No object can be made that would show the effect.")
    if lax and not promised:
        tries.expect(1)
        tries.count()  # browsers leave the cookie out of such a request
        return
    for maker in makers[:2]:
        mark = world.mark()
        body = world.body(maker, world.alice, mark, whole=True)
        request = world.request(maker, world.alice, {}, body)
        # What a foreign page can send without asking; and JSON where a token is promised against exactly this.
        forms = [_as_text(request), _as_form(request)] + ([request] if promised else [])
        tries.expect(1)
        for sent in forms:
            forged = replace(sent, headers={**sent.headers, **EVIL})
            answer = world.send(world.alice, forged, csrf=False)
            found = object_in(answer.answer.json(), mark)
            if answer.ok and found:
                conditions = [good(0), {"of": 0, "at_not": [found[0], None]}]
                sentence = f"A request of a foreign site, with the cookie {name} alone, makes an object."
                yield flaw(answer, sentence, [answer], conditions)
                tries.count()
                return
        tries.count()


def _as_text(request: Request) -> Request:
    return replace(
        request,
        json=None,
        form=None,
        text=json.dumps(request.json or request.form),
        headers={**request.headers, "content-type": "text/plain"},
    )


def _as_form(request: Request) -> Request:
    pairs = request.form or request.json or {}
    text = urlencode({key: value for key, value in pairs.items() if not isinstance(value, dict | list)})
    return replace(
        request,
        json=None,
        form=None,
        text=text,
        headers={**request.headers, "content-type": "application/x-www-form-urlencoded"},
    )
