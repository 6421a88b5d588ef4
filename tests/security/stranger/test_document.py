"""Documents are read as their formats say, and wrong ones are refused with a sentence."""

import json
from typing import Any

import pytest

from security.stranger.document import DocumentError, read_document
from security.stranger.operation import Operation, singular, words_of


def documented(paths: dict[str, Any], **more: Any) -> dict[str, Operation]:
    read = read_document(json.dumps({"openapi": "3.1.0", "info": {"title": "T"}, "paths": paths} | more))
    return {one.name: one for one in read.operations}


def body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}}


def test_references_and_all_of_become_one_schema() -> None:
    """Also of references to references, and of properties from several parts."""
    schemas = {
        "Base": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
        "Alias": {"$ref": "#/components/schemas/Base"},
        "Whole": {
            "allOf": [
                {"$ref": "#/components/schemas/Alias"},
                {"required": ["b"], "properties": {"b": {"type": "string"}}},
            ]
        },
    }
    read = documented({"/x": body({"$ref": "#/components/schemas/Whole"})}, components={"schemas": schemas})["POST /x"]
    assert read.body is not None
    assert set(read.body.schema["properties"]) == {"a", "b"}
    assert set(read.body.schema["required"]) == {"a", "b"}


def test_a_schema_that_contains_itself_ends() -> None:
    """A tree of nodes is read to a limited depth."""
    node = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "child": {"$ref": "#/components/schemas/Node"}},
    }
    read = read_document(
        json.dumps({"openapi": "3.0.0", "paths": {"/n": body(node)}, "components": {"schemas": {"Node": node}}})
    )
    assert 2 < len(list(read.schemas.named(node))) < 100


def test_a_union_is_its_first_real_choice() -> None:
    """`null` is none, in the notation of 3.0 and of 3.1."""
    union = {"anyOf": [{"type": "null"}, {"type": "integer"}]}
    read = documented({"/x": body({"type": "object", "properties": {"a": union, "b": {"type": ["null", "boolean"]}}})})
    written = read["POST /x"].body
    assert written is not None
    flat = read_document(json.dumps({"openapi": "3.1.0", "paths": {"/x": {"get": {}}}})).schemas
    properties = flat.properties(written.schema)
    assert (properties["a"]["type"], properties["b"]["type"]) == ("integer", "boolean")


@pytest.mark.parametrize(
    ("servers", "prefix"),
    [
        ([{"url": "https://example.com/api/v2/"}], "/api/v2"),
        ([{"url": "/v3"}], "/v3"),
        ([{"url": "https://{host}/{base}", "variables": {"base": {"default": "b"}, "host": {"default": "h"}}}], "/b"),
        ([{"url": "//evil.example"}], ""),
        ([], ""),
    ],
)
def test_of_a_server_the_path_alone_counts(servers: list[Any], prefix: str) -> None:
    """Paths of operations begin with it; the host is nobody's business."""
    assert list(documented({"/x": {"get": {}}}, servers=servers)) == [f"GET {prefix}/x"]


def test_security_is_declared_inherited_or_lifted() -> None:
    """`security: []` lifts what stands at the top, and `{}` makes it optional."""
    paths = {
        "/a": {"get": {}},
        "/b": {"get": {"security": []}},
        "/c": {"get": {"security": [{"k": []}, {}]}},
        "/d": {"get": {"security": [{"k": []}]}},
    }
    read = documented(paths, security=[{"k": []}])
    assert {name: one.declares_security for name, one in read.items()} == {
        "GET /a": True,
        "GET /b": False,
        "GET /c": False,
        "GET /d": True,
    }
    assert {name for name, one in read.items() if one.inherits_security} == {"GET /a"}


def test_yaml_and_swagger_are_read() -> None:
    """A base path, a body parameter, a form, and a parameter without a schema of its own."""
    text = """
swagger: "2.0"
basePath: /api
paths:
  /things/{id}:
    parameters: [{in: path, name: id, required: true, type: integer}]
    put: {parameters: [{in: body, name: b, schema: {$ref: "#/definitions/Thing"}}], responses: {}}
    post: {consumes: [multipart/form-data], parameters: [{in: formData, name: f, type: file}], responses: {}}
definitions: {Thing: {type: object, properties: {name: {type: string}}}}
"""
    put, post = sorted(read_document(text).operations, key=lambda one: one.method, reverse=True)
    assert (put.name, put.places, put.parameters[0].schema["type"]) == ("PUT /api/things/{id}", ["id"], "integer")
    assert put.body is not None
    assert list(put.body.schema["properties"]) == ["name"]
    assert post.body is not None
    assert (post.body.media_type, list(post.body.schema["properties"])) == ("multipart/form-data", ["f"])


def test_streams_are_left_out() -> None:
    """Server-sent events never end: nobody waits for them."""
    stream: dict[str, Any] = {"get": {"responses": {"200": {"content": {"text/event-stream": {}}}}}}
    assert list(documented({"/events": stream, "/x": {"get": {}}})) == ["GET /x"]


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "hello", "openapi: 3.0.0", '{"paths": {}}', '{"paths": {"/x": {}}}', "a: [b: c]]"]
)
def test_what_is_no_document_is_refused(text: str) -> None:
    """With a sentence, never a traceback."""
    with pytest.raises(DocumentError):
        read_document(text)


@pytest.mark.parametrize(
    ("operation", "administrative"),
    [
        (Operation("GET", "/admin/users"), True),
        (Operation("GET", "/api/internal/stats"), True),
        (Operation("GET", "/reports", words="Requires an administrator"), True),
        (Operation("GET", "/reports", words="Admins only"), True),
        (Operation("GET", "/reports", security=({"oauth": ["admin"]},)), True),
        (Operation("GET", "/reports", extensions='{"x-role": "admin"}'), True),
        (Operation("GET", "/badminton"), False),
        (Operation("POST", "/listings", words="Reviewed by an admin later"), False),
    ],
)
def test_what_looks_administrative(operation: Operation, administrative: bool) -> None:
    """By path, words, scopes and extensions, and not by chance."""
    assert operation.looks_administrative is administrative


def test_words() -> None:
    """Names become words, and nouns singular."""
    assert words_of("isAdmin_user-ID") == "is admin user id"
    assert [singular(word) for word in ("categories", "boxes", "classes", "notes", "address")] == [
        "category",
        "box",
        "class",
        "note",
        "address",
    ]
