"""A real server with users and articles, and readers that listen to it."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.parts.target import TargetServer
from tests.target_app.app_client import PASSWORD

PATIENCE_S = 10.0
Read = Callable[[], dict[str, Any]]


class Stage:
    """What the users of one server do."""

    def __init__(self, server: TargetServer, client: httpx.Client) -> None:
        self.server = server
        self.client = client

    def call(self, method: str, path: str, token: str | None = None, **content: Any) -> httpx.Response:
        """A request that succeeds."""
        headers = {"Authorization": f"Token {token}"} if token else {}
        answer = self.client.request(method, path, headers=headers | content.pop("headers", {}), **content)
        assert answer.status_code < 300, answer.text
        return answer

    def register(self, name: str) -> str:
        """The token of a new user."""
        user = {"username": name, "email": f"{name}@example.test", "password": PASSWORD}
        return str(self.call("POST", "/api/users", json={"user": user}).json()["user"]["token"])

    def publish(self, token: str, title: str = "Title", **fields: Any) -> str:
        """The slug of a new article."""
        article = {"title": title, "description": "About", "body": "Text", **fields}
        return str(self.call("POST", "/api/articles", token, json={"article": article}).json()["article"]["slug"])

    def comment(self, token: str, slug: str, body: str = "Hello") -> int:
        """The id of a new comment."""
        path = f"/api/articles/{slug}/comments"
        return int(self.call("POST", path, token, json={"comment": {"body": body}}).json()["comment"]["id"])

    def ticket(self, token: str) -> str:
        """A new ticket."""
        return str(self.call("POST", "/api/tickets", token).json()["ticket"]["value"])

    def socket(
        self, ticket: str, *slugs: str, origin: str | None = None, **options: Any
    ) -> AbstractContextManager[ClientConnection]:
        """An open WebSocket."""
        query = str(httpx.QueryParams({"ticket": ticket, "article": slugs}))
        url = f"ws://{self.server.host}:{self.server.port}/api/stream?{query}"
        named = None if origin is None else Origin(origin)
        opened: AbstractContextManager[ClientConnection] = connect(
            url, origin=named, compression=None, proxy=None, **options
        )
        return opened

    def refused(self, ticket: str, *slugs: str, origin: str | None = None) -> int:
        """The status with which a WebSocket is refused, 101 where it is not; 0 for another shape."""
        try:
            with self.socket(ticket, *slugs, origin=origin):
                return 101
        except InvalidStatus as error:
            said = json.loads(error.response.body or b"{}")
            return error.response.status_code if "errors" in said else 0

    @contextmanager
    def events(self, token: str, *slugs: str) -> Iterator[Iterator[str]]:
        """The lines of an event stream."""
        with self.client.stream(
            "GET", "/api/events", params={"article": slugs}, headers={"Authorization": f"Token {token}"}
        ) as answer:
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield answer.iter_lines()

    @contextmanager
    def listening(self, kind: str, token: str, *slugs: str) -> Iterator[Read]:
        """What reads the next message, by either way."""
        if kind == "websocket":
            with self.socket(self.ticket(token), *slugs) as socket:
                yield lambda: dict(json.loads(socket.recv(PATIENCE_S)))
        else:
            with self.events(token, *slugs) as lines:
                yield lambda: next(json.loads(line[6:]) for line in lines if line.startswith("data: "))

    def metric(self, series: str) -> float:
        """The value of one series."""
        for line in self.client.get("/metrics").text.splitlines():
            name, _, value = line.rpartition(" ")
            if name == series:
                return float(value)
        raise KeyError(series)

    def sockets(self, kind: str) -> float:
        """How many are open."""
        return self.metric(f'target_open_sockets{{kind="{kind}"}}')


@contextmanager
def stage_on(server: TargetServer) -> Iterator[Stage]:
    """A stage on a running server."""
    with httpx.Client(base_url=server.url, timeout=PATIENCE_S, trust_env=False) as client:
        yield Stage(server, client)
