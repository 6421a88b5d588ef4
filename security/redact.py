"""Takes secrets out of evidence: a short recognisable prefix and the length stay, the rest does not leave `security/`.

`redact` reads text by its shape (tokens, hashes, header lines, URLs) and structures by their keys (password, token).
A masked piece, such as `eyJh…[154]`, is never touched again, and the rules run until nothing changes: redacting twice
is redacting once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

PREFIX_CHARACTERS = 4

_MASKED = re.compile(r"([A-Za-z0-9$]{0,4}…\[\d+\])")

# Keys whose value is secret as a whole, compared without case, hyphens and underscores.
_SECRET_KEY = re.compile(
    r"(pass(word|wd|phrase)?|pwd|secret|token|jwt|bearer|(api|signing|private)key|authorization|cookie"
    r"|session(id)?|csrf|salt|credentials?)$"
)
# `password_hash` is a column in one place and a factor in another: there a value that is a plain short word stays.
_HASH_KEY = re.compile(r"(hash|digest)$")
_PLAIN_WORD = re.compile(r"[a-z][a-z0-9_]{0,23}")

# Each rule masks its one group `secret`. Header lines and assignments name what they hold; the rest is known by shape.
_RULES = tuple(
    re.compile(rule)
    for rule in (
        r"(?i)\bauthorization['\"]?\s{0,4}[:=]\s{0,4}['\"]?(?:(?:token|bearer|basic|digest)\s{1,4})?"
        r"(?!(?:token|bearer|basic|digest)(?:\s|$))(?P<secret>[^\s'\",]+)",
        r"(?i)\bcookie['\"]?\s{0,4}:\s{0,4}['\"]?(?P<secret>[^\s'\"][^\r\n'\"]*)",
        r"(?i)\b(?:token|bearer|basic)\s{1,4}(?P<secret>[A-Za-z0-9._~+/=-]{16,})",
        r"(?i)(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|session(?:id)?|csrf)"
        # the messages of an API ("token: is missing") name the field and hold no secret
        r"['\"]?\s{0,4}[:=]\s{0,4}['\"]?(?!(?:is|has|was|must|can't)\s)(?P<secret>[^\s&,;'\"<>{}\[\]()]+)",
        # user-info of a URL
        r"(?i)\b[a-z][a-z0-9+.-]{1,20}://(?P<secret>[^\s/?#@]+)@",
        # JSON Web Tokens, unsigned ones too (RFC 7519)
        r"\b(?P<secret>eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?)",
        # argon2, bcrypt, scrypt and the sha-crypts in their modular form: $id$…$…
        r"(?P<secret>\$(?:argon2[a-z]{1,2}|2[abxy]|[156]|apr1|scrypt|pbkdf2[a-z0-9-]{0,10})\$[^\s'\";]+)",
        # algorithm, perhaps a salt, and a digest; hexadecimal digests alone, from MD5 (32 digits) up
        r"(?i)\b(?P<secret>(?:md5|sha\d{1,3}|pbkdf2[a-z0-9_-]{0,20})[$:{][^\s'\",;]{16,})",
        r"(?i)(?<![0-9a-f])(?P<secret>[0-9a-f]{32,})",
    )
)


def redact(value: Any) -> Any:
    """Return `value` (text, bytes, mapping or sequence; anything else as it is) without its secrets. Idempotent."""
    match value:
        case str():
            return redact_text(value)
        case bytes() | bytearray():
            return redact_text(bytes(value).decode("utf-8", "replace"))
        case Mapping():
            return {redact(key): _redact_item(key, item) for key, item in value.items()}
        case Sequence() | set() | frozenset():
            return [redact(item) for item in value]
        case _:
            return value


def redact_text(text: str) -> str:
    """Return `text` with everything that looks like a secret masked."""
    while (masked := _one_pass(text)) != text:  # ends: every change leaves fewer characters outside masked pieces
        text = masked
    return text


def mask(secret: str) -> str:
    """Return the first characters of `secret` and its length in characters, such as `eyJh…[154]`."""
    if not secret or _MASKED.fullmatch(secret):
        return secret
    # A short secret keeps less: four characters of a six-letter password would be most of it.
    kept = secret[: min(PREFIX_CHARACTERS, len(secret) // 4)]
    return f"{re.sub(r'[^A-Za-z0-9$]', '', kept)}…[{len(secret)}]"


def is_secret_key(key: object) -> bool:
    """Whether a field of this name holds a secret, whatever its value looks like."""
    return bool(_SECRET_KEY.search(_bare(key)))


def _one_pass(text: str) -> str:
    pieces = _MASKED.split(text)
    for rule in _RULES:
        # Odd pieces are masked already. A rule adds masked pieces of its own, so split again for the next one.
        pieces[::2] = [rule.sub(_mask_match, piece) for piece in pieces[::2]]
        pieces = _MASKED.split("".join(pieces))
    return "".join(pieces)


def _mask_match(found: re.Match[str]) -> str:
    start, end = (index - found.start() for index in found.span("secret"))
    return found.group()[:start] + mask(found["secret"]) + found.group()[end:]


def _redact_item(key: object, item: Any) -> Any:
    if is_secret_key(key):
        return _mask_all(item)
    if isinstance(item, str) and _HASH_KEY.search(_bare(key)) and not _PLAIN_WORD.fullmatch(item):
        return mask(item)
    return redact(item)


def _mask_all(item: Any) -> Any:
    match item:
        case str():
            return mask(item)
        case bytes() | bytearray():
            return mask(bytes(item).decode("utf-8", "replace"))
        case Mapping():
            return {redact(key): _mask_all(one) for key, one in item.items()}
        case Sequence() | set() | frozenset():
            return [_mask_all(one) for one in item]
        case bool() | None:
            return item
        case _:
            return mask(str(item))


def _bare(key: object) -> str:
    return re.sub(r"[-_\s]", "", str(key)).lower()
