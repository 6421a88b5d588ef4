"""One server for each treatment and database that must keep the contract; the checks run against all of them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pytest

from tests.parts.postgres import PostgresCluster
from tests.parts.target import describe, empty_sqlite, migrate, target_server
from tests.target_app.contract.conduit import Conduit
from tests.target_app.contract.refusals import FOREIGN_DRAFT
from tests.target_app.contract.scene import Person, Scene, register, set_scene
from tests.target_app.contract.specification import Specification

SERVED: Final = ("hardened-sqlite", "hardened-postgresql", "tutorial-sqlite", "tutorial-postgresql", "none-sqlite")


@dataclass(frozen=True)
class Served:
    """A running treatment, the cases that it declares to break, and two people registered with it."""

    treatment: str
    api: Conduit
    exceptions: frozenset[str]

    def excuse(self, case: str, request: pytest.FixtureRequest) -> None:
        """Expects the test to fail where this treatment declares to break the case, and nowhere else."""
        if case in self.exceptions:
            request.applymarker(pytest.mark.xfail(strict=True, raises=AssertionError, reason=f"declared: {case}"))

    @cached_property
    def owner(self) -> Person:
        return register(self.api, "owner")

    @cached_property
    def other(self) -> Person:
        return register(self.api, "other")

    @cached_property
    def scene(self) -> Scene:
        """What refused requests leave as it was."""
        return self.own_scene()

    def own_scene(self) -> Scene:
        """A scene for one check alone."""
        return set_scene(self.api, self.owner, self.other)


@pytest.fixture(scope="session")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The target's own description of itself."""
    return describe(tmp_path_factory.mktemp("describe"))


@pytest.fixture(scope="session")
def specification() -> Specification:
    """The OpenAPI document."""
    return Specification()


def declared_exceptions(described: dict[str, Any], profile: str) -> frozenset[str]:
    """The cases that the levels of a profile declare to break."""
    chosen = described["profiles"][profile]
    return frozenset(
        case
        for factor in described["factors"]
        for level in factor["levels"]
        if level["name"] == chosen[factor["name"]]
        for case in cases_broken(level)
    )


def cases_broken(level: dict[str, Any]) -> list[str]:
    """A level's exceptions to the contract's table; drafts are not in it: there the probe that reads one speaks."""
    drafts = [FOREIGN_DRAFT] if "foreign_draft_read" in level["trips"] else []
    return [*level["contract_exceptions"], *drafts]


@pytest.fixture(scope="session", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in SERVED])
def served(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    described: dict[str, Any],
    specification: Specification,
) -> Iterator[Served]:
    """A server over an empty database."""
    treatment, database = request.param.split("-")
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        if database == "postgresql":
            cluster: PostgresCluster = request.getfixturevalue("postgres")
            url = stack.enter_context(cluster.database())
            migrate(url, folder, treatment)
        else:
            url = empty_sqlite(folder, treatment)
        server = stack.enter_context(target_server(treatment, url, folder))
        api = Conduit(server.url, specification)
        stack.callback(api.close)
        yield Served(treatment, api, declared_exceptions(described, treatment))


@pytest.fixture
def api(served: Served) -> Conduit:
    """The server under test."""
    return served.api


@pytest.fixture
def owner(served: Served) -> Person:
    """Somebody who is registered."""
    return served.owner


@pytest.fixture
def other(served: Served) -> Person:
    """Somebody else who is registered."""
    return served.other
