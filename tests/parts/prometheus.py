"""A real Prometheus over a configuration of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.parts.loopback import free_port, random_address
from tests.parts.process import answers, running, wait_until, with_parent
from tests.parts.require import require


@dataclass(frozen=True)
class Prometheus:
    """A running server."""

    url: str
    log: Path
    client: httpx.Client

    def get(self, path: str, **parameters: str) -> Any:
        """The `data` of an answer of the HTTP API below `/api/v1/`; raises with the server's own message."""
        answer = self.client.get(f"{self.url}/api/v1/{path}", params=parameters)
        body = answer.json()
        if body["status"] != "success":
            raise ValueError(f"{path} {parameters}: {body['error']}")
        return body["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The instant vector of an expression: one `{"metric": labels, "value": [time_s, text]}` a series."""
        result: list[dict[str, Any]] = self.get("query", query=expression)["result"]
        return result


@contextmanager
def prometheus_server(configuration: Path, folder: Path) -> Iterator[Prometheus]:
    """A server with this configuration that lives as long as the block, its data in `folder`."""
    program = require("prometheus")
    host = random_address()
    port = free_port(host)
    url = f"http://{host}:{port}"
    log = folder / "prometheus.log"
    command = [
        *with_parent("TERM"), str(program), f"--config.file={configuration}",
        f"--storage.tsdb.path={folder / 'prometheus'}", f"--web.listen-address={host}:{port}",
    ]  # fmt: skip
    with running(command, log=log) as process:
        wait_until(lambda: answers(f"{url}/-/ready"), process=process, log=log, what="Prometheus")
        with httpx.Client(timeout=10.0, trust_env=False) as client:
            yield Prometheus(url, log, client)
