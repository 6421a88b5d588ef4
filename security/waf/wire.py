"""One keep-alive connection to a pinned place, over which requests go to the byte: no client here mends an odd one."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from types import TracebackType
from typing import Self

from security.corpus.model import Request
from security.guard import Pinned

#: Sent where a case does not say otherwise.
USUAL = {"User-Agent": "harbour-client/1.4", "Accept": "application/json"}


@dataclass(frozen=True)
class Answer:
    """The head of an answer; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]


class Wire:
    """Sends requests one after another; opens a connection when there is none. `timeout_s` holds for each step."""

    def __init__(self, pinned: Pinned, *, timeout_s: float = 10.0) -> None:
        self._pinned = pinned
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None

    def ask(self, request: Request) -> Answer | None:
        """The answer; None where none came.

        A kept connection may have been closed by the server just now: then the request is sent once more on a new one.
        """
        kept = self._socket is not None
        answer = self._exchange(request)
        return self._exchange(request) if answer is None and kept else answer

    def _exchange(self, request: Request) -> Answer | None:
        try:
            if self._socket is None:
                self._socket = self._connected()
            self._socket.sendall(self._written(request))
            response = HTTPResponse(self._socket, method=request.method)
            response.begin()
            response.read()
            answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()})
            if response.will_close:
                self.close()
        except (OSError, HTTPException):
            self.close()
            return None
        return answer

    def _connected(self) -> socket.socket:
        place = (self._pinned.address, self._pinned.port)
        connection = socket.create_connection(place, timeout=self._timeout_s)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._pinned.scheme != "https":
            return connection
        return ssl.create_default_context(cafile=self._pinned.ca_file).wrap_socket(
            connection, server_hostname=self._pinned.host
        )

    def _written(self, request: Request) -> bytes:
        headers = {"Host": self._pinned.host_header, **USUAL, **dict(request.headers)}
        if request.body or request.method != "GET":
            headers["Content-Length"] = str(len(request.body))
        fields = [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([f"{request.method} {request.target} HTTP/1.1", *fields, "", ""]).encode() + request.body

    def close(self) -> None:
        """Close the connection, if one is open."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
