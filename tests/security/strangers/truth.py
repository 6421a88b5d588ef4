"""The seeded flaws of a backend, as its `flaws.toml` lists them; README.md describes the file."""

import tomllib
from dataclasses import dataclass

from tests.parts.strange_backend import STRANGERS


@dataclass(frozen=True)
class Flaw:
    """One seeded flaw. An operation is `METHOD /path/{template}`, or `*` for all."""

    id: str
    owasp: tuple[str, ...]
    cwe: tuple[int, ...]
    operations: tuple[str, ...]
    documented: bool
    what: str
    proof: str


def read_truth(application: str) -> list[Flaw]:
    """All seeded flaws of a backend, in the order of its file."""
    content = tomllib.loads((STRANGERS / application / "flaws.toml").read_text(encoding="utf-8"))
    if content["schema"] != 1:
        raise ValueError(f"schema {content['schema']} is not known")
    return [
        Flaw(
            id=entry["id"],
            owasp=tuple(entry["owasp"]),
            cwe=tuple(entry["cwe"]),
            operations=tuple(entry["operations"]),
            documented=entry.get("documented", True),
            what=entry["what"],
            proof=entry["proof"],
        )
        for entry in content["flaw"]
    ]
