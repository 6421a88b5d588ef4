"""What makes a value harmful at a sink."""

from __future__ import annotations

import re

from security.scan.rules.values import Value

#: Such a start fixes where a URL leads, whatever follows it.
FIXED_HOST = re.compile(r"^(?:[a-z]+://[^/?#\0]+[/?#]|\0+[^/]*/|\0+\?|\0+&)")
FIXED_PLACE = re.compile(r"^(?:[a-z]+://[^/?#\0]+[/?#]|/[^/\\]|/$|\?|#|\0)")
LOOKS_LIKE_URL = re.compile(
    r"url|uri|link|href|src|hook|callback|endpoint|target|host|address|feed|image|avatar|site|domain|source|origin",
    re.I,
)


def sql_text(value: Value) -> bool:
    """Text that is executed, given whole or put together."""
    return value.text and (value.built or value.whole)


def built_sql(value: Value) -> bool:
    """Text that was put together and reads like SQL."""
    return value.text and value.built and value.like_sql


def anything(_value: Value) -> bool:
    """Any data at all."""
    return True


def nothing(_value: Value) -> bool:
    """No data."""
    return False


def text_itself(value: Value) -> bool:
    """Text as it was handed in, or put together."""
    return value.text


def free_host(value: Value) -> bool:
    """A URL whose host is not fixed by how it begins."""
    return value.text and not FIXED_HOST.match(value.prefix)


def named_url(value: Value) -> bool:
    """The same, where a name or a scheme says that it is a URL."""
    looks = "://" in value.prefix or any(LOOKS_LIKE_URL.search(source.name) for source in value.sources)
    return free_host(value) and looks


def free_place(value: Value) -> bool:
    """A redirect that may leave this host."""
    return value.text and not FIXED_PLACE.match(value.prefix)


def markup(value: Value) -> bool:
    """Text that was put into tags."""
    return value.text and "<" in value.prefix


def built(value: Value) -> bool:
    """Text that was put together with other text."""
    return value.text and value.built


def operators(value: Value) -> bool:
    """Part of a JSON document, where an object may stand in a string's place."""
    bodies = any(re.search(r"json|body|data|payload|media", source.name) for source in value.sources)
    return bodies and "operators" not in value.safe and (value.whole or not value.text)
