"""Nothing is sent to what is neither loopback nor authorised, whoever names it: user, document, redirect or resolver."""

import json
import socket
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from security.guard import Refused
from security.stranger.document import Document, read_document
from security.stranger.sources import load_document
from security.stranger.suite import attack
from tests.security.stranger.applications import running
from tests.security.stranger.listener import listening
from tests.security.stranger.notes_app import DOCUMENT
from tests.security.stranger.serving import served


def document(**more: Any) -> Document:
    return read_document(json.dumps(DOCUMENT | more))


@pytest.mark.parametrize(
    "url", ["http://192.0.2.7:8000", "http://[2001:db8::7]:8000", "http://0x7f.1", "ftp://127.0.0.1"]
)
def test_a_target_that_is_not_loopback_is_refused(url: str) -> None:
    """Addresses of others, unusual notations and other schemes: before anything is sent."""
    with pytest.raises(Refused):
        attack(url, document())


def test_a_server_of_the_document_is_not_asked() -> None:
    """Only the path of a `servers` entry counts, not its host, even where that one listens on loopback."""
    with listening() as (elsewhere, asked), running("notes", set()) as url:
        report = attack(url, document(servers=[{"url": f"{elsewhere}/api"}]), requests=60)
        assert "GET /api/me" in report.coverage["reached"]["alice"]
    assert asked == []


def test_a_redirect_of_the_target_is_not_followed() -> None:
    """A target that sends every request elsewhere is refused, and nobody is asked there."""
    with listening() as (elsewhere, asked):

        async def away(request: Request) -> Response:
            return RedirectResponse(f"{elsewhere}{request.url.path}", 307)

        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        routes = [Route("/{path:path}", away, methods=methods)]
        with served(Starlette(routes=routes)) as url, pytest.raises(Refused, match="another host"):
            attack(url, document(), requests=60)
    assert asked == []


def test_a_name_that_resolves_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is where a name leads, not what it sounds like; one address elsewhere is enough."""
    for addresses in (["192.0.2.7"], ["127.0.0.1", "192.0.2.7"]):
        answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 80)) for one in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, answers=answers, **__: answers)
        with pytest.raises(Refused):
            attack("http://localhost:80", document())


def test_a_name_that_resolves_elsewhere_later_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked up once: all traffic goes to the address that was judged."""
    looked_up: list[str] = []
    with running("notes", set()) as url:
        host, _, port = url.removeprefix("http://").partition(":")

        def resolve(name: str, *_: object, **__: object) -> list[Any]:
            looked_up.append(name)
            address = host if looked_up.count("notes.test") == 1 else "192.0.2.7"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (name if name[0].isdigit() else address, int(port)))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        report = attack(f"http://notes.test:{port}", document(), requests=40)
    assert looked_up.count("notes.test") == 1
    assert "POST /api/register" in report.coverage["reached"]["alice"]


def test_a_document_elsewhere_is_refused_also_through_a_redirect() -> None:
    """The document's own URL passes the guard, and so must every step on the way to it."""
    with pytest.raises(Refused):
        load_document("http://192.0.2.7/openapi.json")
    with listening() as (elsewhere, asked):

        async def away(_: Request) -> Response:
            return RedirectResponse(f"{elsewhere}/openapi.json")

        async def near(_: Request) -> Response:
            return RedirectResponse("/real.json")

        async def real(_: Request) -> Response:
            return JSONResponse(DOCUMENT)

        routes = [Route("/away.json", away), Route("/near.json", near), Route("/real.json", real)]
        with served(Starlette(routes=routes)) as url:
            with pytest.raises(Refused):
                load_document(f"{url}/away.json")
            assert load_document(f"{url}/near.json").title == "Notebook"
    assert asked == []


def test_a_reference_out_of_the_document_is_not_followed() -> None:
    """Schemas at a URL or in a file stay unknown."""
    with listening() as (elsewhere, asked):
        schemas = {"NewNote": {"$ref": f"{elsewhere}/note.json"}, "NewFolder": {"$ref": "/etc/passwd"}}
        read = document(components=DOCUMENT["components"] | {"schemas": schemas})
    assert asked == []
    operation = read.operation("POST", "/api/folders")
    assert operation is not None
    assert operation.body is not None
    assert operation.body.schema == {}


def test_nothing_is_deleted_outside_loopback_unless_asked_for() -> None:
    """On a host that is authorised and not loopback, deleting is opt-in: the check says so and sends nothing."""
    from datetime import UTC, datetime, timedelta

    from security.guard import Authorization
    from security.stranger import suite

    with running("notes", {"note_delete"}) as url:
        pinned_elsewhere = Authorization(("notes.test",), datetime.now(UTC).date() + timedelta(days=1), "the owner")
        report = _attack_as_remote(suite, url, pinned_elsewhere)
    (deleting,) = [one for one in report.outcomes if one.probe == "object_deleted"]
    assert deleting.result == "could_not_run"
    assert "--destructive" in deleting.evidence
    assert not any(name.startswith("DELETE") for names in report.coverage["reached"].values() for name in names)


def _attack_as_remote(suite: Any, url: str, authorization: Any) -> Any:
    """The attack as on a remote host: only the look whether the address is loopback says otherwise."""
    from unittest.mock import patch

    with patch.object(suite, "is_local", return_value=False):
        return suite.attack(url, document(), authorization=authorization)
