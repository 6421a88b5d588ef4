"""The load process as `tradeoff` runs it: a child that is spoken to in JSON lines."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.parts.repository import ROOT


def specification(arms: Mapping[str, str], **changes: object) -> dict[str, Any]:
    """The specification of docs/architecture.md for these arms (URL by name)."""
    return {
        "schema": 1, "core": None, "seed": 7, "timeout_s": 5,
        "arms": [{"name": name, "url": url} for name, url in arms.items()],
        "accounts": {
            "count": 4, "email": "reader{n:04d}@example.test", "password": "correct-horse-{n:04d}",
            "username": "reader{n:04d}", "source": "127.77.0.{n}",
        },
        "login": {
            "method": "POST", "path": "/api/users/login",
            "json": {"user": {"email": "{email}", "password": "{password}"}},
            "token_at": ["user", "token"], "header": "Authorization", "scheme": "Token",
        },
        "authorized": {"hosts": [], "until": None},
        **changes,
    }  # fmt: skip


class LoadProcess:
    """One running load process."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child

    def tell(self, message: object) -> None:
        assert self.child.stdin
        self.child.stdin.write(message if isinstance(message, str) else json.dumps(message))
        self.child.stdin.write("\n")
        self.child.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.child.stdout
        line = self.child.stdout.readline()
        assert line, f"the load process said nothing and ended with {self.child.wait(10)}"
        heard: dict[str, Any] = json.loads(line)
        return heard

    def ask(self, message: object) -> dict[str, Any]:
        self.tell(message)
        return self.hear()

    def window(
        self, journey: str, *, rate: float = 50.0, count: int = 10, seed: int = 11, **more: Any
    ) -> dict[str, Any]:
        command = {"command": "window", "id": 3, "journey": journey, "rate": rate, "count": count, "seed": seed}
        return self.ask(command | more)

    def end(self) -> tuple[int, str]:
        """Wait for its own end: exit status and standard error."""
        assert self.child.stderr
        return self.child.wait(10), self.child.stderr.read()


@contextmanager
def load_process(*command: str) -> Iterator[LoadProcess]:
    """A load process, started by this command if need be, that ends with the block."""
    child = subprocess.Popen(
        command or [sys.executable, "-m", "loadtests.process"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        try:
            yield LoadProcess(child)
        finally:
            child.kill()
