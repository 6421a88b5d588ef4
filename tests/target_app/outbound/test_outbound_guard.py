"""The guard before real connections: a server on loopback that no guarded fetch may reach."""

import asyncio
import ipaddress
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from target_app.controls import outbound_guard
from target_app.controls.outbound_guard import is_public
from target_app.outbound.resolver import FileNames, Place, ResolverFileError, SystemNames, add_name
from tests.parts.stranger import NamesFile, Said, Stranger, stranger
from tests.target_app.app_client import AppClient, errors

Make = Callable[..., AppClient]
PAGE = Said(200, b"<title>Here</title>", {"Content-Type": "text/html"})

NOT_ALLOWED = {"url": ["is not allowed"]}
NOT_FETCHED = {"url": ["cannot be fetched"]}


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stranger]:
    """Where nothing may come: on 127.0.0.1, at a port that the guard takes for one of the web's."""
    with stranger(lambda _heard: PAGE, "127.0.0.1") as there:
        monkeypatch.setattr(outbound_guard, "PORTS", outbound_guard.PORTS | {there.port})
        yield there


@pytest.fixture
def names(tmp_path: Path) -> NamesFile:
    return NamesFile(tmp_path / "names.json")


def preview(app: AppClient, token: str, url: str) -> httpx.Response:
    return app.call("POST", "/api/link-previews", token, json={"preview": {"url": url}})


NOTATIONS = (
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
    "127.1.", "2130706433.", "0x7f000001.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[::1%25lo]", "0", "0.0.0.0", "0x0", "localhost", "localhost.",
    "LOCALHOST", "localhost..", "１２７.０.０.１", "127。0。0。1", "ⓛocalhost", "²130706433", "%31%32%37.0.0.1",
    "127.0.0.1%00", "127.0.0.1%20", "10.0.0.1", "169.254.169.254", "192.168.0.1", "172.16.0.1", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "[fe80::1]", "[fc00::1]", "[fec0::1]", "[ff02::1]", "user@localhost",
    "user:password@127.0.0.1", "example.test@127.0.0.1", "@127.0.0.1",
)  # fmt: skip


@pytest.mark.parametrize("host", NOTATIONS)
def test_no_notation_of_an_internal_address_is_fetched(client: Make, canary: Stranger, host: str) -> None:
    """With the system's own resolver: each is refused before any connection is made.

    Of `localhost.` some systems know nothing, and the others what it is.
    """
    app = client()
    answer = preview(app, app.register("ann"), f"http://{host}:{canary.port}/")
    assert answer.status_code == 422
    assert errors(answer) == NOT_ALLOWED or (host, errors(answer)) == ("localhost.", NOT_FETCHED)
    assert canary.heard == []


def test_the_canary_can_be_reached(canary: Stranger) -> None:
    """Otherwise the tests beside this one would prove nothing."""
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        assert httpx.get(f"http://{host}:{canary.port}/", trust_env=False).text == PAGE.body.decode()
    assert len(canary.heard) == 3


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.test/", "file:///etc/passwd", "gopher://example.test:80/", "//example.test/", "/etc/passwd",
        "example.test", "http:example.test", "http://", "http:///x", "http://example.test:22/", "http://[::1",
        "http://example.test:8080/", "http://example.test:0/", "http://example.test:99999/", "http://ex ample.test/",
        "https://user@example.test/", "http://example.test:x/", "http://a..b/", f"http://{'a' * 64}.test/",
        f"http://{'a.' * 140}test/", "http://example.test\\@evil.test/", "javascript:alert(1)", "data:text/html,x",
    ],
)  # fmt: skip
def test_other_urls_are_refused_by_their_text(client: Make, names: NamesFile, url: str) -> None:
    """Schemes, ports, users and hosts that no page on the web needs."""
    app = client(resolver_file=names.path)
    answer = preview(app, app.register("ann"), url)
    assert (answer.status_code, errors(answer)) == (422, NOT_ALLOWED)


@contextmanager
def honest(names: NamesFile, answer: Callable[[Any], Said] = lambda _heard: PAGE) -> Iterator[Stranger]:
    """A server that the name `honest.test` leads to."""
    with stranger(answer) as there:
        names.lead("honest.test", there.address)
        yield there


def test_a_public_name_is_fetched(client: Make, names: NamesFile) -> None:
    """The honest way through all of it, to the host that the URL names; allowing is counted."""
    with honest(names) as there:
        app = client(resolver_file=names.path)
        answer = preview(app, app.register("ann"), "http://honest.test/a?b=1#c")
        assert answer.status_code == 200, answer.text
        (heard,) = there.heard
    assert (heard.method, heard.path, heard.headers["Host"]) == ("GET", "/a?b=1", "honest.test")
    assert "Cookie" not in heard.headers
    assert app.metric('target_control_decisions_total{control="outbound_guard",decision="allow"}') == 1
    assert app.metric('target_control_decisions_total{control="outbound_guard",decision="deny"}') == 0


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"])
def test_a_name_with_an_internal_address_is_refused(client: Make, names: NamesFile, address: str) -> None:
    """What counts is where the name leads; denying is counted."""
    with stranger() as there:
        names.lead("inside.test", there.address, address)
        app = client(resolver_file=names.path)
        answer = preview(app, app.register("ann"), "http://inside.test/")
        assert (answer.status_code, errors(answer)) == (422, NOT_ALLOWED)
        assert there.heard == []
    assert app.metric('target_control_decisions_total{control="outbound_guard",decision="deny"}') == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "[::1]", "inside.test", "u@honest.test"])
def test_a_redirect_is_judged_like_the_first_url(client: Make, names: NamesFile, canary: Stranger, host: str) -> None:
    """An honest server that sends the fetch inside."""
    names.lead("inside.test", canary.address, "127.0.0.1")
    with honest(names, lambda _heard: Said(302, b"", {"Location": f"http://{host}:{canary.port}/"})) as there:
        app = client(resolver_file=names.path)
        answer = preview(app, app.register("ann"), "http://honest.test/")
        assert (answer.status_code, errors(answer)) == (422, NOT_ALLOWED)
        assert len(there.heard) == 1
    assert canary.heard == []


@pytest.mark.parametrize(("hops", "status"), [(3, 200), (4, 422)])
def test_three_redirects_are_followed(client: Make, names: NamesFile, hops: int, status: int) -> None:
    """Relative ones too; a fourth ends it."""

    def answer(heard: Any) -> Said:
        step = int(heard.path[1:])
        return PAGE if step == hops else Said(301, b"", {"Location": f"{step + 1}"})

    with honest(names, answer):
        app = client(resolver_file=names.path)
        found = preview(app, app.register("ann"), "http://honest.test/0")
    assert found.status_code == status
    assert status == 200 or errors(found) == NOT_FETCHED


#: Hosts of a canary on 127.0.0.1, and the levels that fetch from it there.
OPEN = {
    "127.0.0.1": {"off"},
    "localhost": {"off"},
    "0x7f000001": {"off", "string_check"},
    "0x7f.1": {"off", "string_check"},
    "[::ffff:127.0.0.1]": {"off", "string_check"},
}


@pytest.mark.parametrize("level", ["off", "string_check"])
def test_what_weak_levels_fetch(client: Make, names: NamesFile, level: str) -> None:
    """Any port of loopback: `off` by each notation, `string_check` by those that its list does not have; both follow
    redirects to it, and go where a name leads that they admitted.
    """
    with stranger(lambda _heard: PAGE, "127.0.0.1") as inside:
        names.lead("localhost", inside.address, "127.0.0.1")
        names.lead("inside.test", inside.address, "127.0.0.1")
        app = client(f"outbound_guard={level}", resolver_file=names.path)
        token = app.register("ann")
        for host, levels in OPEN.items():
            answer = preview(app, token, f"http://{host}:{inside.port}/")
            assert (answer.status_code == 200) == (level in levels), host
            assert answer.status_code == 200 or errors(answer) == NOT_ALLOWED
        assert len(inside.heard) == sum(level in levels for levels in OPEN.values())
        assert preview(app, token, "http://inside.test/").status_code == 200
        with honest(names, lambda _heard: Said(302, b"", {"Location": f"http://127.0.0.1:{inside.port}/"})):
            assert preview(app, token, "http://honest.test/").json()["preview"]["title"] == "Here"
        for url in ("http://[::1", "ftp://inside.test/", "http://nowhere.test/"):
            assert errors(preview(app, token, url)) == NOT_FETCHED


class Flipping:
    """A name that is public when it is first looked up, and internal ever after."""

    literals = True
    stand_ins = ()

    def __init__(self, there: Stranger, canary: Stranger) -> None:
        self.there = there
        self.canary = canary
        self.asked = 0

    async def places(self, _name: str, port: int) -> Sequence[Place]:
        self.asked += 1
        if self.asked == 1:
            return [Place(ipaddress.ip_address("8.8.8.8"), self.there.host, self.there.port)]
        return [Place(ipaddress.ip_address("127.0.0.1"), self.canary.host, self.canary.port)]


def test_what_was_judged_is_connected_to(client: Make, canary: Stranger) -> None:
    """A name that changes between judging and connecting (DNS rebinding) cannot: there is one look-up for both."""
    with stranger(lambda _heard: PAGE) as there:
        app = client()
        names = Flipping(there, canary)
        app.app.state.parts.fetcher._guard._names = names
        token = app.register("ann")
        assert preview(app, token, "http://flips.test/").status_code == 200
        assert (names.asked, len(there.heard)) == (1, 1)
        assert errors(preview(app, token, "http://flips.test/")) == NOT_ALLOWED
        assert (names.asked, len(there.heard)) == (2, 1)
    assert canary.heard == []


def test_one_internal_address_among_public_ones_is_enough(client: Make, canary: Stranger) -> None:
    """A name with several addresses is refused for any of them."""

    class Mixed(Flipping):
        async def places(self, _name: str, port: int) -> Sequence[Place]:
            public = Place(ipaddress.ip_address("8.8.8.8"), self.there.host, self.there.port)
            return [public, Place(ipaddress.ip_address("10.0.0.1"), self.canary.host, self.canary.port)]

    with stranger() as there:
        app = client()
        app.app.state.parts.fetcher._guard._names = Mixed(there, canary)
        assert errors(preview(app, app.register("ann"), "http://mixed.test/")) == NOT_ALLOWED
        assert there.heard == canary.heard == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("::ffff:8.8.8.8", True), ("64:ff9b::808:808", True),
        ("2002:808:808::1", True), ("127.0.0.1", False), ("0.0.0.0", False), ("10.1.2.3", False),
        ("100.64.0.1", False), ("169.254.169.254", False), ("172.31.0.1", False), ("192.0.0.1", False),
        ("192.0.2.1", False), ("192.88.99.1", False), ("192.168.1.1", False), ("198.18.0.1", False),
        ("203.0.113.7", False), ("224.0.0.251", False), ("239.1.1.1", False), ("240.0.0.1", False),
        ("255.255.255.255", False), ("::", False), ("::1", False), ("::127.0.0.1", False), ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False), ("64:ff9b::7f00:1", False), ("64:ff9b::a00:1", False),
        ("64:ff9b:1::808:808", False), ("2002:7f00:1::", False), ("2002:a00:1::1", False),
        ("2001:0:7f00:1::", False), ("2001:0:808:808:0:0:f5ff:fffe", False), ("2001:db8::1", False),
        ("fe80::1", False), ("fe80::1%lo", False), ("fec0::1", False), ("fc00::1", False), ("fd12::1", False),
        ("ff02::1", False), ("ff0e::1", False), ("100::1", False), ("4000::1", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    """Global unicast alone; an IPv6 form of an IPv4 address is as public as that."""
    assert is_public(ipaddress.ip_address(address)) is public


def test_an_address_in_a_url_leads_nowhere_in_the_lab(client: Make, names: NamesFile) -> None:
    """With a file of names nothing leaves this machine."""
    app = client(resolver_file=names.path)
    assert errors(preview(app, app.register("ann"), "http://8.8.8.8/")) == NOT_ALLOWED


def test_a_public_address_in_a_url_is_accepted_elsewhere(client: Make) -> None:
    """By its text, without a look-up."""
    guard = client().app.state.parts.fetcher._guard
    assert isinstance(guard._names, SystemNames)
    assert [str(guard.accept(url)) for url in ("http://8.8.8.8/x", "https://[2606:4700::1111]/")] == [
        "http://8.8.8.8/x",
        "https://[2606:4700::1111]/",
    ]


def test_the_file_of_names_is_read_anew_when_it_changes(client: Make, names: NamesFile) -> None:
    """A name that comes, and one that leads elsewhere."""
    with stranger(lambda _heard: PAGE) as there:
        app = client(resolver_file=names.path)
        token = app.register("ann")
        assert errors(preview(app, token, "http://later.test/")) == NOT_FETCHED
        names.lead("later.test", there.address)
        assert preview(app, token, "http://later.test/").status_code == 200
        names.lead("later.test", there.address, "10.0.0.1")
        assert errors(preview(app, token, "http://later.test/")) == NOT_ALLOWED
        names.path.unlink()
        assert errors(preview(app, token, "http://later.test/")) == NOT_FETCHED
        assert len(there.heard) == 1


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", '{"a": 1}', '{"a": {"address": "203.0.113.7"}}', '{"a": {"address": "x", "connect": "127.0.0.1:80"}}',
        *(f'{{"a": {{"address": "203.0.113.7", "connect": "{connect}"}}}}' for connect in (
            "10.0.0.1:80", "8.8.8.8:80", "[::1]:80", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
            "127.0.0.1:65536", "127.0.0.1:x", "128.0.0.1:80", "127.1:80",
        )),
    ],
)  # fmt: skip
def test_a_file_that_leads_out_of_this_machine_is_refused_at_the_start(tmp_path: Path, content: str) -> None:
    """`connect` is a port of 127/8, or nothing starts."""
    path = tmp_path / "names.json"
    path.write_text(content)
    with pytest.raises(ResolverFileError, match="TARGET_RESOLVER_FILE"):
        FileNames(path)


def test_a_file_that_is_not_there_yet_names_nothing(tmp_path: Path) -> None:
    """A name that is added while the server runs leads where it should; before, and without a file, it is unknown."""
    path = tmp_path / "names.json"
    there = FileNames(path)
    with pytest.raises(OSError, match="not in the resolver file"):
        asyncio.run(there.places("late.example", 80))
    add_name(path, "Late.example.", "203.0.113.7", "127.0.0.9:8080")
    ((address, host, port),) = asyncio.run(there.places("late.example", 80))
    assert (str(address), host, port) == ("203.0.113.7", "127.0.0.9", 8080)
    with pytest.raises(ResolverFileError, match="cannot be added"):
        add_name(path, "far.example", "203.0.113.7", "192.0.2.1:80")
    assert set(json.loads(path.read_text())) == {"late.example"}
