"""Which probes an arm meets."""

from __future__ import annotations

from security.probe.catalog import CATALOG as PROBES
from tradeoff.measure.attacks import probes_for
from tradeoff.plan.arm import parse_arm
from tradeoff.plan.factors import Catalog

CATALOG = Catalog.model_validate(
    {
        "name": "toy",
        "factors": [
            {
                "name": "sql",
                "kind": "control",
                "journeys": ["read"],
                "levels": [
                    {"name": "string_built", "tag": "weak", "trips": ["sql_error", "error_leak"]},
                    {"name": "bound", "tag": "strong"},
                    {"name": "escaped", "tag": "strong"},
                ],
            }
        ],
        "profiles": {"none": {"sql": "string_built"}, "hardened": {"sql": "bound"}},
    }
)
ALL = [probe.name for probe in PROBES]
OF_SQL = ["sql_boolean", "sql_error", "sql_union"]


def test_all_means_all() -> None:
    """Every arm meets every probe."""
    for arm in ("none", "hardened", "hardened,sql=string_built"):
        assert probes_for(parse_arm(arm, CATALOG), "all", CATALOG) == ALL


def test_own_probes_are_those_of_the_changed_factor_and_the_declared_ones() -> None:
    """A changed level meets the probes of its control and those that it says it trips; profiles meet all."""
    assert probes_for(parse_arm("hardened,sql=escaped", CATALOG), "own", CATALOG) == OF_SQL
    assert probes_for(parse_arm("hardened,sql=string_built", CATALOG), "own", CATALOG) == [*OF_SQL, "error_leak"]
    assert probes_for(parse_arm("hardened", CATALOG), "own", CATALOG) == ALL
    assert probes_for(parse_arm("none", CATALOG), "own", CATALOG) == ALL
