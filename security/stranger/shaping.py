"""Puts values into the form that an operation takes: JSON, a form, several parts, or XML as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from security.regression.exchange import Request
from security.stranger.operation import Operation

BOUNDARY = "probe-boundary-7d1f"


def shaped(request: Request, operation: Operation, body: Mapping[str, Any] | None) -> Request:
    """The request with `body` in the operation's own media type; None sends none."""
    if body is None:
        return request
    media = operation.body.media_type if operation.body else "application/json"
    if media.startswith("application/x-www-form-urlencoded"):
        return replace(request, form=dict(body))
    if media.startswith("multipart/"):
        headers = {**request.headers, "content-type": f"multipart/form-data; boundary={BOUNDARY}"}
        return replace(request, text=_parts(operation, body), headers=headers)
    return replace(request, json=dict(body))


def _parts(operation: Operation, body: Mapping[str, Any]) -> str:
    properties = operation.body.schema.get("properties", {}) if operation.body else {}
    lines = []
    for name, value in body.items():
        schema = properties.get(name) or {}
        is_file = schema.get("format") == "binary" or schema.get("type") == "file" or "contentMediaType" in schema
        file = '; filename="probe.txt"\r\nContent-Type: text/plain' if is_file else ""
        lines.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{value}\r\n')
    return "".join((*lines, f"--{BOUNDARY}--\r\n"))
