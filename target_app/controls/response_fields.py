"""Which columns of a user's row stand in an answer."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from sqlalchemy import Column

from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.users.models import users

#: Columns of a user's row that every answer about a user has.
SHOWN = frozenset({"username", "bio", "image"})


class ResponseFields(Protocol):
    """Adds to every object that stands for a user."""

    #: Selected behind the declared columns, in every statement that reads a user for an answer.
    columns: tuple[Column[Any], ...]
    #: What a response model does with fields of a user that it does not declare.
    undeclared: Literal["ignore", "allow"]

    def complete(self, declared: dict[str, Any], extra: Sequence[Any]) -> dict[str, Any]:
        """`declared` with the values of `columns` added."""


class Declared:
    """What the contract declares and nothing else."""

    columns: tuple[Column[Any], ...] = ()
    undeclared: Literal["ignore", "allow"] = "ignore"

    def __init__(self, _kit: Kit) -> None:
        return None

    def complete(self, declared: dict[str, Any], _extra: Sequence[Any]) -> dict[str, Any]:
        """`declared` itself."""
        return declared


class WholeRow:
    """Every column of the row, as `return user.__dict__` gives it: the e-mail address and the password's hash too."""

    columns: tuple[Column[Any], ...] = tuple(column for column in users.c if column.name not in SHOWN)
    undeclared: Literal["ignore", "allow"] = "allow"

    def __init__(self, _kit: Kit) -> None:
        self._names = [str(column.name) for column in self.columns]

    def complete(self, declared: dict[str, Any], extra: Sequence[Any]) -> dict[str, Any]:
        """The whole row, then what is declared."""
        return dict(zip(self._names, extra, strict=False)) | declared


RESPONSE_FIELDS: Factor[ResponseFields] = Factor(
    name="response_fields",
    kind="control",
    threat="An answer carries secrets of a user that no client needs",
    owasp=("API3",),
    asvs=("15.3.1",),
    cwe=("213",),
    cost_hypothesis="Less than nothing: the declared fields are fewer bytes to read, encode and send",
    journeys=("anonymous_reader", "signed_in_reader"),
    levels=(
        Level(
            "whole_row",
            "weak",
            "every column of the users row",
            WholeRow,
            trips=("secret_fields",),
            static_findings=(StaticFinding("R292", "target_app/controls/response_fields.py", "WholeRow"),),
            bytes_differ=True,
        ),
        Level("declared", "strong", "the fields that the contract declares", Declared),
    ),
)
