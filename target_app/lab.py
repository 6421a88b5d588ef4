"""Lab commands: what a probe may ask of a target that it attacks. Only for databases of this machine."""

import asyncio
import json
import os
import secrets
import signal
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from target_app.database import DatabaseUnavailableError, connect, parse_url, sqlite_path
from target_app.operator_error import OperatorError
from target_app.outbound.resolver import add_name
from target_app.postgres_session import FAILURES, reason, session
from target_app.provider_secrets import SIGNATURE_HEADER, ProviderSecrets, signature
from target_app.settings import WORKER_NAME, Settings, is_loopback

#: What the server knows an order's charge by, `OrderRow.charge_key`, and its amount.
CHARGE = "SELECT 'order-' || id || '-' || nonce AS reference, amount FROM orders WHERE id = "
USER = "SELECT * FROM users WHERE username = "


class LabError(OperatorError):
    """The lab cannot do this."""


def refuse_remote(url: str) -> None:
    """Raises LabError for a database of another machine."""
    parsed = parse_url(url)
    hosts = [parsed.host, *(str(value) for key, value in parsed.query.items() if key == "host")]
    for host in hosts:
        if host is not None and not host.startswith("/") and not is_loopback(host):
            raise LabError(f"the lab works on databases of this machine alone, not on {host}")


def fetch(url: str, statement: str, *parameters: Any) -> list[Mapping[str, Any]]:
    """The rows of one statement, by whichever driver the database needs."""
    refuse_remote(url)
    path = sqlite_path(url)
    try:
        if path is None:
            return asyncio.run(fetch_postgres(url, statement + ("$1" if parameters else ""), *parameters))
        return fetch_sqlite(path, statement + ("?" if parameters else ""), *parameters)
    except (sqlite3.Error, *FAILURES) as error:
        raise DatabaseUnavailableError(f"the database cannot be used: {reason(error)}") from None


def fetch_sqlite(path: Path, statement: str, *parameters: Any) -> list[Mapping[str, Any]]:
    """The rows of one statement, committed."""
    connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=5, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute(statement, parameters)]
    finally:
        connection.close()


async def fetch_postgres(url: str, statement: str, *parameters: Any) -> list[Mapping[str, Any]]:
    """The rows of one statement, committed."""
    async with session(url) as connection:
        return [dict(row) for row in await connection.fetch(statement, *parameters)]


def tables_of(url: str) -> str:
    """The statement that names every table."""
    if sqlite_path(url) is None:
        return "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
    return "SELECT name FROM sqlite_master WHERE type = 'table'"


def read_db(settings: Settings, username: str) -> dict[str, Any]:
    """The stored row of a user. Raises LabError where there is none."""
    rows = fetch(settings.database_url, USER, username)
    if not rows:
        raise LabError(f"there is no user {username!r}")
    return {"row": dict(rows[0])}


def check_ledger(settings: Settings) -> dict[str, Any]:
    """How many transactions the ledger has, and how often each of its invariants is broken."""
    from target_app.command import run
    from target_app.ledger.repository import LedgerRepository
    from target_app.ledger.service import LedgerService

    refuse_remote(settings.database_url)
    return run(settings, lambda _kit, work: LedgerService(LedgerRepository()).check(work))


def mint_token(settings: Settings, treatment: Mapping[str, str], username: str, claims: str = "{}") -> dict[str, Any]:
    """A token as the server would sign it, or several. Raises LabError where there is no such user.

    `claims` is JSON: an object of claims in place of the usual ones, or a list of such objects, a token for each.
    """
    # Here, since the other commands need nothing of the application and probes wait for them to start.
    from target_app.controls.model import Kit
    from target_app.metrics import Metrics
    from target_app.signing_keys import SigningKeys
    from target_app.tuning.token_cache import NoCache
    from target_app.users.session import Session
    from target_app.users.tokens import session_tokens

    variants = changed_claims(claims)
    row = read_db(settings, username)["row"]
    metrics = Metrics()
    kit = Kit(settings, connect(settings.database_url, metrics), metrics, SigningKeys(settings.key_file))
    tokens = session_tokens(treatment, kit, NoCache(kit))
    made = [tokens.write(Session(row["id"], row["token_version"]), changes) for changes in variants]
    return {"token": made[0], "tokens": made}


def changed_claims(text: str) -> list[dict[str, Any]]:
    """A JSON object, or those of a list. Raises LabError."""
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    variants = given if isinstance(given, list) else [given]
    if not variants or not all(isinstance(one, dict) for one in variants):
        raise LabError(f"{text!r} is neither a JSON object of claims nor a list of such objects")
    return variants


class Fault(NamedTuple):
    """What is done to what the server keeps: whether it is so, how it is done and taken back, and what shows it."""

    there: Callable[[Settings], bool]
    breaks: Callable[[Settings], None]
    mends: Callable[[Settings], None]
    shown_by: str


def fault(settings: Settings, kind: str) -> dict[str, Any]:
    """Break what the arm keeps, or mend it (`repair`). Breaking what is broken and mending what is whole do nothing."""
    refuse_remote(settings.database_url)
    if kind == "repair":
        broken = [one for one in FAULTS.values() if one.there(settings)]
        for one in broken:
            one.mends(settings)
        return {"mended": len(broken)}
    if kind not in FAULTS:
        raise LabError(f"there is no fault {kind!r}; there are {', '.join(FAULTS)}, repair")
    if not FAULTS[kind].there(settings):
        FAULTS[kind].breaks(settings)
    return {"provokes": {"method": "GET", "path": FAULTS[kind].shown_by}}


def executing(statement: str) -> Callable[[Settings], None]:
    """What runs a statement on the database."""

    def execute(settings: Settings) -> None:
        fetch(settings.database_url, statement)

    return execute


def tags_missing(settings: Settings) -> bool:
    """Whether the table of tags has another name."""
    tables = fetch(settings.database_url, tables_of(settings.database_url))
    return "tags_taken_away" in {row["name"] for row in tables}


#: What an edit of the audit log leaves in a record.
EDITED = "-edited"
AUDIT_EDITED = f"SELECT number FROM audit_log WHERE object LIKE '%{EDITED}'"
EDIT_AUDIT = f"UPDATE audit_log SET object = object || '{EDITED}' WHERE number = (SELECT max(number) FROM audit_log)"
MEND_AUDIT = f"UPDATE audit_log SET object = replace(object, '{EDITED}', '')"


def audit_edited(settings: Settings) -> bool:
    """Whether a record of the audit log bears the mark, in the database or in the text file."""
    return EDITED in audit_text(settings) or bool(fetch(settings.database_url, AUDIT_EDITED))


def edit_audit(settings: Settings) -> None:
    """Change the last record, by whoever can write where the log stands."""
    if text := audit_text(settings):
        settings.audit_file.write_text(f"{text.removesuffix(chr(10))}{EDITED}\n", encoding="utf-8")
    else:
        fetch(settings.database_url, EDIT_AUDIT)


def mend_audit(settings: Settings) -> None:
    """Take the change back."""
    if text := audit_text(settings):
        settings.audit_file.write_text(text.replace(EDITED, ""), encoding="utf-8")
    fetch(settings.database_url, MEND_AUDIT)


def audit_text(settings: Settings) -> str:
    """The audit log in plain text; empty where there is none."""
    return settings.audit_file.read_text(encoding="utf-8") if settings.audit_file.exists() else ""


FAULTS = {
    "missing_table": Fault(
        tags_missing,
        executing("ALTER TABLE tags RENAME TO tags_taken_away"),
        executing("ALTER TABLE tags_taken_away RENAME TO tags"),
        "/api/tags",
    ),
    "edited_audit": Fault(audit_edited, edit_audit, mend_audit, "/api/admin/audit/verification"),
}


def resolve(settings: Settings, name: str, address: str, connect: str) -> dict[str, Any]:
    """Let a name of the arm's own resolver file stand for `address` and lead to `connect`. Raises LabError."""
    if settings.resolver_file is None:
        raise LabError("TARGET_RESOLVER_FILE names no file: this server asks the system for names")
    add_name(settings.resolver_file, name, address, connect)
    return {"name": name, "address": address, "connect": connect}


def sign_webhook(settings: Settings, order: int, events: str) -> dict[str, Any]:
    """Events about an order, as the payment provider would have signed them. Raises LabError.

    `events` is JSON: a list of `{"type": "charge.declined", "age": 0}`, the age in seconds.
    """
    rows = fetch(settings.database_url, CHARGE, order)
    if not rows:
        raise LabError(f"there is no order {order}")
    secret = ProviderSecrets(settings.provider_file).webhook_secret()
    about = {"id": f"ch_{secrets.token_hex(8)}", **rows[0]}
    signed = [signed_event(secret, about, kind, age) for kind, age in wanted_events(events)]
    return {"path": "/api/payments/webhook", "header": SIGNATURE_HEADER, "events": signed}


def signed_event(secret: bytes, about: Mapping[str, Any], kind: str, age: int) -> dict[str, str]:
    """The body of a new event, and its signature of so many seconds ago."""
    body = json.dumps({"id": f"ev_{secrets.token_hex(8)}", "type": kind, "data": dict(about)})
    at = int(time.time()) - age
    return {"body": body, "signature": f"t={at},v1={signature(secret, at, body.encode())}"}


def wanted_events(text: str) -> list[tuple[str, int]]:
    """Types and ages in seconds. Raises LabError."""
    try:
        return [(str(one["type"]), int(one["age"])) for one in json.loads(text)]
    except (ValueError, TypeError, LookupError):
        raise LabError(f"{text!r} is no JSON list of types and ages of events") from None


def kill(server: int) -> dict[str, Any]:
    """End a worker of the server whose first process is `server`, as a crash would. Raises LabError.

    Of several workers it is the oldest, which the server replaces; one that serves alone is the server itself.
    """
    workers = [child for child in children_of(server) if proc(child, "comm").strip() == WORKER_NAME]
    if not workers and not {b"target_app", b"serve"} <= set(proc(server, "cmdline").split(b"\0")):
        raise LabError(f"process {server} is no server of this application")
    victim = min(workers, default=server)
    try:
        os.kill(victim, signal.SIGKILL)
    except OSError as error:
        raise LabError(f"process {victim} cannot be ended: {error.strerror}") from None
    return {"killed": victim}


def proc(pid: int, file: str) -> bytes:
    """What the kernel tells of a process, empty where there is none."""
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except OSError:
        return b""


def children_of(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(child) for child in proc(pid, f"task/{pid}/children").split()]
