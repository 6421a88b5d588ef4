"""The table of rules that this project's own code may break, each with its reason. There are no silencing comments."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from security.scan.findings import Finding

TABLE = Path(__file__).with_name("policy.toml")
# The table speaks of paths of this project: another project's folder of the same name gets nothing from it.
PROJECT = TABLE.parents[2]


@dataclass(frozen=True)
class Allowance:
    """These rules may be broken by files that match any of `paths` (`*` also crosses folders), because of `reason`."""

    rules: tuple[str, ...]
    paths: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether it speaks of this finding, or of what one of its scanners saw."""
        return bool(finding.rules & set(self.rules)) and any(fnmatchcase(finding.path, path) for path in self.paths)


def policy_for(root: Path) -> list[Allowance]:
    """The allowances that hold for code below `root`."""
    return read_policy(TABLE) if root == PROJECT else []


def read_policy(path: Path) -> list[Allowance]:
    """Read a table of allowances; KeyError or TypeError where a row lacks a part."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["allow"]
    return [Allowance(tuple(row["rules"]), tuple(row["paths"]), row["reason"]) for row in rows]
