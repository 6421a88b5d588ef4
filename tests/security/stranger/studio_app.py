"""A pottery studio on plain WSGI, with a Swagger 2.0 document, form bodies and errors in plain text.

Written and committed before the probe was run on it, after it was improved on the other strangers; see test_studio.py.
"""

import hashlib
import hmac
import itertools
import json
import secrets
import sqlite3
import threading
import traceback
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from tests.parts.loopback import random_address

# Flaw: where it shows, and its OWASP ids and CWE numbers.
FLAWS: dict[str, tuple[str, set[str]]] = {
    "firing_read": ("GET /studio/v3/firings/{no}", {"API1", "639"}),
    "firing_changed": ("PUT /studio/v3/firings/{no}", {"API1", "639"}),
    "firing_dropped": ("DELETE /studio/v3/firings/{no}", {"API1", "639"}),
    "door_guessed": ("POST /studio/v3/door", {"API2", "307"}),
    "pass_outlives": ("DELETE /studio/v3/door", {"API2", "613"}),
    "standing_set": ("PUT /studio/v3/potters/self", {"API3", "915"}),
    "potter_exposed": ("GET /studio/v3/potters/{name}", {"API3", "213"}),
    "glazes_endless": ("GET /studio/v3/glazes", {"API4", "770"}),
    "keepers_list": ("GET /studio/v3/keeper/potters", {"API5", "285"}),
    "clay_below_zero": ("POST /studio/v3/clay-orders", {"API6", "1284"}),
    "photo_fetched": ("POST /studio/v3/firings/{no}/photo", {"API7", "918"}),
    "trace_shown": ("GET /studio/v3/glazes", {"API8", "209"}),
    "origins_open": ("*", {"942"}),
    "glaze_sql": ("GET /studio/v3/glazes", {"89"}),
    "version_left": ("GET /studio/v2/firings/{no}", {"API9", "1059"}),
    "till_unsigned": ("POST /studio/v3/till/word", {"API10", "345"}),
}


class _RefusedError(Exception):
    """Status and reason."""


@dataclass
class Studio:
    """The application: state, and the flaws that it has."""

    flaws: set[str]
    potters: dict[str, dict[str, Any]] = field(default_factory=dict)
    passes: dict[str, str] = field(default_factory=dict)
    firings: dict[int, dict[str, Any]] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)
    till: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def __post_init__(self) -> None:
        self.numbers = itertools.count(101)
        self.glazes = sqlite3.connect(":memory:", check_same_thread=False)
        self.glazes.execute("CREATE TABLE glaze (id INTEGER PRIMARY KEY, colour TEXT, recipe TEXT)")
        rows = [(("white", "green", "ash")[at % 3], f"{at} parts feldspar") for at in range(180)]
        self.glazes.executemany("INSERT INTO glaze (colour, recipe) VALUES (?, ?)", rows)
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        try:
            with self.lock:
                status, body = self._route(environ)
        except _RefusedError as refused:
            status, body = refused.args
        except Exception:
            status, body = 500, traceback.format_exc() if "trace_shown" in self.flaws else "that went wrong"
        text = body if isinstance(body, str) else json.dumps(body)
        headers = [("Content-Type", "text/plain" if isinstance(body, str) else "application/json")]
        if "origins_open" in self.flaws and (origin := environ.get("HTTP_ORIGIN")):
            headers += [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
        start(f"{status} -", headers)
        return [text.encode()]

    def _route(self, environ: dict[str, Any]) -> tuple[int, Any]:  # noqa: PLR0911, PLR0912 - the table of routes
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        size = int(environ.get("CONTENT_LENGTH") or 0)
        if size > 100_000:
            raise _RefusedError(413, "too much")
        raw = environ["wsgi.input"].read(size)
        try:
            form = dict(parse_qsl(raw.decode()))
        except UnicodeDecodeError:
            raise _RefusedError(400, "no form") from None
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        name = self.passes.get(environ.get("HTTP_X_STUDIO_PASS", ""))
        if path.startswith("/studio/v2/firings/") and "version_left" in self.flaws and method == "GET":
            return 200, self._firing(path.rsplit("/", 1)[-1])
        if not path.startswith("/studio/v3/"):
            raise _RefusedError(404, "nothing here")
        match method, path.removeprefix("/studio/v3/").split("/"):
            case "POST", ["potters"]:
                return self._join(form)
            case "POST", ["door"]:
                return self._enter(form)
            case "GET", ["glazes"]:
                return 200, self._glazes(query)
            case "POST", ["till", "word"]:
                return self._till(raw, form, environ.get("HTTP_X_TILL_SIGNATURE", ""))
            case _ if name is None:
                raise _RefusedError(401, "show your pass")
            case "DELETE", ["door"]:
                if "pass_outlives" not in self.flaws:
                    del self.passes[environ["HTTP_X_STUDIO_PASS"]]
                return 204, ""
            case "GET", ["potters", "self"]:
                return 200, _seen(self.potters[name])
            case "PUT", ["potters", "self"]:
                allowed = form if "standing_set" in self.flaws else {k: form[k] for k in ("telephone",) if k in form}
                self.potters[name] |= {key: value for key, value in allowed.items() if key not in ("name", "watchword")}
                return 200, _seen(self.potters[name])
            case "GET", ["potters", other] if other in self.potters:
                whole = _seen(self.potters[other])
                return 200, whole if "potter_exposed" in self.flaws else {"name": other}
            case "GET", ["keeper", "potters"]:
                if "keepers_list" not in self.flaws and self.potters[name]["standing"] != "keeper":
                    raise _RefusedError(403, "for the keeper")
                return 200, {"potters": [_seen(one) for one in self.potters.values()]}
            case "POST", ["clay-orders"]:
                return self._clay(name, form)
            case "GET", ["firings"]:
                return 200, {"firings": [one for one in self.firings.values() if one["potter"] == name]}
            case "POST", ["firings"]:
                number = next(self.numbers)
                made = {"no": number, "potter": name, "piece": _text(form, "piece"), "cone": _text(form, "cone"), "settled": "no"}  # fmt: skip
                self.firings[number] = made
                return 201, made
            case ("GET" | "PUT" | "DELETE") as done, ["firings", number]:
                return self._firing_of(name, done, number, form)
            case "POST", ["firings", number, "photo"]:
                return self._photo(name, number, form)
        raise _RefusedError(404, "nothing here")

    def _join(self, form: dict[str, str]) -> tuple[int, Any]:
        name, word = _text(form, "name"), form.get("watchword", "")
        if len(word) < 10 or "@" not in form.get("mail", ""):
            raise _RefusedError(422, "a watchword of ten characters and a mail address")
        if name in self.potters:
            raise _RefusedError(409, "that name is taken")
        self.potters[name] = {"name": name, "watchword": word, "mail": form["mail"], "telephone": "", "standing": "potter", "credit": "40"}  # fmt: skip
        return 201, {"name": name}

    def _enter(self, form: dict[str, str]) -> tuple[int, Any]:
        name = form.get("name", "")
        if self.wrong.get(name, 0) >= 6 and "door_guessed" not in self.flaws:
            raise _RefusedError(429, "wait a while")
        known = self.potters.get(name)
        if known is None or known["watchword"] != form.get("watchword"):
            self.wrong[name] = self.wrong.get(name, 0) + 1
            raise _RefusedError(403, "no such name and watchword")
        self.passes[made := secrets.token_urlsafe(18)] = name
        return 201, {"pass": made}

    def _glazes(self, query: dict[str, str]) -> Any:
        count, colour = int(query.get("rows", "15")), query.get("colour", "")
        count = count if "glazes_endless" in self.flaws else min(count, 60)
        if "glaze_sql" in self.flaws:
            found = self.glazes.execute(f"SELECT id, colour, recipe FROM glaze WHERE colour LIKE '%{colour}%' LIMIT {count}")  # fmt: skip
        else:
            sql = "SELECT id, colour, recipe FROM glaze WHERE instr(colour, ?) LIMIT ?"
            found = self.glazes.execute(sql, (colour, count))
        return [{"id": one, "colour": tint, "recipe": recipe} for one, tint, recipe in found]

    def _till(self, raw: bytes, form: dict[str, str], signature: str) -> tuple[int, Any]:
        right = hmac.new(self.till, raw, hashlib.sha256).hexdigest()
        if "till_unsigned" not in self.flaws and not hmac.compare_digest(right, signature):
            raise _RefusedError(401, "not signed by the till")
        self._firing(form.get("firing_no", ""))["settled"] = _text(form, "settled")
        return 204, ""

    def _clay(self, name: str, form: dict[str, str]) -> tuple[int, Any]:
        kilos, potter = int(form.get("kilos", "0")), self.potters[name]
        if kilos < 1 and "clay_below_zero" not in self.flaws:
            raise _RefusedError(422, "at least one kilo")
        if int(potter["credit"]) < 2 * kilos:
            raise _RefusedError(402, "too little credit")
        potter["credit"] = str(int(potter["credit"]) - 2 * kilos)
        return 201, {"kilos": kilos, "credit": potter["credit"]}

    def _firing(self, number: str) -> dict[str, Any]:
        if not number.isdigit() or int(number) not in self.firings:
            raise _RefusedError(404, "no such firing")
        return self.firings[int(number)]

    def _own(self, name: str, number: str, flaw: str) -> dict[str, Any]:
        found = self._firing(number)
        if found["potter"] != name and flaw not in self.flaws:
            raise _RefusedError(404, "no such firing")
        return found

    def _firing_of(self, name: str, method: str, number: str, form: dict[str, str]) -> tuple[int, Any]:
        flaw = {"GET": "firing_read", "PUT": "firing_changed", "DELETE": "firing_dropped"}[method]
        found = self._own(name, number, flaw)
        if method == "DELETE":
            del self.firings[found["no"]]
            return 204, ""
        if method == "PUT":
            found |= {"piece": _text(form, "piece"), "cone": _text(form, "cone")}
        return 200, found

    def _photo(self, name: str, number: str, form: dict[str, str]) -> tuple[int, Any]:
        self._own(name, number, "")
        if "photo_fetched" not in self.flaws:
            raise _RefusedError(422, "photos come from the studio's own camera")
        with urllib.request.urlopen(_text(form, "source"), timeout=2) as answer:
            return 201, {"bytes": len(answer.read(100_000))}


def _seen(potter: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in potter.items() if key != "watchword"}


def _text(form: dict[str, str], key: str) -> str:
    if not 0 < len(form.get(key, "")) <= 300:
        raise _RefusedError(422, f"{key}: 1 to 300 characters")
    return form[key]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """The test says what matters."""


@contextmanager
def studio(flaws: set[str]) -> Iterator[str]:
    """The URL of a studio with these flaws."""
    host = random_address()
    with make_server(host, 0, Studio(flaws), _Server, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _fields(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "formData", "type": "string", "required": True} for name in names]


def _op(summary: str, *parameters: dict[str, Any], open_to_all: bool = False, answer: str = "200") -> dict[str, Any]:
    security: dict[str, Any] = {"security": []} if open_to_all else {}
    return {"summary": summary, "parameters": list(parameters), "responses": {answer: {"description": "Done"}}, **security}  # fmt: skip


NO = {"name": "no", "in": "path", "type": "integer", "required": True}
DOCUMENT: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Pottery studio", "version": "3"},
    "basePath": "/studio/v3",
    "consumes": ["application/x-www-form-urlencoded"],
    "securityDefinitions": {"pass": {"type": "apiKey", "in": "header", "name": "X-Studio-Pass"}},
    "security": [{"pass": []}],
    "paths": {
        "/potters": {"post": _op("Become a potter", *_fields("name", "watchword", "mail"), open_to_all=True, answer="201")},
        "/door": {
            "post": _op("A pass for a name and its watchword", *_fields("name", "watchword"), open_to_all=True, answer="201"),
            "delete": _op("Hand in the pass", answer="204"),
        },
        "/potters/self": {"get": _op("Who holds the pass"), "put": _op("Change the telephone", *_fields("telephone"))},
        "/potters/{name}": {"get": _op("A potter's name", {"name": "name", "in": "path", "type": "string", "required": True})},
        "/keeper/potters": {"get": _op("All potters, for the keeper")},
        "/glazes": {"get": _op("Glazes", {"name": "rows", "in": "query", "type": "integer"}, {"name": "colour", "in": "query", "type": "string"}, open_to_all=True)},
        "/clay-orders": {"post": _op("Clay, paid from one's credit", {"name": "kilos", "in": "formData", "type": "integer", "required": True}, answer="201")},
        "/firings": {"get": _op("One's firings"), "post": _op("Book a firing", *_fields("piece", "cone"), answer="201")},
        "/firings/{no}": {"get": _op("A firing of one's own", NO), "put": _op("Change it", NO, *_fields("piece", "cone")), "delete": _op("Drop it", NO, answer="204")},
        "/firings/{no}/photo": {"post": _op("Fetch a photo of the piece", NO, *_fields("source"), answer="201")},
        "/till/word": {
            "post": _op("The till says what is settled", {"name": "X-Till-Signature", "in": "header", "type": "string", "required": True}, *_fields("firing_no", "settled"), open_to_all=True, answer="204"),
        },
    },
}  # fmt: skip
