"""How the content of an answer becomes JSON."""

from collections.abc import Callable
from typing import Any, Protocol

import orjson
from pydantic import BaseModel

from target_app.controls.model import Factor, Kit, Level
from target_app.controls.response_fields import ResponseFields, WholeRow


class Serializer(Protocol):
    """Writes answers, of fields of users that fit it."""

    #: What answers say of a user.
    fields: ResponseFields

    def encoded(self, content: Any, model: type[BaseModel]) -> bytes:
        """`content` as JSON; `model` is what the operation declares for the answer's status."""


class ResponseModel:
    """Through the declared model, as FastAPI's `response_model` does: validated, copied, and written field by field."""

    def __init__(self, fields: ResponseFields) -> None:
        self.fields = fields

    def encoded(self, content: Any, model: type[BaseModel]) -> bytes:
        """What is not declared is left out; what the model refuses is an unexpected failure. Raises ValidationError."""
        # As `model_validate` and `model_dump_json` do it, without a text between: half of it for small answers.
        shown = model.__pydantic_validator__.validate_python(content, extra=self.fields.undeclared)
        return model.__pydantic_serializer__.to_json(shown, exclude_unset=True)


class Bytes:
    """As it is: nothing stands between the content and its bytes."""

    def __init__(self, fields: ResponseFields) -> None:
        self.fields = fields

    def encoded(self, content: Any, _model: type[BaseModel]) -> bytes:
        """Encoded once."""
        return orjson.dumps(content)


Serializing = Callable[[ResponseFields], Serializer]


def response_model(_kit: Kit) -> Serializing:
    """Models, of the fields that response_fields chose."""
    return ResponseModel


def bytes_from_declared(_kit: Kit) -> Serializing:
    """Bytes, of the fields that response_fields chose: they are declared already, and tests hold them to the models."""
    return Bytes


def raw_row(kit: Kit) -> Serializing:
    """Bytes of users as the database gave them. The trap: nobody chose their fields, and no model leaves any out."""
    return lambda _chosen: Bytes(WholeRow(kit))


SERIALIZER: Factor[Serializing] = Factor(
    name="serializer",
    kind="optimisation",
    threat="Rows that are written as they were read carry secrets of a user that a response model would leave out",
    owasp=("API3",),
    asvs=("15.3.1",),
    cwe=("213",),
    cost_hypothesis="Bytes save three quarters of what models take, about 80 µs a list of 20; raw rows less than that",
    journeys=("anonymous_reader", "signed_in_reader"),
    levels=(
        Level("response_model", "plain", "validated and written by the declared model", response_model),
        Level("bytes_from_declared", "plain", "declared fields, encoded as they are", bytes_from_declared),
        Level(
            "raw_row",
            "trap",
            "users' rows, encoded as they were read",
            raw_row,
            trips=("secret_fields",),
            bytes_differ=True,
        ),
    ),
)
