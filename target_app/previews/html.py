"""What a page says of itself: its title, and its Open Graph properties (https://ogp.me)."""

import codecs
import re
from html.parser import HTMLParser
from typing import NamedTuple

#: Characters of a page that are looked at, and tags that are parsed.
LONGEST_PAGE = 128 * 1024
MOST_TAGS = 40
LONGEST_TITLE = 300
LONGEST_DESCRIPTION = 1000
LONGEST_URL = 2000
#: The parser's time grows with the square of what an unfinished tag holds (64 KiB took it 50 s): it gets whole, short
#: elements alone. Each alternative ends at the next `<`, so that finding them takes linear time.
ELEMENT = re.compile(r"<(?:meta\b[^<>]{0,1200}>|title\b[^<>]{0,100}>[^<]{0,1200}</title\s{0,9}>)", re.IGNORECASE)
#: Encodings of the web that decode in linear time; Python knows others that do not.
CHARSETS = frozenset(
    {"utf-8", "ascii", "iso8859-1", "iso8859-2", "iso8859-15", "cp1251", "cp1252", "koi8-r"}
    | {"utf-16", "shift_jis", "euc_jp", "gb18030", "gbk", "big5", "euc_kr"}
)
BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")


class Page(NamedTuple):
    """Texts of a page as they stand there; "" where there is none."""

    title: str
    description: str
    image: str


class Elements(HTMLParser):
    """Collects `<title>` and `<meta>`; the first of each name counts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """`property` is Open Graph's attribute, `name` is HTML's own."""
        if tag == "meta":
            said = dict(attrs)
            self.found.setdefault((said.get("property") or said.get("name") or "").lower(), said.get("content") or "")

    def handle_data(self, data: str) -> None:
        """Nothing but titles is handed in."""
        self.found.setdefault("title", data)


def decoded(body: bytes, charset: str) -> str:
    """The text of a page, with a sign in place of what cannot be read."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        name = ""
    return body.decode(name if name in CHARSETS else "utf-8", errors="replace")[:LONGEST_PAGE]


def page(text: str) -> Page:
    """What the first elements of the page say."""
    elements = Elements()
    for number, match in enumerate(ELEMENT.finditer(text)):
        if number == MOST_TAGS:
            break
        elements.feed(match[0])
    found = elements.found
    return Page(
        tidy(found.get("og:title") or found.get("title", ""), LONGEST_TITLE),
        tidy(found.get("og:description") or found.get("description", ""), LONGEST_DESCRIPTION),
        found.get("og:image", "").strip(),
    )


def tidy(text: str, longest: int) -> str:
    """One line, not too long."""
    return BLANKS.sub(" ", text).strip()[:longest]
