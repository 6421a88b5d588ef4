"""Plays the requests that proved a flaw, and says whether it is still there. Needs httpx and the standard library.

A script is `{"steps": [...], "flaw": [...]}`. A step is one request by `who`; texts in it may hold places in
guillemets:
`«3/user/token»` (a JSON pointer into the answer of step 3), `«3 header location»`, `«3 cookie csrftoken»`, `«nonce»`
(new in every play), `«env NAME»`, `«canary-port»` (of a listener on 127.0.0.1), `«repeat x 1000»`; ` | unsigned`,
` | tampered`, ` | resigned WORD` and ` | expired WORD` change a JSON Web Token; `«basic NAME PASSWORD»` joins the two
as RFC 7617 has it, ` | last` is the last part of a path. The flaw is there when every condition holds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import random
import re
import string
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

PLACE = re.compile(r"«([^«»]+)»")
CANARY_PATIENCE_S = 1.0
AMOUNTS = ("price", "amount", "quantity", "stock", "rate", "total", "rating", "score", "value")
IMPOSSIBLE = -31  # no answer of a careful backend holds such an amount


@dataclass(frozen=True)
class Answer:
    """What a request was answered; `seconds` is the time until it was read, `also` the answers to its repetitions."""

    status: int
    headers: Sequence[tuple[str, str]]
    text: str
    seconds: float = 0.0
    also: tuple[Answer, ...] = field(default=())

    def header(self, name: str) -> str:
        """The values of a header, joined by a comma; empty where it is missing."""
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())

    def cookie(self, name: str) -> str:
        """The value that a `Set-Cookie` line of this answer gives the cookie."""
        lines = (value.split(";")[0].partition("=") for key, value in self.headers if key.lower() == "set-cookie")
        return next((value for key, _, value in lines if key.strip() == name), "")

    def json(self) -> Any:
        """The body as JSON, or None where it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None

    def at(self, pointer: str) -> Any:
        """The value at this JSON pointer (RFC 6901), or None."""
        found = self.json()
        for key in pointer.split("/")[1:]:
            name = key.replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(name)] if isinstance(found, list) else found[name]
            except (LookupError, TypeError, ValueError):
                return None
        return found


def size_of(answer: Answer) -> tuple[int, int]:
    """Status, and how many values the JSON body holds (or words the text): what an echo of the request can't change."""
    body = answer.json()
    return answer.status, len(answer.text.split()) if body is None else _leaves(body)


def _leaves(value: Any) -> int:
    match value:
        case dict():
            return sum(map(_leaves, value.values()))
        case list():
            return sum(map(_leaves, value))
        case _:
            return 1


# Each condition is {"of": step, NAME: argument}; the table says when it holds.
CONDITIONS: dict[str, Callable[[Answer, Any, Sequence[Answer]], bool]] = {
    "status": lambda answer, bounds, _: bounds[0] <= answer.status <= bounds[1],
    "contains": lambda answer, text, _: text in answer.text,
    "lacks": lambda answer, text, _: text not in answer.text,
    "matches": lambda answer, pattern, _: re.search(pattern, answer.text) is not None,
    "header": lambda answer, pair, _: re.search(pair[1], answer.header(pair[0])) is not None,
    "at": lambda answer, pair, _: answer.at(pair[0]) == pair[1],
    "at_not": lambda answer, pair, _: answer.at(pair[0]) != pair[1],
    "longer_than": lambda answer, count, _: _items(answer) > count,
    "like": lambda answer, step, answers: size_of(answer) == size_of(answers[step]),
    "unlike": lambda answer, step, answers: size_of(answer) != size_of(answers[step]),
    "same_at": lambda answer, pair, answers: answer.at(pair[1]) == answers[pair[0]].at(pair[1]) is not None,
    "changed_at": lambda answer, pair, answers: answer.at(pair[1]) != answers[pair[0]].at(pair[1]),
    "further_at": lambda answer, triple, answers: _difference(answer, answers[triple[0]], triple[1]) >= triple[2],
    "slower_by": lambda answer, pair, answers: answer.seconds - answers[pair[0]].seconds >= pair[1],
    "slower_than": lambda answer, seconds, _: answer.seconds >= seconds,
    "successes": lambda answer, count, _: sum(one.status < 300 for one in (answer, *answer.also)) >= count,
    "never": lambda answer, statuses, _: not {one.status for one in (answer, *answer.also)} & set(statuses),
}


def _items(answer: Answer) -> int:
    body = answer.json()
    lists = [body, *body.values()] if isinstance(body, dict) else [body]
    return max((len(one) for one in lists if isinstance(one, list)), default=0)


def _difference(answer: Answer, other: Answer, pointer: str) -> float:
    here, there = answer.at(pointer), other.at(pointer)
    try:
        return abs(float(here) - float(there))
    except (TypeError, ValueError):
        return 0.0


def holds(condition: Mapping[str, Any], answers: Sequence[Answer], asked: Sequence[str] = ()) -> bool:
    """Whether one condition holds over these answers; `asked` are the paths that the canary was asked for."""
    if "canary" in condition:
        return any(path.startswith(condition["canary"]) for path in asked)
    answer = answers[condition["of"]]
    tests = [(CONDITIONS[name], argument) for name, argument in condition.items() if name != "of"]
    return all(test(answer, argument, answers) for test, argument in tests)


def play(script: Mapping[str, Any], connect: Callable[[str], httpx.Client]) -> bool:
    """Send the steps in order and say whether the flaw is there. `connect` opens a client for one of the actors."""
    return _Play(connect).run(script)


class _Play:
    def __init__(self, connect: Callable[[str], httpx.Client]) -> None:
        self._connect = connect
        self._clients: dict[str, httpx.Client] = {}
        self._answers: list[Answer] = []
        self._nonce = "".join(random.choices(string.ascii_lowercase, k=8))
        self._canary: Canary | None = None
        self._named: dict[str, Callable[..., Any]] = {
            "nonce": lambda _: self._nonce,
            "canary-port": self._canary_port,
            "env": lambda name: os.environ[name],
            "basic": self._basic,
            "repeat": lambda text, times: text * int(times),
        }

    def run(self, script: Mapping[str, Any]) -> bool:
        try:
            for step in script["steps"]:
                self._answers.append(self._take(step))
            return all(self._holds(condition) for condition in script["flaw"])
        finally:
            for client in self._clients.values():
                client.close()
            if self._canary:
                self._canary.close()

    def _holds(self, condition: Mapping[str, Any]) -> bool:
        rendered = self._rendered(condition)
        deadline = time.monotonic() + CANARY_PATIENCE_S
        while True:
            asked = self._canary.asked if self._canary else []
            if holds(rendered, self._answers, asked):
                return True
            if "canary" not in condition or time.monotonic() > deadline:
                return False
            time.sleep(0.05)

    def _take(self, step: Mapping[str, Any]) -> Answer:
        who = step["who"]
        if who not in self._clients:
            self._clients[who] = self._connect(who)
        client, times = self._clients[who], step.get("repeat", 1)
        headers = self._rendered(step.get("headers", {}))
        sent = {
            name: self._rendered(step[kind])
            for kind, name in (("json", "json"), ("form", "data"), ("text", "content"))
            if kind in step
        }
        path, query = self._rendered(step["path"]), self._rendered(step.get("query", {}))

        def send(_: int) -> Answer:
            begun = time.monotonic()
            answer = client.request(step["method"], path, params=query, headers=headers, **sent)
            lines = list(answer.headers.multi_items())
            return Answer(answer.status_code, lines, answer.text, time.monotonic() - begun)

        if step.get("parallel"):
            with ThreadPoolExecutor(times) as pool:
                first, *more = pool.map(send, range(times))
        else:
            first, *more = map(send, range(times))
        return Answer(first.status, first.headers, first.text, first.seconds, tuple(more))

    def _rendered(self, value: Any) -> Any:
        match value:
            case str():
                whole = PLACE.fullmatch(value)
                return self._found(whole[1]) if whole else PLACE.sub(lambda found: str(self._found(found[1])), value)
            case Mapping():
                return {key: self._rendered(item) for key, item in value.items()}
            case list():
                return [self._rendered(item) for item in value]
            case _:
                return value

    def _found(self, place: str) -> Any:
        source, *filters = place.split(" | ")
        found = self._source(source)
        for name, _, argument in (one.partition(" ") for one in filters):
            found = FILTERS[name](str(found), argument)
        return found

    def _source(self, source: str) -> Any:
        name, _, rest = source.partition(" ")
        if name in self._named:
            return self._named[name](*rest.split(" "))
        if rest:
            kind, _, wanted = rest.partition(" ")
            answer = self._answers[int(name)]
            return answer.header(wanted) if kind == "header" else answer.cookie(wanted)
        step, _, pointer = source.partition("/")
        return self._answers[int(step)].at(f"/{pointer}" if pointer else "")

    def _canary_port(self, _: str) -> int:
        self._canary = self._canary or Canary()
        return self._canary.port

    def _basic(self, name: str, password: str) -> str:
        pair = f"{name}:{password}".replace("NONCE", self._nonce)
        return base64.b64encode(pair.encode()).decode()


class Canary:
    """A listener on loopback that writes down which paths it was asked for; `/hop…` redirects to `/landed…`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_any(self) -> None:
                asked.append(self.path)
                hop = self.path.startswith("/hop")
                body = json.dumps({"title": "canary", **dict.fromkeys(AMOUNTS, IMPOSSIBLE)}).encode()
                self.send_response(302 if hop else 200)
                if hop:
                    self.send_header("location", self.path.replace("/hop", "/landed", 1))
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """The paths are written down above."""

        for method in ("GET", "POST", "HEAD", "PUT"):
            setattr(Handler, f"do_{method}", Handler.do_any)  # the names that http.server looks for
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def unsigned(token: str, _: str = "") -> str:
    """The claims of a JSON Web Token under `alg: none`, without a signature."""
    header, claims, _signature = token.split(".")
    return f"{encoded({**decoded(header), 'alg': 'none'})}.{claims}."


def tampered(token: str, _: str = "") -> str:
    """A JSON Web Token with one claim more and the old signature."""
    header, claims, signature = token.split(".")
    return f"{header}.{encoded({**decoded(claims), 'probe': 1})}.{signature}"


def resigned(token: str, word: str, claims: Mapping[str, Any] | None = None) -> str:
    """The claims (the token's own unless given) signed anew with HMAC under this word."""
    header, own, _ = token.split(".")
    digest = HMACS[decoded(header)["alg"]]
    message = f"{header}.{encoded({**decoded(own), **(claims or {}), 'probe': 1})}"
    signature = hmac.new(word.encode(), message.encode(), digest).digest()
    return f"{message}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def expired(token: str, word: str) -> str:
    """The token as it would be had it ended a day ago, signed under this word."""
    return resigned(token, word, {"iat": int(time.time()) - 2 * 86_400, "exp": int(time.time()) - 86_400})


HMACS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
FILTERS: dict[str, Callable[[str, str], str]] = {
    "unsigned": unsigned,
    "tampered": tampered,
    "resigned": resigned,
    "expired": expired,
    "last": lambda text, _: text.rstrip("/").rsplit("/", 1)[-1],
}


def decoded(piece: str) -> dict[str, Any]:
    """A part of a JSON Web Token as an object; raises `ValueError` where it is none."""
    found = json.loads(base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - callers ask whether a text is a token, not of which type
    return found


def encoded(claims: Mapping[str, Any]) -> str:
    """An object as a part of a JSON Web Token."""
    return base64.urlsafe_b64encode(json.dumps(claims, separators=(",", ":")).encode()).rstrip(b"=").decode()
