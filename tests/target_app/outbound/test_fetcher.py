"""Bounds of a fetch, against servers that keep none."""

import asyncio
import gzip
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from target_app.outbound import fetcher
from target_app.web.errors import ApiError
from tests.parts.loopback import free_port, random_address
from tests.parts.stranger import NamesFile, Said, Stranger, stranger
from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]


@pytest.fixture
def names(tmp_path: Path) -> NamesFile:
    return NamesFile(tmp_path / "names.json")


@pytest.fixture
def there(names: NamesFile) -> Iterator[Stranger]:
    with stranger() as server:
        names.lead("honest.test", server.address)
        yield server


def refused(app: AppClient) -> object:
    with pytest.raises(ApiError) as error:
        app.run(app.app.state.parts.fetcher.get("http://honest.test/"))
    return error.value.fields


def test_a_long_answer_is_cut_off(client: Make, names: NamesFile, there: Stranger) -> None:
    """Of 20 MiB half a MiB is read."""
    there.answer = lambda _heard: Said(200, b"x" * (20 << 20))
    app = client(resolver_file=names.path)
    assert len(app.run(app.app.state.parts.fetcher.get("http://honest.test/")).body) == fetcher.LARGEST


def test_an_answer_is_not_unpacked(client: Make, names: NamesFile, there: Stranger) -> None:
    """A bomb stays small, and nobody asks for one."""
    packed = gzip.compress(b"\0" * (50 << 20))
    there.answer = lambda _heard: Said(200, packed, {"Content-Encoding": "gzip"})
    app = client(resolver_file=names.path)
    assert app.run(app.app.state.parts.fetcher.get("http://honest.test/")).body == packed
    assert there.heard[0].headers["Accept-Encoding"] == "identity"


def test_a_fetch_ends_in_time(client: Make, names: NamesFile, there: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer, and one that goes on for ever."""
    monkeypatch.setattr(fetcher, "TOTAL_S", 0.2)
    app = client(resolver_file=names.path)
    there.answer = lambda _heard: time.sleep(1) or Said()  # type: ignore[func-returns-value]
    assert refused(app) == {"url": ["cannot be fetched"]}

    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.01)
                await writer.drain()
        except OSError:
            writer.close()

    async def fetch() -> None:
        async with await asyncio.start_server(drip, random_address(), 0) as server:
            host, port = server.sockets[0].getsockname()
            names.lead("honest.test", f"{host}:{port}")
            with pytest.raises(ApiError):
                await app.app.state.parts.fetcher.get("http://honest.test/")
            await asyncio.sleep(0.05)

    app.run(fetch())


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 2\r\n\r\n", b"\x00" * 100, b"HTTP/1.1 200 OK\r\nA: " + b"x" * 99999]
)
def test_what_is_no_http_cannot_be_fetched(client: Make, names: NamesFile, answer: bytes) -> None:
    """Nothing, garbage, and a header without an end."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    app = client(resolver_file=names.path)

    async def fetch() -> None:
        async with await asyncio.start_server(talk, random_address(), 0) as server:
            host, port = server.sockets[0].getsockname()
            names.lead("honest.test", f"{host}:{port}")
            with pytest.raises(ApiError) as error:
                await app.app.state.parts.fetcher.get("http://honest.test/")
            assert error.value.fields == {"url": ["cannot be fetched"]}

    app.run(fetch())


def test_a_port_where_nobody_listens_cannot_be_fetched(client: Make, names: NamesFile) -> None:
    """Refused by the peer."""
    host = random_address()
    names.lead("honest.test", f"{host}:{free_port(host)}")
    assert refused(client(resolver_file=names.path)) == {"url": ["cannot be fetched"]}


def test_no_proxy_of_the_environment_is_used(
    client: Make, names: NamesFile, there: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would connect wherever it likes."""
    with stranger() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://{proxy.address}")
        app = client(resolver_file=names.path)
        assert app.run(app.app.state.parts.fetcher.get("http://honest.test/")).status == 200
        assert (len(proxy.heard), len(there.heard)) == (0, 1)


def test_no_cookie_is_kept(client: Make, names: NamesFile, there: Stranger) -> None:
    """One user's fetch leaves nothing for the next."""
    there.answer = lambda _heard: Said(200, b"", {"Set-Cookie": "a=b"})
    app = client(resolver_file=names.path)
    for _ in range(2):
        app.run(app.app.state.parts.fetcher.get("http://honest.test/"))
    assert "Cookie" not in there.heard[1].headers


def test_https_is_verified(client: Make, names: NamesFile, there: Stranger) -> None:
    """A server that speaks no TLS is no https server."""
    app = client(resolver_file=names.path)
    with pytest.raises(ApiError):
        app.run(app.app.state.parts.fetcher.get("https://honest.test/"))
    assert there.heard == []


def test_no_connection_is_kept(client: Make, names: NamesFile, there: Stranger) -> None:
    """The next fetch asks for the name anew."""
    app = client(resolver_file=names.path)
    for _ in range(2):
        app.run(app.app.state.parts.fetcher.get("http://honest.test/"))
    names.lead("honest.test", there.address, "10.0.0.1")
    assert refused(app) == {"url": ["is not allowed"]}
    assert len(there.heard) == 2
