"""What a hand-written proof works with: a running backend and visitors of it."""

import secrets
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.parts.loopback import random_address
from tests.parts.strange_backend import StrangeBackend
from tests.parts.stranger import Stranger, stranger
from tests.security.strangers.document import Document, read_document

PASSWORD = "plain honest words"
#: Certificates that no plain HTTP needs take longer to load than most proofs.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass
class Lab:
    """One test's view of a backend; `partner` is the other server that the backend may ask."""

    backend: StrangeBackend
    partner: Stranger
    stack: ExitStack
    #: Operations that were answered with success.
    served: set[str] = field(default_factory=set)

    def visitor(self, *, documented: bool = False, **options: Any) -> httpx.Client:
        """A client with a source address of its own; with `documented` its answers must be in the document."""
        hooks = {"response": [self._witness]} if documented else {}
        transport = httpx.HTTPTransport(verify=NO_TLS, local_address=random_address())
        return self.stack.enter_context(
            httpx.Client(base_url=self.backend.url, transport=transport, event_hooks=hooks, timeout=20, **options)
        )

    def canary(self) -> Stranger:
        """A server that no backend has any business with."""
        return self.stack.enter_context(stranger())

    @property
    def document(self) -> Document:
        """What the backend says that it does."""
        return read_document(self.backend.document)

    def _witness(self, response: httpx.Response) -> None:
        response.read()
        operation = self.document.check(response)
        if response.is_success:
            self.served.add(operation)


Proof = Callable[[Lab], bool]


def fresh_name() -> str:
    """A name that nobody has."""
    return "u" + secrets.token_hex(6)
