"""`python -m target_app.provider`: the payment provider, on a loopback address."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from target_app.operator_error import OperatorError
from target_app.outbound.resolver import add_name
from target_app.provider.app import create_provider
from target_app.provider.behaviour import Behaviour, Conduct
from target_app.provider.delivery import Delivery
from target_app.provider.store import Store
from target_app.provider_secrets import ProviderSecrets
from target_app.serving import ServingError, bound_socket
from target_app.settings import STATE, is_loopback

#: By this name, and as a public address (RFC 5737), links may lead to its home page and webhooks to its sink.
NAME, STANDS_FOR = "provider.example", "203.0.113.10"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="a loopback address")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 for a free one")] = 8010,
    database: Annotated[Path, typer.Option(help="the provider's own file")] = STATE / "provider.db",
    secret_file: Annotated[
        Path, typer.Option(envvar="TARGET_PROVIDER_SECRET_FILE", help="API key and webhook secret, made if missing")
    ] = STATE / "provider.keys.json",
    webhook_url: Annotated[str, typer.Option(help="where events go; none are made without")] = "",
    webhook_shuffle: Annotated[bool, typer.Option("--webhook-shuffle", help="each twice and out of order")] = False,
    delay_ms: Annotated[float, typer.Option(min=0, max=60_000, help="before each answer")] = 0,
    failure_rate: Annotated[float, typer.Option(min=0, max=1, help="share answered 500")] = 0,
    timeout_rate: Annotated[float, typer.Option(min=0, max=1, help="share done and never answered")] = 0,
    resolver_file: Annotated[
        Path | None, typer.Option(envvar="TARGET_RESOLVER_FILE", help="the lab's names, where it adds provider.example")
    ] = None,
    decline_rate: Annotated[float, typer.Option(min=0, max=1, help="share of charges declined")] = 0,
) -> None:
    """Serve until SIGTERM or Ctrl-C. A charge of 666 is always declined."""
    if not is_loopback(host):
        raise ServingError(f"the provider takes no real money and serves on loopback alone, not on {host}")
    secrets = ProviderSecrets(secret_file)
    store = Store(database)
    behaviour = Behaviour(
        delay_ms=delay_ms, failure_rate=failure_rate, timeout_rate=timeout_rate, decline_rate=decline_rate
    )
    delivery = Delivery(store, webhook_url, secrets.webhook_secret(), webhook_shuffle)
    listener = bound_socket(host, port)
    address, port = listener.getsockname()[:2]
    if resolver_file is not None:
        add_name(resolver_file, NAME, STANDS_FOR, f"{address}:{port}")
    print(f"Provider of payments on http://{f'[{address}]' if ':' in address else address}:{port}", flush=True)
    config = uvicorn.Config(
        create_provider(store, Conduct(behaviour), delivery, secrets.api_key()),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])


def main() -> None:
    """Run; a failure that can be explained is one sentence and exit code 2."""
    try:
        app()
    except OperatorError as error:
        sys.stderr.write(f"provider: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
    main()
