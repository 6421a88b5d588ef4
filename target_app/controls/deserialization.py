"""How a document that a user hands in becomes values."""

import re
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any, Protocol

import orjson

from target_app.controls.model import Kit
from target_app.web.errors import ApiError

#: Lists, mappings, their keys and their values: four times what the largest honest import has.
MOST_NODES = 20_000
DEEPEST = 16
#: A JSON string, also one that never ends. Possessive: it takes linear time.
STRING = re.compile(rb'"(?:[^"\\]++|(?:\\.)++)*+\\?"?', re.DOTALL)
#: Bytes that give a JSON document its structure, and all others.
STRUCTURE = b"[]{},:"
CONTENT = bytes(set(range(256)) - set(STRUCTURE))


class Deserialization(Protocol):
    """Reads documents."""

    def load(self, content: bytes, media_type: str) -> Any:
        """The value. Slow: to be called on a thread. Raises ApiError 415, 422."""


class Safe:
    """JSON, and YAML that says no more than JSON can; both bounded in size and depth before anything is built."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("deserialization", "allow")
        self._deny = kit.metrics.decision("deserialization", "deny")

    def load(self, content: bytes, media_type: str) -> Any:
        """Nothing but texts, integers, truth values, null, lists and mappings."""
        reader = READERS.get(media_type)
        if reader is None:
            raise ApiError(415, {"content-type": ["is not taken"]})
        try:
            value = reader(content)
        except ValueError:
            self._deny()
            raise ApiError(422, {"body": ["is invalid"]}) from None
        self._allow()
        return value


def load_json(content: bytes) -> Any:
    """The value of a JSON document. Raises ValueError."""
    bare, strings = STRING.subn(b"", content, count=MOST_NODES)
    structure = bare.translate(None, CONTENT)
    if strings == MOST_NODES or len(structure) > MOST_NODES or deepest(structure) > DEEPEST:
        raise ValueError("too large or too deep")
    return orjson.loads(content)


def deepest(structure: bytes) -> int:
    """How deep brackets open."""
    return max(accumulate((byte in b"[{") - (byte in b"]}") for byte in structure), default=0)


def load_yaml(content: bytes) -> Any:
    """The value of a YAML document. Raises ValueError."""
    from target_app.transfer import plain_yaml

    return plain_yaml.load(content, MOST_NODES, DEEPEST)


READERS: Mapping[str, Callable[[bytes], Any]] = {
    "application/json": load_json,
    "application/yaml": load_yaml,
    "application/x-yaml": load_yaml,
    "text/yaml": load_yaml,
}
