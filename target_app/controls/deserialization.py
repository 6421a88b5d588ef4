"""How a document that a user hands in becomes values."""

import pickle
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from target_app.controls.input_limits import DEEPEST, MOST_NODES, InputLimits
from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.web.errors import ApiError

Reader = Callable[[bytes], Any]
JSON = "application/json"
YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml")
PICKLE_TYPES = ("application/octet-stream", "application/x-pickle")


class Deserialization(Protocol):
    """Reads documents."""

    def load(self, content: bytes, media_type: str) -> Any:
        """The value. Slow: to be called on a thread. Raises ApiError 415, 422."""


#: Reads JSON within these limits.
Within = Callable[[InputLimits], Deserialization]


class Safe:
    """JSON, and YAML that says no more than JSON can, bounded in size and depth before anything is built."""

    def __init__(self, kit: Kit, limits: InputLimits) -> None:
        self._readers = {JSON: limits.read_json, **dict.fromkeys(YAML_TYPES, load_yaml)}
        self._allow = kit.metrics.decision("deserialization", "allow")
        self._deny = kit.metrics.decision("deserialization", "deny")

    def load(self, content: bytes, media_type: str) -> Any:
        """Nothing but texts, integers, truth values, null, lists and mappings."""
        try:
            value = read(self._readers, content, media_type)
        except ApiError:
            self._deny()
            raise
        self._allow()
        return value


class YamlLoad:
    """YAML with its tags, as `yaml.load` read it for years: a tag can name any function, which is called."""

    def __init__(self, _kit: Kit, limits: InputLimits) -> None:
        self._readers = {JSON: limits.read_json, **dict.fromkeys(YAML_TYPES, load_tagged_yaml)}

    def load(self, content: bytes, media_type: str) -> Any:
        """Whatever the document makes."""
        return read(self._readers, content, media_type)


class Pickle:
    """Python's own format beside the others, "for backups": a pickle can name any function, which is called."""

    def __init__(self, _kit: Kit, limits: InputLimits) -> None:
        yaml = dict.fromkeys(YAML_TYPES, load_yaml)
        self._readers = {JSON: limits.read_json, **yaml, **dict.fromkeys(PICKLE_TYPES, load_pickle)}

    def load(self, content: bytes, media_type: str) -> Any:
        """Whatever the document makes."""
        return read(self._readers, content, media_type)


def read(readers: Mapping[str, Reader], content: bytes, media_type: str) -> Any:
    """The value, by the reader for its media type. Raises ApiError 415, 422."""
    reader = readers.get(media_type)
    if reader is None:
        raise ApiError(415, {"content-type": ["is not taken"]})
    try:
        return reader(content)
    except ValueError:
        raise ApiError(422, {"body": ["is invalid"]}) from None


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


DESERIALIZATION: Factor[Within] = Factor(
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
            lambda kit: partial(Pickle, kit),
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
            lambda kit: partial(YamlLoad, kit),
            trips=("imported_code",),
            static_findings=(StaticFinding("T106", "target_app/controls/deserialization.py", "load_tagged_yaml"),),
        ),
        Level(
            "safe",
            "strong",
            "texts, numbers, lists and mappings, bounded before they are read",
            lambda kit: partial(Safe, kit),
        ),
    ),
)
