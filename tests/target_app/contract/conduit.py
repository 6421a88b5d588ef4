"""A client that speaks the contract and believes no answer: each is held against the document on arrival."""

import secrets
import ssl
from typing import Any, Final

import httpx

from tests.parts.loopback import random_address
from tests.target_app.contract.specification import Operation, Specification

# No TLS is spoken here; httpx would load every certificate of the machine for each client.
_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
PASSWORD: Final = "a-fine-password-1"


def unique(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}{secrets.token_hex(5)}"


class Conduit:
    """One server. Every call asserts that its status and body are what `openapi.yml` documents."""

    def __init__(self, url: str, specification: Specification) -> None:
        self._url = url
        self._specification = specification
        transport = httpx.HTTPTransport(local_address=random_address(), verify=_NO_TLS)
        self._client = httpx.Client(transport=transport, base_url=url, timeout=20.0)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def from_elsewhere(self) -> "Conduit":
        """The same server, seen from another address: what it holds against that one is no trouble to others."""
        return Conduit(self._url, self._specification)

    def call(
        self,
        operation: str,
        *,
        token: str | None = None,
        json: Any = None,
        query: dict[str, Any] | None = None,
        **path: str | int,
    ) -> httpx.Response:
        """Performs an operation by its name; `path` fills the names in its path."""
        described = self._specification.operations[operation]
        answer = self._client.request(
            described.method,
            described.path.format(**path),
            json=json,
            params=query,
            headers={"Authorization": f"Token {token}"} if token else {},
        )
        _hold(described, answer)
        return answer

    def ok(self, operation: str, **arguments: Any) -> Any:
        """Performs an operation that must succeed, and returns its body (None for an empty one)."""
        answer = self.call(operation, **arguments)
        assert answer.is_success, f"{operation}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


def _hold(operation: Operation, answer: httpx.Response) -> None:
    """Asserts that the document knows this status for this operation, and this body for this status."""
    told = f"{operation.name}: {answer.status_code} {answer.text[:500]}"
    assert answer.status_code in operation.schemas, f"undocumented status: {told}"
    schema = operation.schemas[answer.status_code]
    if schema is None:
        assert not answer.content, f"a body where none is documented: {told}"
        return
    assert answer.headers["content-type"].partition(";")[0] == "application/json", told
    errors = [error.message for error in schema.iter_errors(answer.json())]
    assert not errors, f"{errors}: {told}"
