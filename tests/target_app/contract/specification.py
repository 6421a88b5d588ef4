"""What `openapi.yml` says of each operation, as something that answers can be held against."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

FILE: Final = Path(__file__).with_name("openapi.yml")
PREFIX: Final = "/api"
URI: Final = "urn:conduit"
_METHODS: Final = ("get", "post", "put", "delete")


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    name: str
    method: str
    path: str
    needs_token: bool
    # By status; None where the answer has no body.
    schemas: Mapping[int, Draft202012Validator | None]


class Specification:
    """The operations by their `operationId`."""

    def __init__(self, file: Path = FILE) -> None:
        self._document: dict[str, Any] = yaml.safe_load(file.read_text())
        self._registry: Registry[Any] = Registry().with_resource(URI, DRAFT202012.create_resource(self._document))

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """Every operation of the document."""
        found = [
            self._operation(path, method, item[method])
            for path, item in self._document["paths"].items()
            for method in _METHODS
            if method in item
        ]
        return {operation.name: operation for operation in found}

    def _operation(self, path: str, method: str, described: dict[str, Any]) -> Operation:
        schemas = {int(status): self._schema(reference["$ref"]) for status, reference in described["responses"].items()}
        return Operation(
            described["operationId"], method.upper(), PREFIX + path, bool(described.get("security")), schemas
        )

    def _schema(self, reference: str) -> Draft202012Validator | None:
        name = reference.rpartition("/")[2]
        content = self._document["components"]["responses"][name]["content"]
        if not content:
            return None
        pointer = f"{reference}/content/application~1json/schema"
        return Draft202012Validator({"$ref": f"{URI}{pointer}"}, registry=self._registry)
