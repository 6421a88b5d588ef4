"""Serves an application of a test on a loopback address of its own."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from tests.parts.loopback import random_address


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The URL of the application, while the block runs."""
    host = random_address()
    listening = socket.create_server((host, 0))
    config = uvicorn.Config(app, log_level="critical", ws="none", lifespan="off", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
