"""Reads what a run begins with: the OpenAPI document from a file or a URL, and identities from a file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from security.guard import Authorization, Refused, allow, same_host
from security.probe.client import Client, Meter, Sources
from security.stranger.document import Document, DocumentError, read_document

HOPS = 3
TIMEOUT_S = 10.0


class IdentitiesError(ValueError):
    """The file of identities can't be used; the message is one sentence for the user."""


def load_document(source: str, authorization: Authorization | None = None) -> Document:
    """The document in a file, or at a URL that the guard allows; redirects are followed on that very host alone.

    Raises:
        Refused: the URL, or where it redirects to, is neither loopback nor authorised.
        DocumentError: there is no document there.
    """
    if not source.startswith(("http://", "https://")):
        try:
            return read_document(Path(source).read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            raise DocumentError(f"{source} is no text: {error}.") from error
    return read_document(_fetched(source, authorization))


def _fetched(url: str, authorization: Authorization | None) -> str:
    pinned = allow(url, authorization)
    with Client(pinned, source=Sources(pinned).take(), meter=Meter(), timeout_s=TIMEOUT_S) as client:
        for _ in range(HOPS):
            parts = urlsplit(url)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            try:
                answer = client.get(path, fresh=False)
            except httpx.HTTPError as error:
                raise DocumentError(f"{url} does not answer: {type(error).__name__}.") from error
            if not answer.is_redirect:
                break
            url = urljoin(url, answer.headers["location"])
            if not same_host(pinned, url):
                raise Refused(f"The document is redirected to {url}, another host: name that URL if it may be asked.")
    if not answer.is_success:
        raise DocumentError(f"{url} answered {answer.status_code} instead of an OpenAPI document.")
    return answer.text


def load_identities(path: Path) -> list[Mapping[str, Any]]:
    """Two identities, from TOML (`[[identity]]`) or, in a file named `.json`, a JSON list.

    Each has a `password` with a `username` or `email` (or both), or what to send: `headers`, `cookies`.
    """
    text = path.read_text(encoding="utf-8")
    try:
        read = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise IdentitiesError(f"{path} is neither TOML nor JSON: {error}.") from error
    entries = read if isinstance(read, list) else read.get("identity", read.get("identities"))
    if not isinstance(entries, list) or len(entries) != 2 or not all(isinstance(one, dict) for one in entries):
        raise IdentitiesError(f"{path} must hold two identities: two tables [[identity]], or a JSON list of two.")
    for one in entries:
        if not (one.get("password") and (one.get("username") or one.get("email"))) and not (
            one.get("headers") or one.get("cookies")
        ):
            raise IdentitiesError(f"Each identity of {path} needs a password with a name, or headers or cookies.")
    return entries
