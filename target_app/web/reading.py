"""Reading bodies and query strings: one pass through pydantic, errors in the contract's shape.

FastAPI would read both before it looks at the token; the contract wants 401 first. So an endpoint reads them itself,
and `described` documents the same model in OpenAPI.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, Field, ValidationError

from target_app.schema import LARGEST_INTEGER
from target_app.web.errors import ApiError

if TYPE_CHECKING:  # controls are built on what stands here
    from target_app.controls.input_limits import InputLimits
    from target_app.parts import Parts

Model = TypeVar("Model", bound=BaseModel)
#: Bytes of a JSON body, unless an operation takes something larger.
LARGEST_BODY = 1024 * 1024
JSON = "application/json"
NO_HEADERS: Mapping[str, Mapping[str, Any]] = MappingProxyType({})

#: Something other than white space, and no NUL, which PostgreSQL cannot store.
NOT_BLANK = r"^[^\x00]*[^\s\x00][^\x00]*$"
NO_NUL = r"^[^\x00]*$"

Filled = Annotated[str, Field(pattern=NOT_BLANK)]
#: A text that stands in an index: PostgreSQL bounds the size of an index entry.
FilledShort = Annotated[str, Field(pattern=NOT_BLANK, max_length=255)]
Text = Annotated[str, Field(pattern=NO_NUL)]
Offset = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Limit = Annotated[int, Field(ge=1, le=100)]

#: What a refusal by pydantic is called in the contract; anything else is "is invalid".
MESSAGES = {
    "missing": "can't be blank",
    "string_type": "can't be blank",
    "string_pattern_mismatch": "can't be blank",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
}


async def read_body(request: Request, envelope: type[Model]) -> Model:
    """The JSON body as `envelope`, a model with one field such as `article`. Raises ApiError 413, 422."""
    parts: Parts = request.app.state.parts
    return parts.validation.read(await read_raw(request, LARGEST_BODY), parts.assignment.model(envelope))


def parsed(body: bytes, model: type[Model]) -> Model:
    """JSON as `model`. Raises ApiError 422, which names the fields inside the envelope."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise refusal(error, depth=1) from None


async def read_raw(request: Request, most: int) -> bytes:
    """The body as it came, at most `most` bytes. Raises ApiError 413."""
    limits: InputLimits = request.app.state.parts.input_limits
    return await limits.body(request, most)


def media_type(request: Request) -> str:
    """What the body is said to be, in small letters and without parameters; JSON where nothing is said."""
    return request.headers.get("content-type", JSON).partition(";")[0].strip().lower()


def read_query(request: Request, model: type[Model]) -> Model:
    """The query string as `model`; parameters it does not name are ignored. Raises ApiError 422."""
    limits: InputLimits = request.app.state.parts.input_limits
    try:
        return limits.query(dict(request.query_params), model)
    except ValidationError as error:
        raise refusal(error, depth=0) from None


def refusal(error: ValidationError, depth: int, parts: int = 1) -> ApiError:
    """Pydantic's complaints by field; the field's name stands at `depth` in each location, and has so many parts."""
    fields: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False, include_context=False, include_input=True):
        location = problem["loc"]
        begins = min(depth, len(location) - 1)
        name = ".".join(str(part) for part in location[begins : begins + parts]) if location else "body"
        fields.setdefault(name, [message(problem["type"], problem["input"])])
    return ApiError(422, fields)


def message(kind: str, value: Any) -> str:
    """The contract's words for one complaint."""
    if kind == "string_type" and value is not None:
        return "is invalid"
    if kind == "string_pattern_mismatch" and "\x00" in value:
        return "is invalid"
    return MESSAGES.get(kind, "is invalid")


def described(
    *,
    body: type[BaseModel] | None = None,
    media_types: Sequence[str] = (JSON,),
    query: type[BaseModel] | None = None,
    headers: Mapping[str, Mapping[str, Any]] = NO_HEADERS,
    signed: bool = False,
) -> dict[str, Any]:
    """The `openapi_extra` of an operation that reads these models itself, and whether it needs a token.

    `headers` are those that a request must have: by name, what OpenAPI says of a parameter.
    """
    extra: dict[str, Any] = {"security": [{"Token": []}] if signed else [{}, {"Token": []}]}
    if body is not None:
        extra["requestBody"] = {"required": True, "content": {one: {"schema": inlined(body)} for one in media_types}}
    parameters = [{"name": name, "in": "header", "required": True, **said} for name, said in headers.items()]
    if query is not None:
        parameters += [
            {"name": name, "in": "query", "required": False, "schema": property_}
            for name, property_ in inlined(query)["properties"].items()
        ]
    if parameters:
        extra["parameters"] = parameters
    return extra


def inlined(model: type[BaseModel]) -> dict[str, Any]:
    """A model's JSON schema with its definitions put where they are used."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def resolved(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolved(definitions[node["$ref"].rsplit("/", 1)[1]])
            return {key: resolved(value) for key, value in node.items()}
        return [resolved(value) for value in node] if isinstance(node, list) else node

    result: dict[str, Any] = resolved(schema)
    return result
