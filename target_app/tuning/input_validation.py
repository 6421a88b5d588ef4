"""What is looked at in a body before it is worked with."""

from functools import cache
from typing import Any, NamedTuple, Protocol, TypeVar

import orjson
from pydantic import BaseModel, create_model

from target_app.controls.model import Factor, Kit, Level
from target_app.web.errors import ApiError
from target_app.web.reading import parsed

Model = TypeVar("Model", bound=BaseModel)


class InputValidation(Protocol):
    """Turns bytes into what services work with."""

    def read(self, body: bytes, envelope: type[Model]) -> Model:
        """JSON as `envelope`, a model with one field such as `article`. Raises ApiError 422."""


class Full:
    """Every field has the type and the value that its model declares."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def read(self, body: bytes, envelope: type[Model]) -> Model:
        """One pass through pydantic."""
        return parsed(body, envelope)


class TrustedConstruct:
    """Fields are what the JSON has, as where a gateway or a form is trusted to have looked at them.

    The trap: they are of any type and value, and fields that no model declares are among them. This does what
    pydantic 1 called `construct`; `model_construct` of pydantic 2 takes longer than validating such small bodies.
    """

    def __init__(self, _kit: Kit) -> None:
        return None

    def read(self, body: bytes, envelope: type[Model]) -> Model:
        """JSON it must be; what has another shape fails where it is used."""
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ApiError(422, {"body": ["is invalid"]}) from None
        name, inner, defaults = trusted(envelope)
        content = construct(inner, {**defaults, **given[name]})
        object.__setattr__(content, "__pydantic_fields_set__", set(given[name]))
        return construct(envelope, {name: content})


class Trusted(BaseModel):
    """An instance that nobody has validated: it holds whatever it was made with."""

    def model_dump(self, *, exclude_unset: bool = False, **_options: Any) -> dict[str, Any]:
        """All of it, or what was given. Pydantic's own would hold declared fields alone and warn of their types."""
        held = self.__dict__
        return {name: held[name] for name in self.model_fields_set} if exclude_unset else dict(held)


class Shape(NamedTuple):
    """An envelope's one field, the class of its content, and what stands there unless it is given."""

    name: str
    inner: type[BaseModel]
    defaults: dict[str, Any]


@cache
def trusted(envelope: type[BaseModel]) -> Shape:
    """What an envelope is made of."""
    ((name, field),) = envelope.model_fields.items()
    model: Any = field.annotation
    inner = create_model(f"Trusted{model.__name__}", __base__=(Trusted, model))
    defaults = {one: said.default for one, said in inner.model_fields.items() if not said.is_required()}
    return Shape(name, inner, defaults)


def construct(model: type[Model], values: dict[str, Any]) -> Model:
    """An instance with these attributes, whatever they are."""
    made = model.__new__(model)
    object.__setattr__(made, "__dict__", values)
    return made


BLANK_ACCOUNT = "blank username, email, password at registration; blank email or password at login"
BLANK_UPDATE = "PUT /user with email, username or password null or blank, or a password under 8 characters"
BLANK_CONTENT = "blank title, description, body of an article; blank body of a comment"

INPUT_VALIDATION: Factor[InputValidation] = Factor(
    name="input_validation",
    kind="optimisation",
    threat="Bodies that nobody validates carry other types, forbidden values and fields that are the server's",
    owasp=("API3",),
    asvs=("2.2.1", "15.3.3", "15.3.5"),
    cwe=("20", "843", "915"),
    cost_hypothesis="Saves 4 µs a body of a kilobyte, and 2 µs for each further one, whose characters are tried",
    journeys=("author",),
    levels=(
        Level("full", "plain", "every field is validated", Full),
        Level(
            "trusted_construct",
            "trap",
            "bodies are taken to have been validated elsewhere",
            TrustedConstruct,
            trips=("role_assigned", "author_assigned", "type_confused", "rules_skipped"),
            contract_exceptions=(BLANK_ACCOUNT, BLANK_UPDATE, BLANK_CONTENT, "PUT article with tagList null"),
        ),
    ),
)
