"""Payload x carrier x encoding: each payload is played plainly once, and once in one of its disguises.

Which carrier and which disguise follows from a digest of the payload, so that a case stays the same, and keeps its id,
when other payloads come or go.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from security.corpus.encodings import BY_PLACE, OF_JSON, OF_TEXT, OF_URL, PLAIN
from security.corpus.model import SLOT, Aimed, Carrier, Case, Kind, PayloadSet, Place, Request, Requested

#: What a browser leaves as it is in a path or a value of a query, and what frameworks write plainly there.
UNQUOTED = "!$'()*,/:;=@[]-._~"
BOUNDARY = "----harbour7f3a"
JSON = ("Content-Type", "application/json")
#: A header's value cannot hold these.
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def cases_of(payloads: PayloadSet, kind: Kind, carriers: Mapping[str, Carrier]) -> Iterator[Case]:
    """Every case of one payload set.

    Raises:
        KeyError: the set names a carrier that is not there.
    """
    for payload in payloads.payloads:
        text, names = (payload.text, [payload.carrier]) if isinstance(payload, Aimed) else (payload, payloads.carriers)
        digest = hashlib.sha256(f"{payloads.category}\0{text}".encode()).digest()
        for name, encoding in _chosen(text, {name: carriers[name] for name in names}, payloads, digest):
            carrier = carriers[name]
            yield Case(
                id=f"{payloads.category}/{digest.hex()[:8]}/{name}/{encoding}",
                kind=kind,
                category=payloads.category,
                place=carrier.place,
                encoding=encoding,
                payload=text,
                request=_filled(carrier, text, encoding),
            )
    for requested in payloads.requests:
        yield _whole(requested, payloads.category, kind)


def _chosen(
    text: str, carriers: Mapping[str, Carrier], payloads: PayloadSet, digest: bytes
) -> Iterator[tuple[str, str]]:
    """A carrier with the plain text; then a disguise, and a carrier on which it can be worn."""
    able: dict[str, list[str]] = {}
    for name, carrier in carriers.items():
        for encoding in (PLAIN, *BY_PLACE[carrier.place], *payloads.disguises):
            if _fits(text, encoding, carrier):
                able.setdefault(encoding, []).append(name)
    disguises = [encoding for encoding in able if encoding != PLAIN]
    yield from _picked([PLAIN] if PLAIN in able else [], able, digest)
    yield from _picked(disguises, able, digest)


def _picked(encodings: Sequence[str], able: Mapping[str, Sequence[str]], digest: bytes) -> Iterator[tuple[str, str]]:
    """One of the encodings, and one of the carriers that are able to wear it; nothing where there is none."""
    if encodings:
        encoding = encodings[int.from_bytes(digest[:4], "big") % len(encodings)]
        names = able[encoding]
        yield names[int.from_bytes(digest[4:8], "big") % len(names)], encoding


def _fits(text: str, encoding: str, carrier: Carrier) -> bool:
    """Whether the place can hold it, and the disguise changes it."""
    changed = (OF_URL | OF_JSON | OF_TEXT)[encoding](text)
    return (encoding == PLAIN or changed != text) and not (carrier.header and CONTROL.search(changed))


def _filled(carrier: Carrier, text: str, encoding: str) -> Request:
    if carrier.body is not None:
        written = f'"{OF_JSON[encoding](text)}"' if encoding in OF_JSON else _json(OF_TEXT[encoding](text))
        body = carrier.body.replace(SLOT, written).encode()
        return Request(carrier.method, carrier.target, (JSON,), body)
    if carrier.part is not None:
        return _form(carrier, carrier.part, OF_TEXT[encoding](text))
    if carrier.header is not None:
        value = OF_URL[encoding](text) if encoding in OF_URL else OF_TEXT[encoding](text)
        return Request(carrier.method, carrier.target, ((carrier.header, value),))
    part = OF_URL[encoding](text) if encoding in OF_URL else quote(OF_TEXT[encoding](text), safe=UNQUOTED)
    return Request(carrier.method, carrier.target.replace(SLOT, part))


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _form(carrier: Carrier, part: str, text: str) -> Request:
    """One part of a form (RFC 7578); a file's name is written as browsers do."""
    name = text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    content = text if SLOT not in part else carrier.content or ""
    disposition = part.replace(SLOT, f'"{name}"')
    lines = [
        f"--{BOUNDARY}",
        f"Content-Disposition: {disposition}",
        "",
        content,
        f"--{BOUNDARY}--",
        "",
    ]
    headers = (("Content-Type", f"multipart/form-data; boundary={BOUNDARY}"),)
    return Request(carrier.method, carrier.target, headers, "\r\n".join(lines).encode())


def _whole(requested: Requested, category: str, kind: Kind) -> Case:
    body = requested.body
    digest = hashlib.sha256(f"{requested.method} {requested.target}\0{body or ''}".encode()).hexdigest()
    place: Place = "json_value" if body else "query" if "?" in requested.target else "path"
    return Case(
        id=f"{category}/{digest[:8]}/request/{PLAIN}",
        kind=kind,
        category=category,
        place=place,
        encoding=PLAIN,
        payload=body or requested.target,
        request=Request(requested.method, requested.target, (JSON,) if body else (), (body or "").encode()),
    )
