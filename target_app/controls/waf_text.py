"""What the light WAF looks at: the texts of a request, decoded as whatever stands behind it might decode them."""

import html
import re
import unicodedata
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, unquote_plus

import orjson

#: Header fields that hold nothing of the client's own choosing, or (credentials) what nothing interprets.
PLAIN_HEADERS = frozenset(
    b"accept accept-encoding authorization connection content-length content-type host transfer-encoding".split()
)
#: Passwords are hashed, and read by nothing else.
UNREAD = frozenset({"password"})
#: Decoded twice: for a proxy and a backend one after the other.
ROUNDS = 2

#: Segments before this one, such as "", "api" and "articles", are the API's own.
FIRST_VALUE = 3

ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
COMMENT = re.compile(r"/\*[^*]{0,200}\*/")
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
TO_URL_SAFE = str.maketrans("+/", "-_")
#: Markdown shows code as it is written, and so does every page that is made from it.
CODE = re.compile(r"```.*?```|`[^`\n]{1,400}`", re.DOTALL)
#: A text with as many words beside its code is prose; one with fewer may be code for something else, such as a shell.
PROSE_WORDS = 3
FILE_NAME = re.compile(rb'filename="([^"\r\n]*)')


class Field(NamedTuple):
    """One text of a request, and where it stood: path, name, value, header, file_name or content."""

    place: str
    text: str


def path_fields(raw_path: bytes) -> Iterator[Field]:
    """The whole path, and its last segments as values of their own."""
    path = raw_path.decode("latin-1")
    yield Field("path", unquote(path))
    for segment in path.split("/")[FIRST_VALUE:]:
        yield Field("value", unquote(segment))


def query_fields(query: str) -> Iterator[Field]:
    """Names and values of a query string, or of a form that is written like one."""
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        yield Field("name", unquote_plus(name))
        if value:
            yield Field("value", unquote_plus(value))


def body_fields(content_type: str, body: bytes) -> Iterator[Field]:
    """The texts of a body, or of its beginning: JSON by its strings, a form by its fields, anything else as one."""
    if content_type.startswith("multipart/"):
        yield from _form_fields(body)
        return
    if content_type.startswith("application/x-www-form-urlencoded"):
        yield from query_fields(body.decode("latin-1"))
        return
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:  # cut off, or no JSON at all
        if (text := text_of(body)) is not None:
            yield Field("content", text)
    else:
        yield from _json_fields(document)


def _json_fields(document: Any) -> Iterator[Field]:
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield Field("value", node)
        elif isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            for key, value in node.items():
                yield Field("name", key)
                if key not in UNREAD:
                    waiting.append(value)


def _form_fields(body: bytes) -> Iterator[Field]:
    """Every part of a multipart body (RFC 7578): its file's name, if it has one, and its content, if it is text."""
    boundary, _, _ = body.partition(b"\r\n")
    for part in body.split(boundary or b"\r\n"):
        head, _, content = part.partition(b"\r\n\r\n")
        names = FILE_NAME.findall(head)
        yield from (Field("file_name", name.decode("utf-8", "replace")) for name in names)
        content = content.removesuffix(b"\r\n")
        # A picture is a file; a field that is no text is odd enough to be read as far as it goes.
        text = text_of(content) if names else content.decode("utf-8", "replace")
        if text is not None:
            yield Field("content", text)


def text_of(content: bytes) -> str | None:
    """Its text, without a character that is cut off at the end; None where it is no text, such as a picture."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        return content[: error.start].decode() if error.reason == "unexpected end of data" else None


def readings(field: Field) -> Iterator[str]:
    """The text as it may be read: decoded, and where all of it is base64 of a text, that one too."""
    yield normalised(field.text)
    if field.place != "path" and BASE64.fullmatch(field.text):
        try:
            inner = urlsafe_b64decode(field.text.translate(TO_URL_SAFE) + "==").decode()
        except ValueError:  # no base64, or not of a text
            return
        yield normalised(inner)


def normalised(text: str) -> str:
    """Lower case, without percent-encoding, escapes, entities, comments and wide letters."""
    for _ in range(ROUNDS):
        if "%" not in text:
            break
        text = unquote(text)
    if "\\u" in text:
        text = ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    if "&" in text:
        text = html.unescape(text)
    if "/*" in text:
        text = COMMENT.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.lower()


def prose_of(text: str) -> str | None:
    """The text without the code that it shows; None where it shows none, or is no prose."""
    if "`" not in text:
        return None
    prose = CODE.sub(" ", text)
    return prose if len(prose.split()) >= PROSE_WORDS else None
