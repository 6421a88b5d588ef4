"""Every row of the contract's table of errors."""

from collections import Counter
from typing import Any

import pytest

from tests.target_app.contract.conftest import Served, declared_exceptions
from tests.target_app.contract.refusals import FOREIGN_DRAFT, GUARDED, REFUSALS, Refusal
from tests.target_app.contract.specification import Specification


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row.name)
def test_request_is_refused(row: Refusal, served: Served, request: pytest.FixtureRequest) -> None:
    """The request gets the status and the error of its row; what a level declares to break is broken."""
    served.excuse(row.case, request)
    # Where somebody else's request is not refused, it leaves the scene in pieces.
    row.check(served.api, served.own_scene() if row.who == "other" else served.scene)


def test_rows_have_names_of_their_own() -> None:
    """No two rows share a name."""
    assert [name for name, times in Counter(row.name for row in REFUSALS).items() if times > 1] == []


def test_every_guarded_operation_is_in_the_table(specification: Specification) -> None:
    """The operations tried without a token are those that the document secures."""
    assert set(GUARDED) == {name for name, operation in specification.operations.items() if operation.needs_token}


def test_declared_exceptions_are_cases(described: dict[str, Any]) -> None:
    """Every exception that any level declares is a case of the table, and strong and plain levels declare none."""
    declared = {
        (level["tag"], case)
        for factor in described["factors"]
        for level in factor["levels"]
        for case in level["contract_exceptions"]
    }
    assert {case for _, case in declared} <= {row.case for row in REFUSALS}
    assert {entry for entry in declared if entry[0] in {"strong", "plain"}} == set()


@pytest.mark.parametrize("profile", ["tutorial", "hardened"])
def test_profiles_that_keep_the_contract_declare_no_exception(described: dict[str, Any], profile: str) -> None:
    """`tutorial` and `hardened` keep all of the contract."""
    assert declared_exceptions(described, profile) == frozenset()


def test_none_declares_exceptions(described: dict[str, Any]) -> None:
    """`none` breaks what object authorisation is for: without that, the exceptions above were never tried."""
    assert declared_exceptions(described, "none") >= {"another user's article, update or delete", FOREIGN_DRAFT}
