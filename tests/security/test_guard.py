"""The guard: what it lets pass, what it refuses, and that it looks a name up once."""

import socket
from collections.abc import Callable
from datetime import date

import pytest

from security.guard import Authorization, Pinned, Refused, allow, same_host

Answer = Callable[..., list[tuple[object, ...]]]
FUTURE = date(2100, 1, 1)


def resolving(*addresses: str) -> Answer:
    def getaddrinfo(_host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return getaddrinfo


@pytest.mark.parametrize(
    ("url", "address", "port", "host_header"),
    [
        ("http://127.0.0.1:8000/api?x=1", "127.0.0.1", 8000, "127.0.0.1:8000"),
        ("HTTP://127.200.3.4", "127.200.3.4", 80, "127.200.3.4"),
        ("https://127.0.0.1:443/", "127.0.0.1", 443, "127.0.0.1"),
        ("http://127.0.0.1.:81", "127.0.0.1", 81, "127.0.0.1:81"),
        ("http://[::1]:9/x", "::1", 9, "[::1]:9"),
        ("ws://127.0.0.1:8000/live", "127.0.0.1", 8000, "127.0.0.1:8000"),
    ],
)
def test_loopback_passes(url: str, address: str, port: int, host_header: str) -> None:
    """Loopback in its plain notation passes, with the Host header that a browser would send."""
    pinned = allow(url)
    assert (pinned.address, pinned.port, pinned.host_header) == (address, port, host_header)


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "127.1", "127.0.1", "127.000.000.001", "0"),
        *("134744072", "0x8080808", "010.8.8.8"),
        *("[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]", "[::127.0.0.1]", "[64:ff9b::8.8.8.8]", "[2002:808:808::1]"),
        *("[::1%25lo]", "[fe80::1%25eth0]"),
    ],
)
def test_addresses_that_two_parsers_read_in_two_ways_are_refused(host: str) -> None:
    """Decimal, octal or hexadecimal numbers, and addresses within addresses, are refused though they be loopback."""
    with pytest.raises(Refused, match=r"write (it plainly|the plain address)"):
        allow(f"http://{host}:8000/")


@pytest.mark.parametrize(
    "url",
    [
        *("http://0.0.0.0:8000", "http://[::]:8000", "http://8.8.8.8", "http://10.0.0.1", "http://169.254.169.254"),
        *("http://[2001:db8::1]", "http://128.0.0.1", "http://126.255.255.255"),
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    """What is not loopback is refused; the unspecified address, too, though Linux connects it to loopback."""
    with pytest.raises(Refused, match="neither loopback nor authorised"):
        allow(url)


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1@example.test/", "http://user:pw@127.0.0.1/", "http://127.0.0.1:80@8.8.8.8:80/"),
        *(
            "http://127.0.0.1\\@8.8.8.8/",
            "http://127.0.0.1\t.example.test/",
            "http://127.0.0.1 /",
            "http://127.0.0.1\n/",
        ),
        *("http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://%31%32%37.0.0.1/", "http://127.0.0.1%00.test/"),
        *(
            "http:///path",
            "//127.0.0.1/",
            "127.0.0.1:8000",
            "",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
            "http://[::1/",
        ),
        *("http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1:x/", f"http://{'a.' * 200}test/"),
    ],
)
def test_misleading_and_malformed_urls_are_refused(url: str) -> None:
    """User-info, control characters, look-alike digits, percent signs, other schemes and bad ports are refused."""
    with pytest.raises(Refused):
        allow(url)


def test_a_name_that_resolves_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the address that counts: `localhost` that resolves to another machine is refused."""
    monkeypatch.setattr(socket, "getaddrinfo", resolving("203.0.113.7"))
    with pytest.raises(Refused, match=r"203\.0\.113\.7"):
        allow("http://localhost:8000/")


def test_a_name_with_one_foreign_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One address of several that is not loopback is enough to refuse."""
    monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1", "203.0.113.7"))
    with pytest.raises(Refused):
        allow("http://two.example.test/")


def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes back holds the address, so a name that changes its mind later changes nothing."""
    answers = iter(["127.0.0.9", "203.0.113.7"])
    looked_up: list[str] = []

    def getaddrinfo(host: str, port: int, **options: object) -> list[tuple[object, ...]]:
        looked_up.append(host)
        return resolving(next(answers))(host, port, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    pinned = allow("http://rebinding.example.test:8000/")
    assert pinned == Pinned("http", "rebinding.example.test", "127.0.0.9", 8000, "rebinding.example.test:8000")
    assert pinned.base_url == "http://127.0.0.9:8000"
    assert looked_up == ["rebinding.example.test"]


def test_a_name_that_does_not_resolve_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed look-up is a refusal with a sentence, not an error of the resolver."""

    def getaddrinfo(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(Refused, match="does not resolve"):
        allow("http://nowhere.example.test/")


def test_an_authorised_host_passes_through_its_last_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """A named host passes up to and with the last day, and not on the day after."""
    monkeypatch.setattr(socket, "getaddrinfo", resolving("203.0.113.7"))
    leave = Authorization(("Staging.Example.Test.",), date(2026, 5, 31), "owner@example.test")
    assert allow("https://staging.example.test/", leave, today=date(2026, 5, 31)).address == "203.0.113.7"
    with pytest.raises(Refused, match="ended on 2026-05-31"):
        allow("https://staging.example.test/", leave, today=date(2026, 6, 1))


@pytest.mark.parametrize("host", ["other.example.test", "staging.example.test.evil.test", "sub.staging.example.test"])
def test_only_the_named_host_is_authorised(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """An authorisation is for the very name: neither for names below it nor for names that begin like it."""
    monkeypatch.setattr(socket, "getaddrinfo", resolving("203.0.113.7"))
    with pytest.raises(Refused, match="neither loopback nor authorised"):
        allow(f"http://{host}/", Authorization(("staging.example.test",), FUTURE))


def test_an_authorisation_without_a_last_day_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave without an end is refused: someone forgot the date."""
    monkeypatch.setattr(socket, "getaddrinfo", resolving("203.0.113.7"))
    with pytest.raises(Refused, match="has no last day"):
        allow("http://staging.example.test/", Authorization(("staging.example.test",)))


@pytest.mark.parametrize("address", ["0.0.0.0", "169.254.169.254", "224.0.0.1"])
def test_an_authorised_name_does_not_open_special_addresses(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """An authorised name that resolves to the unspecified, a link-local or a multicast address is refused."""
    monkeypatch.setattr(socket, "getaddrinfo", resolving(address))
    with pytest.raises(Refused, match="no single host"):
        allow("http://staging.example.test/", Authorization(("staging.example.test",), FUTURE))


@pytest.mark.parametrize(
    ("location", "stays"),
    [
        *(("/next", True), ("next?x=1", True), ("http://127.0.0.1:8000/next", True), ("HTTP://127.0.0.1:8000", True)),
        *(("//evil.test/", False), ("http://127.0.0.1:8001/", False), ("https://127.0.0.1:8000/", False)),
        *(
            ("http://127.0.0.2:8000/", False),
            ("http://127.0.0.1:8000@evil.test/", False),
            ("javascript:alert(1)", False),
        ),
        *(("/\\evil.test/", False), ("http://localhost:8000/", False), ("http://[::1", False)),
    ],
)
def test_redirects_stay_at_home(location: str, stays: bool) -> None:
    """A redirect may lead to the same scheme, host and port; everything else, unreadable things too, is elsewhere."""
    assert same_host(allow("http://127.0.0.1:8000/"), location) is stays
