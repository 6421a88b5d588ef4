"""`python -m target_app`: serve, migrate, seed, set-role, describe, openapi and the lab."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from target_app.operator_error import OperatorError
from target_app.settings import read_settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The reference backend. Its weak levels are weak.",
)
lab = typer.Typer(no_args_is_help=True, help="What a probe may ask of a target of this machine.")
app.add_typer(lab, name="lab")

Username = Annotated[str, typer.Option(help="the user's name")]


def show(value: dict[str, Any]) -> None:
    """Print one JSON object on one line."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value) + b"\n")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="address to bind (TARGET_HOST, else 127.0.0.1)")] = None,
    port: Annotated[int | None, typer.Option(help="port, 0 for a free one (TARGET_PORT, else 8000)")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="processes")] = 1,
) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    for name, value in (("TARGET_HOST", host), ("TARGET_PORT", port)):
        if value is not None:
            os.environ[name] = str(value)
    from target_app import serving
    from target_app.controls.signing_key import KEYS
    from target_app.readiness import refuse_unready
    from target_app.signing_keys import SigningKeys
    from target_app.treatment import parse_treatment

    settings = read_settings()
    treatment = parse_treatment(settings.treatment)
    serving.refuse_exposure(settings.host, treatment)
    refuse_unready(settings.database_url)
    # A key file that cannot be used, or whose key is weak, is found out here, in one sentence.
    KEYS[treatment["signing_key"]](SigningKeys(settings.key_file)).hmac_secret()
    serving.serve(settings, treatment, workers)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema, and make the signing keys."""
    from target_app.migrations.run import migrate as run
    from target_app.signing_keys import SigningKeys

    settings = read_settings()
    revision = run(settings.database_url)
    SigningKeys(settings.key_file).hmac_secret()
    show({"revision": revision})


@app.command()
def seed(
    articles: Annotated[int, typer.Option(min=0, help="articles to write")] = 1000,
    users: Annotated[int | None, typer.Option(help="accounts in all; one for five articles, at least 200")] = None,
    logins: Annotated[int, typer.Option(min=1, max=9999, help="accounts that can log in")] = 60,
    seed: Annotated[int, typer.Option(help="the same number gives the same rows")] = 1,
    password_level: Annotated[str | None, typer.Option(help="how to hash; else as TARGET_TREATMENT says")] = None,
    hash_cache: Annotated[Path | None, typer.Option(help="where hashes are kept between runs")] = None,
) -> None:
    """Fill an empty, migrated database."""
    from target_app.controls.password_hash import SCHEMES
    from target_app.seeding import Size
    from target_app.seeding import seed as fill
    from target_app.treatment import known, parse_treatment

    settings = read_settings()
    level = password_level or parse_treatment(settings.treatment)["password_hash"]
    known(level, SCHEMES, "password level")
    size = Size(
        articles, max(200, articles // 5, logins + 1) if users is None else max(users, logins + 1), logins, seed
    )
    show(dict(fill(settings.database_url, level, size, hash_cache)))


@app.command("set-role")
def set_role(username: Username, role: Annotated[str, typer.Option(help="reader, moderator or admin")]) -> None:
    """Give a user a role: how a server gets its first admin. It stands in the audit log."""
    from target_app.accounts.operator import set_role as give
    from target_app.readiness import refuse_unready

    settings = read_settings()
    refuse_unready(settings.database_url)
    show({"user": give(settings, username, role)})


@app.command()
def describe() -> None:
    """Print every factor, level and profile as JSON."""
    from target_app.treatment import description

    show(description())


@app.command()
def openapi() -> None:
    """Print the OpenAPI document, whatever the treatment serves."""
    from target_app.app import document

    show(document())


@lab.command("mint-token")
def mint_token(
    username: Username,
    claims: Annotated[str, typer.Option(help="claims in place of the usual ones: a JSON object, or several")] = "{}",
) -> None:
    """Print a validly signed token, or several."""
    from target_app import lab as commands
    from target_app.treatment import parse_treatment

    settings = read_settings()
    show(commands.mint_token(settings, parse_treatment(settings.treatment), username, claims))


@lab.command("read-db")
def read_db(username: Username) -> None:
    """Print the stored row of a user."""
    from target_app import lab as commands

    show(commands.read_db(read_settings(), username))


@lab.command("check-ledger")
def check_ledger() -> None:
    """Print how many transactions the ledger has, and how often each of its invariants is broken."""
    from target_app import lab as commands

    show(commands.check_ledger(read_settings()))


@lab.command()
def fault(kind: Annotated[str, typer.Option(help="missing_table, edited_audit or repair")]) -> None:
    """Break what the arm keeps, or mend it."""
    from target_app import lab as commands

    show(commands.fault(read_settings(), kind))


@lab.command()
def resolve(
    name: Annotated[str, typer.Option(help="the name")],
    address: Annotated[str, typer.Option(help="what it stands for, which the server judges")],
    connect: Annotated[str, typer.Option(help="where it leads, 127.x.y.z:port")],
) -> None:
    """Let a name lead to a server on loopback, in the arm's own resolver file."""
    from target_app import lab as commands

    show(commands.resolve(read_settings(), name, address, connect))


@lab.command("sign-webhook")
def sign_webhook(
    order: Annotated[int, typer.Option(help="the order that the events are about")],
    events: Annotated[str, typer.Option(help="a JSON list of {type, age}; the age in seconds")],
) -> None:
    """Print events of the payment provider about an order, as it would have signed them."""
    from target_app import lab as commands

    show(commands.sign_webhook(read_settings(), order, events))


@lab.command()
def kill(server: Annotated[int, typer.Option(help="the server's first process")]) -> None:
    """End one of its workers, as a crash would."""
    from target_app import lab as commands

    show(commands.kill(server))


def main() -> None:
    """Run a command; a failure that can be explained is one sentence and exit code 2."""
    try:
        app()
    except OperatorError as error:
        sys.stderr.write(f"target_app: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
