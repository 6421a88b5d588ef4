"""Reads an OpenAPI document (3.0, 3.1, Swagger 2.0; JSON or YAML) into operations. Its `servers` name no host for us:
only the path of the first one counts. References lead inside the document alone; others are left empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml

from security.stranger.operation import Body, Operation, Parameter
from security.stranger.schema import Schemas

METHODS = ("get", "post", "put", "patch", "delete")
MAX_CHARACTERS = 5_000_000
MAX_OPERATIONS = 400
MEDIA_TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")


class DocumentError(ValueError):
    """The document can't be read; the message is one sentence for the user."""


@dataclass(frozen=True)
class Document:
    """What a document says: operations, schemas, the security schemes by name, and the first server with a host."""

    title: str
    operations: tuple[Operation, ...]
    schemas: Schemas
    schemes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    server: str = ""

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation of this method and path template, if it is declared."""
        wanted = (method, path.rstrip("/"))
        return next((one for one in self.operations if (one.method, one.base) == wanted), None)


def read_document(text: str) -> Document:
    """Read a document; raises `DocumentError` where there is nothing that could be attacked."""
    raw = _parsed(text)
    schemas = Schemas(raw)
    prefix = _prefix(raw)
    operations = tuple(_operations(raw, schemas, prefix))[:MAX_OPERATIONS]
    if not operations:
        raise DocumentError("The OpenAPI document names no operation under `paths`.")
    components = raw.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else raw.get("securityDefinitions")
    info = raw.get("info")
    return Document(
        str(info.get("title", "")) if isinstance(info, dict) else "",
        operations,
        schemas,
        {name: schemas.resolved(one) for name, one in (schemes or {}).items()} if isinstance(schemes, dict) else {},
        _server(raw),
    )


def _server(raw: Mapping[str, Any]) -> str:
    servers = [one.get("url") for one in _list(raw.get("servers")) if isinstance(one, dict)]
    return next((url for url in servers if isinstance(url, str) and "//" in url), "")


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > MAX_CHARACTERS:
        raise DocumentError(f"The OpenAPI document is longer than {MAX_CHARACTERS:,} characters.")
    try:
        # YAML reads most JSON, but a hundred times slower.
        raw = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise DocumentError(f"The OpenAPI document is neither JSON nor YAML: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("paths"), dict):
        raise DocumentError("The OpenAPI document has no `paths`.")
    return raw


def _prefix(raw: Mapping[str, Any]) -> str:
    servers = raw.get("servers")
    if not isinstance(servers, list) or not servers or not isinstance(servers[0], dict):
        return str(raw.get("basePath") or "").rstrip("/")
    url = str(servers[0].get("url", ""))
    variables = servers[0].get("variables")
    for name, one in variables.items() if isinstance(variables, dict) else ():
        url = url.replace(f"{{{name}}}", str(one.get("default", "")) if isinstance(one, dict) else "")
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""
    return path if path.startswith("/") and not path.startswith("//") else ""


def _operations(raw: Mapping[str, Any], schemas: Schemas, prefix: str) -> Iterator[Operation]:
    default_security = raw.get("security")
    for path, written in raw["paths"].items():
        item = schemas.resolved(written)
        if not isinstance(path, str) or not path.startswith("/") or not isinstance(item, dict):
            continue
        for method in METHODS:
            if isinstance(item.get(method), dict) and "text/event-stream" not in str(item[method].get("responses")):
                yield _operation(schemas, prefix + path, method, item, item[method], default_security, raw)


def _operation(
    schemas: Schemas,
    path: str,
    method: str,
    item: Mapping[str, Any],
    written: Mapping[str, Any],
    default_security: Any,
    raw: Mapping[str, Any],
) -> Operation:
    listed = [schemas.resolved(one) for one in (*_list(item.get("parameters")), *_list(written.get("parameters")))]
    merged = {(one.get("in"), one.get("name")): one for one in listed if isinstance(one, dict)}
    security = written.get("security", default_security)
    words = (
        written.get("operationId"),
        written.get("summary"),
        written.get("description"),
        *_list(written.get("tags")),
    )
    return Operation(
        method=method.upper(),
        path=path,
        parameters=tuple(
            Parameter(str(name), str(place), schemas.flat(_schema_of(one)), bool(one.get("required")))
            for (place, name), one in merged.items()
            if place in ("path", "query", "header", "cookie")
        ),
        body=_body(schemas, written, list(merged.values()), raw),
        answer=_answer(schemas, written),
        security=tuple(one for one in security if isinstance(one, dict)) if isinstance(security, list) else None,
        inherits_security="security" not in written,
        words=" ".join(str(word) for word in words if word),
        retired=_is_retired(written),
        extensions=json.dumps({key: one for key, one in written.items() if str(key).startswith("x-")}, default=str),
    )


def _schema_of(parameter: Mapping[str, Any]) -> dict[str, Any]:
    content = parameter.get("content")
    first: Any = next(iter(content.values()), {}) if isinstance(content, dict) else {}
    schema = parameter.get("schema") or (first.get("schema") if isinstance(first, dict) else None)
    base = dict(schema) if isinstance(schema, dict) else {key: parameter[key] for key in _SWAGGER if key in parameter}
    if "example" in parameter:
        base["example"] = parameter["example"]
    elif isinstance(parameter.get("examples"), dict):
        shown: Any = next(iter(parameter["examples"].values()), {})
        base["example"] = shown.get("value") if isinstance(shown, dict) else None
    return base


_SWAGGER = ("type", "format", "enum", "default", "minimum", "maximum", "minLength", "maxLength", "pattern", "items")


def _body(
    schemas: Schemas, written: Mapping[str, Any], parameters: list[Mapping[str, Any]], raw: Mapping[str, Any]
) -> Body | None:
    body = schemas.resolved(written.get("requestBody"))
    if isinstance(body, dict):
        content = body.get("content")
        if not isinstance(content, dict) or not content:
            return None
        media = next(
            (one for wanted in MEDIA_TYPES for one in content if str(one).startswith(wanted)), str(next(iter(content)))
        )
        given = schemas.resolved(content[media])
        schema = dict(schemas.flat(given.get("schema"))) if isinstance(given, dict) else {}
        example = _example(schemas, given)
        return Body(media, schema | ({"example": example} if example is not None else {}))
    return _swagger_body(schemas, written, parameters, raw)


def _example(schemas: Schemas, media: Any) -> Any:
    if not isinstance(media, dict):
        return None
    if "example" in media:
        return media["example"]
    shown = media.get("examples")
    first = schemas.resolved(next(iter(shown.values()), None)) if isinstance(shown, dict) else None
    return first.get("value") if isinstance(first, dict) else None


def _swagger_body(
    schemas: Schemas, written: Mapping[str, Any], parameters: list[Mapping[str, Any]], raw: Mapping[str, Any]
) -> Body | None:
    for one in parameters:
        if one.get("in") == "body":
            return Body("application/json", schemas.flat(one.get("schema")))
    fields = [one for one in parameters if one.get("in") == "formData"]
    if not fields:
        return None
    consumed = _list(written.get("consumes")) or _list(raw.get("consumes"))
    media = str(consumed[0]) if consumed else MEDIA_TYPES[1]
    properties = {str(one["name"]): _schema_of(one) for one in fields}
    required = [str(one["name"]) for one in fields if one.get("required")]
    return Body(media, {"type": "object", "properties": properties, "required": required})


def _answer(schemas: Schemas, written: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of the first documented success."""
    responses = written.get("responses")
    for status, one in responses.items() if isinstance(responses, dict) else ():
        answer = schemas.resolved(one)
        if not str(status).startswith("2") or not isinstance(answer, dict):
            continue
        content = answer.get("content")
        first = next(iter(content.values()), {}) if isinstance(content, dict) else answer
        return schemas.flat(first.get("schema")) if isinstance(first, dict) else {}
    return {}


def _is_retired(written: Mapping[str, Any]) -> bool:
    responses = written.get("responses")
    return isinstance(responses, dict) and bool(responses) and all(str(status).startswith("4") for status in responses)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
