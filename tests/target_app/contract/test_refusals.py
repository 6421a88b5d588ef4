"""Every row of the contract's table of errors."""

from collections import Counter
from typing import Any

import pytest

from tests.target_app.contract.conftest import Served, declared_exceptions
from tests.target_app.contract.refusals import GUARDED, REFUSALS, Refusal
from tests.target_app.contract.scene import Scene
from tests.target_app.contract.specification import Specification


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row.name)
def test_request_is_refused(row: Refusal, served: Served, scene: Scene, request: pytest.FixtureRequest) -> None:
    """The request gets the status and the error of its row; a row that a level declares to break is really broken."""
    served.excuse(row.name, request)
    row.check(served.api, scene)


def test_rows_have_names_of_their_own() -> None:
    """No two rows share a name: an exception excuses one row alone."""
    assert [name for name, times in Counter(row.name for row in REFUSALS).items() if times > 1] == []


def test_every_guarded_operation_is_in_the_table(specification: Specification) -> None:
    """The operations tried without a token are those that the document secures."""
    assert set(GUARDED) == {name for name, operation in specification.operations.items() if operation.needs_token}


def test_declared_exceptions_are_rows(described: dict[str, Any]) -> None:
    """Every exception that any level declares names a row, and strong and plain levels declare none."""
    declared = {
        (level["name"], level["tag"], row)
        for factor in described["factors"]
        for level in factor["levels"]
        for row in level["contract_exceptions"]
    }
    assert {row for _, _, row in declared} <= {row.name for row in REFUSALS}
    assert {entry for entry in declared if entry[1] in {"strong", "plain"}} == set()


@pytest.mark.parametrize("profile", ["tutorial", "hardened"])
def test_profiles_that_keep_the_contract_declare_no_exception(described: dict[str, Any], profile: str) -> None:
    """`tutorial` and `hardened` keep all of the contract."""
    assert declared_exceptions(described, profile) == frozenset()
