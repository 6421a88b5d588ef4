"""Which columns of a row a request may set."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, create_model
from sqlalchemy import text

from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.database import Connection
from target_app.schema import metadata

Model = TypeVar("Model", bound=BaseModel)

SET_BALANCE = text(
    "INSERT INTO ledger_accounts (id, balance) VALUES (:user, :balance) "
    "ON CONFLICT (id) DO UPDATE SET balance = :balance"
)


class MassAssignment(Protocol):
    """Stands between a request's body and the row that is written from it."""

    def model(self, envelope: type[Model]) -> type[Model]:
        """The model that a body is read as."""

    def row(self, table: str, given: Mapping[str, Any], decided: Mapping[str, Any]) -> dict[str, Any]:
        """The columns to write, of what the client gave and what the server decided."""

    async def account(self, connection: Connection, user_id: int, given: Mapping[str, Any]) -> None:
        """Write what the client gave of the user's account in the ledger."""


class DeclaredOnly:
    """A model reads what it declares and drops the rest; what the server decides stands."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def model(self, envelope: type[Model]) -> type[Model]:
        """The declared one."""
        return envelope

    def row(self, table: str, given: Mapping[str, Any], decided: Mapping[str, Any]) -> dict[str, Any]:
        """What was declared, and above it what the server decided."""
        return columns_of(table, given) | dict(decided)

    async def account(self, _connection: Connection, _user_id: int, _given: Mapping[str, Any]) -> None:
        """Nobody sets a balance: it follows from the ledger's entries."""
        return


class SetEverything:
    """Whatever a request names is set where it is known, as `User(**body)` and `setattr` in a loop do."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def model(self, envelope: type[Model]) -> type[Model]:
        """One that keeps what it does not declare."""
        return open_model(envelope)

    def row(self, table: str, given: Mapping[str, Any], decided: Mapping[str, Any]) -> dict[str, Any]:
        """What the server decided, and above it all that the client gave."""
        return dict(decided) | columns_of(table, given)

    async def account(self, connection: Connection, user_id: int, given: Mapping[str, Any]) -> None:
        """A balance, too: to the mapped class of a user it is an attribute like any other."""
        if "balance" in given:
            await connection.run(SET_BALANCE, {"user": user_id, "balance": given["balance"]})


class OpenBody(BaseModel):
    """Keeps fields that it does not declare."""

    model_config = ConfigDict(extra="allow")


@cache
def open_model(envelope: type[Model]) -> type[Model]:
    """`envelope`, with its one inner model open to every field."""
    ((name, field),) = envelope.model_fields.items()
    declared: Any = field.annotation
    inner = create_model(f"Open{envelope.__name__}Inner", __base__=(declared, OpenBody))
    opened: dict[str, Any] = {name: (inner, ...)}
    return create_model(f"Open{envelope.__name__}", __base__=envelope, **opened)


def columns_of(table: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What of `given` are columns of the table."""
    known = metadata.tables[table].c
    return {name: value for name, value in given.items() if name in known}


MASS_ASSIGNMENT: Factor[MassAssignment] = Factor(
    name="mass_assignment",
    kind="control",
    threat="A request sets a field that is the server's to decide: a role, a balance, an article's author",
    owasp=("API3",),
    asvs=("15.3.3",),
    cwe=("915",),
    cost_hypothesis="Nothing that can be measured: a model that drops a field does less than one that keeps it",
    journeys=("author",),
    levels=(
        Level(
            "set_everything",
            "weak",
            "every column that a request names",
            SetEverything,
            trips=("role_assigned", "balance_assigned", "author_assigned"),
            static_findings=(StaticFinding("R282", "target_app/controls/mass_assignment.py", "OpenBody"),),
        ),
        Level("declared_only", "strong", "the fields that the contract declares", DeclaredOnly),
    ),
)
