"""A backend of a few lines that can be described, migrated, seeded and served: for tests of the measuring core.

Its one factor, `lock`, burns CPU in a stated number of µs for each request of the feed when it is bolted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

from tests.loadtests.small_conduit import SmallConduit
from tests.tradeoff.catalog import CATALOG

BURN_S = 0.0005


class Toy(SmallConduit):
    """A small Conduit that also says that it is well."""

    burn_s = 0.0

    def answer(self, method: str, target: str, credential: str | None, body: Any) -> tuple[int, Any]:
        self.seen.clear()
        if target == "/health":
            return 200, {}
        if target.startswith("/api/articles/feed"):
            end = time.thread_time() + self.burn_s
            while time.thread_time() < end:
                pass
        return super().answer(method, target, credential, body)


async def serve(host: str, port: int) -> None:
    """Serve until the process is ended."""
    toy = Toy(host=host, port=port)
    toy.burn_s = 0.0 if "lock=open" in os.environ["TOY_TREATMENT"] else BURN_S
    toy.fill(25)
    server = await asyncio.start_server(toy.serve, host, port)
    await server.serve_forever()


def main() -> None:
    """Run one of the commands that the target description names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["describe", "migrate", "seed", "serve"])
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    arguments = parser.parse_args()
    if arguments.command == "describe":
        print(json.dumps(json.loads(CATALOG.model_dump_json())))
    elif arguments.command == "serve":
        asyncio.run(serve(arguments.host, arguments.port))
    else:
        Path(os.environ["TOY_DATA"]).write_text(arguments.command, encoding="utf-8")


if __name__ == "__main__":
    main()
