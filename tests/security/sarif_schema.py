"""The part of SARIF 2.1.0 that our documents use, as a JSON schema.

Written from the standard (OASIS, section 3): required properties, closed lists of words and types are the standard's;
properties that we never write are left out, and `additionalProperties` is false, so that a misspelt one is caught.
"""

from typing import Any

TEXT: dict[str, Any] = {"type": "string", "minLength": 1}


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    """An object with these properties and no others."""
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def listing(items: dict[str, Any], *, unique: bool = False) -> dict[str, Any]:
    """An array."""
    return {"type": "array", "items": items, "uniqueItems": unique}


MESSAGE = closed(["text"], text=TEXT)
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RULE = closed(["id"], id=TEXT, shortDescription=MESSAGE, helpUri={"type": "string", "pattern": "^https?://"})
COMPONENT = closed(["name"], name=TEXT, version=TEXT, rules=listing(RULE, unique=True))
TOOL = closed(["driver"], driver=COMPONENT, extensions=listing(COMPONENT, unique=True))
NOTIFICATION = closed(["message"], message=MESSAGE, level=LEVEL)
INVOCATION = closed(
    ["executionSuccessful"],
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications=listing(NOTIFICATION),
)
PLACE = closed(
    ["artifactLocation"],
    artifactLocation=closed(["uri"], uri={"type": "string", "pattern": "^[^/\\\\][^\\\\ ]*$"}),
    region=closed(["startLine"], startLine={"type": "integer", "minimum": 1}),
)
LOCATION = closed(
    [],
    physicalLocation=PLACE,
    logicalLocations=listing(closed([], name=TEXT, fullyQualifiedName=TEXT, kind=TEXT), unique=True),
)
SUPPRESSION = closed(
    ["kind"],
    kind={"enum": ["inSource", "external"]},
    status={"enum": ["accepted", "underReview", "rejected"]},
    justification=TEXT,
)
# The property bag is free in the standard; what stands in ours is our own contract.
PROPERTIES = {
    "type": "object",
    "required": ["control", "owasp", "asvs", "cwe"],
    "properties": {
        "control": {"type": ["string", "null"]},
        **{name: listing(TEXT, unique=True) for name in ("owasp", "asvs", "cwe")},
    },
}
RESULT = closed(
    ["message", "ruleId", "partialFingerprints", "properties"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level=LEVEL,
    message=MESSAGE,
    locations=listing(LOCATION),
    partialFingerprints={"type": "object", "minProperties": 1, "additionalProperties": TEXT},
    suppressions=listing(SUPPRESSION, unique=True),
    properties=PROPERTIES,
)
RUN = closed(
    ["tool", "results"],
    tool=TOOL,
    invocations=listing(INVOCATION),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=listing(RESULT),
)
SARIF = closed(
    ["version", "runs"],
    **{"$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"}, "runs": listing(RUN)},
)
