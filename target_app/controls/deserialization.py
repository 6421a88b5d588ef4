"""How a document that a user hands in becomes values."""

import pickle
import re
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any, Protocol

import orjson

from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.web.errors import ApiError

#: Lists, mappings, their keys and their values: four times what the largest honest import has.
MOST_NODES = 20_000
DEEPEST = 16
#: A JSON string, also one that never ends. Possessive: it takes linear time.
STRING = re.compile(rb'"(?:[^"\\]++|(?:\\.)++)*+\\?"?', re.DOTALL)
#: Bytes that give a JSON document its structure, and all others.
STRUCTURE = b"[]{},:"
CONTENT = bytes(set(range(256)) - set(STRUCTURE))
Reader = Callable[[bytes], Any]


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
        try:
            value = read(SAFE_READERS, content, media_type)
        except ApiError:
            self._deny()
            raise
        self._allow()
        return value


class YamlLoad:
    """YAML with its tags, as `yaml.load` read it for years: a tag can name any function, which is called."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def load(self, content: bytes, media_type: str) -> Any:
        """Whatever the document makes."""
        return read(YAML_LOAD_READERS, content, media_type)


class Pickle:
    """Python's own format beside the others, "for backups": a pickle can name any function, which is called."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def load(self, content: bytes, media_type: str) -> Any:
        """Whatever the document makes."""
        return read(PICKLE_READERS, content, media_type)


def read(readers: Mapping[str, Reader], content: bytes, media_type: str) -> Any:
    """The value, by the reader for its media type. Raises ApiError 415, 422."""
    reader = readers.get(media_type)
    if reader is None:
        raise ApiError(415, {"content-type": ["is not taken"]})
    try:
        return reader(content)
    except ValueError:
        raise ApiError(422, {"body": ["is invalid"]}) from None


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


def load_tagged_yaml(content: bytes) -> Any:
    """The value of a YAML document, objects of Python included. Raises ValueError."""
    import yaml  # costs as much as many a small server's start

    try:
        return yaml.load(content, Loader=yaml.CLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def load_pickle(content: bytes) -> Any:
    """The value of a pickle. Raises ValueError."""
    try:
        return pickle.loads(content)
    except Exception as error:  # whatever its functions raise
        raise ValueError("no pickle") from error


YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml")
PICKLE_TYPES = ("application/octet-stream", "application/x-pickle")
SAFE_READERS: Mapping[str, Reader] = {"application/json": load_json, **dict.fromkeys(YAML_TYPES, load_yaml)}
YAML_LOAD_READERS: Mapping[str, Reader] = {**SAFE_READERS, **dict.fromkeys(YAML_TYPES, load_tagged_yaml)}
PICKLE_READERS: Mapping[str, Reader] = {**SAFE_READERS, **dict.fromkeys(PICKLE_TYPES, load_pickle)}

DESERIALIZATION: Factor[Deserialization] = Factor(
    name="deserialization",
    kind="control",
    threat="A file that is imported runs code on the server",
    owasp=(),
    asvs=("1.5.2",),
    cwe=("502",),
    cost_hypothesis="Some hundred µs an import: a document is walked once before it is read",
    journeys=("integrator",),
    levels=(
        Level(
            "pickle",
            "weak",
            "pickles are taken beside JSON and YAML",
            Pickle,
            trips=("imported_code",),
            static_findings=(
                StaticFinding("B403", "target_app/controls/deserialization.py"),
                StaticFinding("T106", "target_app/controls/deserialization.py", "load_pickle"),
            ),
        ),
        Level(
            "yaml_load",
            "weak",
            "YAML may name functions",
            YamlLoad,
            trips=("imported_code",),
            static_findings=(StaticFinding("T106", "target_app/controls/deserialization.py", "load_tagged_yaml"),),
        ),
        Level("safe", "strong", "texts, numbers, lists and mappings, bounded before they are read", Safe),
    ),
)
