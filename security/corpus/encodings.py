"""The disguises that a payload can wear: each maps the text to another text that means the same once it is decoded."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

#: Where no disguise is worn.
PLAIN: Final = "plain"


def percent(text: str) -> str:
    """Every byte of the text's UTF-8 as %XX, also letters."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def double_percent(text: str) -> str:
    """Percent-encoded twice: for a proxy and a backend that decode one after the other."""
    return quote(quote(text, safe=""), safe="")


def unicode_escapes(text: str) -> str:
    """Every UTF-16 unit as a JSON escape (RFC 8259, 7)."""
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def in_base64(text: str) -> str:
    """The text's UTF-8 in base64."""
    return base64.b64encode(text.encode()).decode()


def mixed_case(text: str) -> str:
    """Every other letter in the other case: keywords, tags and schemes know no case."""
    turned, letters = [], 0
    for character in text:
        turned.append(character.swapcase() if letters % 2 else character)
        letters += character.isalpha()
    return "".join(turned)


def comments(text: str) -> str:
    """A comment for each blank, as SQL allows."""
    return text.replace(" ", "/**/")


#: Disguises of the text itself: it is put into its place afterwards, as any other text.
OF_TEXT: Final[dict[str, Callable[[str], str]]] = {
    PLAIN: str,
    "base64": in_base64,
    "mixed_case": mixed_case,
    "comments": comments,
}
#: Disguises of a URL's part or a header: nothing is encoded afterwards.
OF_URL: Final[dict[str, Callable[[str], str]]] = {"url": percent, "double_url": double_percent}
#: Disguises of a JSON string: nothing is escaped afterwards.
OF_JSON: Final[dict[str, Callable[[str], str]]] = {"unicode": unicode_escapes}

#: The disguises that each place allows, beside plain ones that a payload set names (`mixed_case`, `comments`).
BY_PLACE: Final[dict[str, tuple[str, ...]]] = {
    "query": ("url", "double_url", "base64"),
    "path": ("url", "double_url"),
    "header": ("url", "base64"),
    "json_value": ("unicode", "base64"),
    "json_key": ("unicode",),
    "multipart": ("base64",),
}
