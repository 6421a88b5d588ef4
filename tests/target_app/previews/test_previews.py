from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from target_app.previews.html import ELEMENT, LONGEST_PAGE, decoded, page
from target_app.previews.service import web_address
from tests.parts.stranger import NamesFile, Said, Stranger, stranger
from tests.target_app.app_client import AppClient, errors

Make = Callable[..., AppClient]
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.fixture
def names(tmp_path: Path) -> NamesFile:
    return NamesFile(tmp_path / "names.json")


@pytest.fixture
def site(names: NamesFile) -> Iterator[Stranger]:
    with stranger() as server:
        names.lead("site.test", server.address)
        yield server


@pytest.fixture
def shown(client: Make, names: NamesFile, site: Stranger) -> Callable[..., Any]:
    """`shown(html, headers)`: the preview of such a page, or what is wrong with it."""
    app = client(resolver_file=names.path)
    token = app.register("ann")

    def preview(html: bytes, headers: Any = HTML, status: int = 200) -> Any:
        site.answer = lambda _heard: Said(status, html, headers)
        answer = app.call("POST", "/api/link-previews", token, json={"preview": {"url": "http://site.test/a/b"}})
        return answer.json()["preview"] if answer.status_code == 200 else errors(answer)

    return preview


def test_a_preview_is_what_the_page_says_of_itself(shown: Callable[..., Any]) -> None:
    """Open Graph before HTML's own; character references read; white space made one."""
    html = """<!doctype html><html><head><title>Plain</title><meta name=description content="Described">
    <meta property="og:title" content="Fish &amp;\n Chips"><META content='/i.png' property=og:image></head>"""
    assert shown(html.encode()) == {
        "url": "http://site.test/a/b",
        "title": "Fish & Chips",
        "description": "Described",
        "image": "http://site.test/i.png",
    }


def test_a_page_may_say_nothing(shown: Callable[..., Any]) -> None:
    """Then there is nothing to show."""
    assert shown(b"Hello") == {"url": "http://site.test/a/b", "title": None, "description": None, "image": None}


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/json"}, {"Content-Type": "image/png"}])
def test_only_html_is_a_page(shown: Callable[..., Any], headers: dict[str, str]) -> None:
    """Another service's JSON is not shown."""
    assert shown(b"<title>x</title>", headers) == {"url": ["cannot be fetched"]}


@pytest.mark.parametrize("status", [201, 404, 500])
def test_only_a_success_is_a_page(shown: Callable[..., Any], status: int) -> None:
    """An error page is none."""
    assert shown(b"<title>x</title>", HTML, status) == {"url": ["cannot be fetched"]}


def test_texts_are_cut(shown: Callable[..., Any]) -> None:
    """Bounded, whatever the page says."""
    html = f"<title>{'t' * 1000}</title><meta name=description content='{'d' * 1100}'>".encode()
    preview = shown(html)
    assert (len(preview["title"]), len(preview["description"])) == (300, 1000)


@pytest.mark.parametrize(
    ("image", "address"),
    [
        ("i.png", "http://site.test/a/i.png"), ("//cdn.test/i", "http://cdn.test/i"), ("javascript:alert(1)", None),
        ("data:image/png;base64,x", None), ("", None), ("http://[", None), ("x" * 3000, None), ("a\x00b", None),
    ],
)  # fmt: skip
def test_an_image_is_a_web_address(image: str, address: str | None) -> None:
    """Nothing else is handed to browsers."""
    assert web_address("http://site.test/a/b", image) == address


@pytest.mark.parametrize(
    ("charset", "text"),
    [("utf-8", "é"), ("iso-8859-1", "Ã©"), ("windows-1252", "Ã©"), ("punycode", "é"), ("zip", "é"), ("\0", "é")],
)
def test_an_encoding_of_the_web_is_read(charset: str, text: str) -> None:
    """Any other name is taken for UTF-8."""
    assert decoded("é".encode(), charset) == text


@pytest.mark.parametrize("piece", ["<a ", "<", "<!--", "<![", "<meta ", "<title>", "<meta a a a ", "<meta a='", "</"])
def test_a_hostile_page_is_read_in_a_moment(piece: str) -> None:
    """Python's parser alone takes minutes for some of these: it is given short, whole elements."""
    text = (piece * LONGEST_PAGE)[:LONGEST_PAGE]
    assert page(text).description == ""
    whole = (f"<meta {'a ' * 590}>" * 100)[:LONGEST_PAGE]
    began = perf_counter()
    page(whole)
    assert perf_counter() - began < 5
    assert all(len(match[0]) < 2600 for match in ELEMENT.finditer(text + whole))


def test_forty_elements_are_read() -> None:
    """What a page says later is not heard."""
    for before, title in ((39, "Late"), (40, "")):
        assert page("<meta name=a>" * before + "<title>Late</title>").title == title


def test_a_stranger_gets_no_preview(client: Make) -> None:
    """Nobody fetches without an account."""
    assert client().call("POST", "/api/link-previews", json={"preview": {"url": "http://a.test"}}).status_code == 401


def test_no_reader_is_held_during_the_fetch(client: Make, names: NamesFile, site: Stranger) -> None:
    """On PostgreSQL that would be a connection of the pool for three seconds."""
    app = client(resolver_file=names.path)
    token = app.register("ann")
    database = app.app.state.parts.database
    opened: list[int] = []
    opening = database.open_reading

    async def counted() -> Any:
        connection = await opening()
        opened.append(1)

        class Ending:
            def __getattr__(self, name: str) -> Any:
                return getattr(connection, name)

            async def rollback(self) -> None:
                opened.pop()

        return Ending()

    database.open_reading = counted
    held: list[int] = []
    site.answer = lambda _heard: held.append(len(opened)) or Said(200, b"", HTML)  # type: ignore[func-returns-value]
    app.call("POST", "/api/link-previews", token, json={"preview": {"url": "http://site.test/"}})
    assert held == [0]
