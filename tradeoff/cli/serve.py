"""`tradeoff serve`: run the target in one treatment, in the foreground."""

from __future__ import annotations

import shutil
import socket
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tradeoff.cli.options import DEFAULT_TARGET, TargetOption


def serve(
    profile: Annotated[str, typer.Option("--profile", help="A profile, such as hardened.")] = "hardened",
    change: Annotated[list[str] | None, typer.Option("--set", metavar="FACTOR=LEVEL", help="Change a factor.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Default: a free one.")] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64)] = 1,
    database_url: Annotated[
        str | None, typer.Option("--database-url", help="Default: a seeded SQLite file that ends with the command.")
    ] = None,
    redis_url: Annotated[
        str, typer.Option("--redis-url", help="Where workers share state. Default: the database.")
    ] = "",
    target: TargetOption = DEFAULT_TARGET,
) -> int:
    """Serve on 127.0.0.1 until Ctrl-C, and print the URL."""
    from tradeoff.plan.arm import parse_arm
    from tradeoff.plan.factors import describe
    from tradeoff.target.description import read_target
    from tradeoff.target.errors import TradeoffError
    from tradeoff.target.running import RunningArm
    from tradeoff.target.template import Templates, prepare, restore

    description = read_target(target)
    if redis_url and not any("{redis_url}" in value for value in description.environment.values()):
        raise TradeoffError(f"--redis-url: no variable of [environment] in {target} takes {{redis_url}}")
    spec = parse_arm(",".join([profile, *(change or [])]), describe(description))
    place = ("127.0.0.1", port or _free_port())
    _check_free(*place)
    articles = description.database.articles
    work = Path(tempfile.mkdtemp(prefix="tradeoff-serve-"))
    try:
        if database_url:
            prepare(description, work=work, setting=spec.setting, articles=articles, database_url=database_url)
        else:
            templates = Templates(description, articles=articles)
            template = templates.folder(setting=spec.setting, treatment=spec.treatment, tree=description.root)
            restore(template, work)
        arm = RunningArm(
            description,
            name=spec.label,
            setting=spec.setting,
            work=work,
            tree=description.root,
            articles=articles,
            workers=workers,
            place=place,
            database_url=database_url,
            redis_url=redis_url,
            services=description.services,
            front=description.front_for(spec.treatment),
            scheme=description.scheme_for(spec.treatment),
        )
        try:
            arm.wait_ready()
            trust = f", trusted by the certificate {arm.ca_file}" if arm.ca_file else ""
            typer.echo(f"{spec.label} serves on {arm.url}{trust} (Ctrl-C ends it)")
            arm.watch()
        finally:
            arm.stop()
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _check_free(host: str, port: int) -> None:
    from tradeoff.target.errors import TradeoffError

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise TradeoffError(
                f"port {port} on {host} can't be used ({error.strerror}): choose another with --port"
            ) from None
