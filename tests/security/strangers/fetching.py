"""The two ways in which the Python strangers ask another server."""

import urllib.request
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

PATIENCE_S: Final = 3.0
MOST_BYTES: Final = 64 * 1024


class FetchRefusedError(Exception):
    """The URL may not be asked, or nothing usable came back."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any, **_named: Any) -> None:
        return None


def fetch_anything(url: str) -> bytes:
    """Whatever stands at the URL, or wherever it redirects to."""
    return _fetch(urllib.request.build_opener(), url)


def fetch_from(origin: str, url: str) -> bytes:
    """What stands at a URL of this origin; redirects are failures. Raises `FetchRefusedError`."""
    if not origin or not _is_of(origin, url):
        raise FetchRefusedError("this address is not one of our partner's")
    return _fetch(urllib.request.build_opener(_NoRedirect), url)


def _is_of(origin: str, url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}" == origin and url.isascii() and url.isprintable() and " " not in url


def _fetch(opener: urllib.request.OpenerDirector, url: str) -> bytes:
    try:
        with opener.open(url, timeout=PATIENCE_S) as answer:
            body: bytes = answer.read(MOST_BYTES)
            return body
    except (OSError, HTTPException, ValueError) as error:
        raise FetchRefusedError("nothing usable came back") from error
