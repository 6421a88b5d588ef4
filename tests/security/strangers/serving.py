"""How the Python strangers are started: on loopback alone, one line when ready, gone at SIGTERM."""

import argparse
import ipaddress
import secrets
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from werkzeug.serving import WSGIRequestHandler, make_server

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

MISDIRECTED: Final = "421 Misdirected Request"


@dataclass(frozen=True)
class Options:
    """What a stranger is started with.

    `secret` is the password of its seeded staff account and the key of the notices that it takes;
    `partner` is the one origin (`http://host:port`) that its mended form fetches from.
    """

    host: str
    port: int
    repaired: bool
    secret: str
    partner: str


def loopback(text: str) -> str:
    """An address of this machine alone; weak code binds nothing else."""
    if not ipaddress.ip_address(text).is_loopback:
        raise argparse.ArgumentTypeError(f"{text} is not a loopback address")
    return text


def read_options(name: str) -> Options:
    """The options of the command line; exits 2 where they are wrong."""
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--host", type=loopback, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--repaired", action="store_true")
    parser.add_argument("--secret", default=secrets.token_urlsafe(24))
    parser.add_argument("--partner", default="")
    return Options(**vars(parser.parse_args()))


def for_this_host_alone(app: WsgiApp, address: str) -> WsgiApp:
    """Refuses requests that name another host: a browser here may have been led to this address by a name."""

    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("HTTP_HOST") == address:
            return app(environ, start_response)
        start_response(MISDIRECTED, [("Content-Length", "0")])
        return [b""]

    return checked


def serve(app: WsgiApp, options: Options) -> None:
    """Answers until SIGTERM or SIGINT; prints `ready URL` once requests are taken."""
    quiet = options.repaired

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def version_string(self) -> str:
            return "web" if quiet else super().version_string()

        def log_request(self, *_arguments: object) -> None:
            """Nothing: a run of attacks would fill the log."""

    address = f"{options.host}:{options.port}"
    server = make_server(
        options.host, options.port, for_this_host_alone(app, address), threaded=True, request_handler=Handler
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"ready http://{address}", flush=True)
    server.serve_forever()
