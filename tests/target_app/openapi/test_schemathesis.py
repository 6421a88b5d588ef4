"""Schemathesis against a real server: what the OpenAPI document does not declare must never be answered."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from target_app.app import document
from tests.parts.templates import SqliteTemplates
from tests.target_app.openapi.served import Served, served

#: A stream has no end to wait for; tests/target_app/realtime reads it.
ENDLESS = {"/api/events"}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

schema = schemathesis.openapi.from_dict(document()).exclude(path=sorted(ENDLESS))


@pytest.fixture(scope="module")
def there(seeded: SqliteTemplates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all operations of this process."""
    with served(seeded, tmp_path_factory.mktemp("schemathesis")) as running:
        yield running


@schema.parametrize()
@settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_only_what_is_declared_is_answered(case: Any, there: Served) -> None:
    """No 5xx, no undeclared status, no body of another shape: signed in, on what exists, and as nobody."""
    signed = {"Authorization": f"Token {there.signed(case.path)}"}
    drawn = case.path_parameters
    named = {**drawn, **{name: there.existing[name] for name in drawn if name in there.existing}}
    for path_parameters, headers in ((drawn, signed), (named, signed), (named, {})):
        case.path_parameters = path_parameters
        answer = case.call(base_url=there.server.url, headers=headers)
        case.validate_response(answer, checks=CHECKS)
