"""An OpenAPI document, as a witness of what a backend does."""

import re
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import httpx
import jsonschema
import yaml

METHODS: Final = ("get", "put", "post", "patch", "delete")


class Document:
    """Knows operations and the answers that each may give."""

    def __init__(self, path: Path) -> None:
        self.content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))

    @cached_property
    def operations(self) -> dict[str, dict[str, Any]]:
        """`METHOD /path/{template}` and what the document says of it."""
        return {
            f"{method.upper()} {path}": entry[method]
            for path, entry in self.content["paths"].items()
            for method in METHODS
            if method in entry
        }

    def operation_of(self, request: httpx.Request) -> str:
        """The operation that a request is one of; literal paths come before templates."""
        wanted = f"{request.method} {request.url.path}"
        return next(name for name in sorted(self.operations, key=_parameters) if _pattern(name).fullmatch(wanted))

    def check(self, response: httpx.Response) -> str:
        """The operation of an answer; fails where its status or its JSON is not as documented."""
        operation = self.operation_of(response.request)
        responses = self.operations[operation]["responses"]
        assert str(response.status_code) in responses, f"{operation} answers {response.status_code}: {response.text}"
        said = self._resolve(responses[str(response.status_code)])
        for media in said.get("content", {}).values():
            if "json" in response.headers["Content-Type"]:
                jsonschema.validate(response.json(), self._rooted(media["schema"]))
        assert said.get("content") or not response.content, f"{operation} answers a body"
        return operation

    def body_schema(self, operation: dict[str, Any]) -> dict[str, Any]:
        """The schema of the JSON that an operation reads."""
        body = self._resolve(operation["requestBody"])
        return self._resolve(body["content"]["application/json"]["schema"])

    def _rooted(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {**schema, "components": self.content["components"]}

    def _resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            found: Any = self.content
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node


@cache
def read_document(path: Path) -> Document:
    """The document in a file, read once."""
    return Document(path)


def _parameters(operation: str) -> int:
    return operation.count("{")


def _pattern(operation: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation)))
