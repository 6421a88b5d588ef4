"""Reads the corpus: `attacks/*.toml`, `benign/*.toml` and `carriers.toml`, expanded to cases."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from security.corpus.expand import cases_of
from security.corpus.model import Carrier, Case, Kind, PayloadSet

FOLDERS: Final[Mapping[Kind, str]] = {"attack": "attacks", "benign": "benign"}


@cache
def load_corpus() -> tuple[Case, ...]:
    """Every case, attacks first, in the order of the files."""
    carriers = {name: Carrier.model_validate(table) for name, table in _read(_root() / "carriers.toml").items()}
    return tuple(case for kind in FOLDERS for one in payload_sets(kind) for case in cases_of(one, kind, carriers))


def payload_sets(kind: Kind) -> list[PayloadSet]:
    """The files of one kind, by name."""
    found = sorted((_root() / FOLDERS[kind]).iterdir(), key=lambda path: path.name)
    return [PayloadSet.model_validate(_read(path)) for path in found if path.name.endswith(".toml")]


def _root() -> Traversable:
    return files("security.corpus")


def _read(path: Traversable) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
