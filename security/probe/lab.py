"""The lab adapter: commands that read the target's database, mint a token, or break and mend the database."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from security.probe.outcome import CouldNotRunError
from security.probe.target import LabCommands
from security.redact import redact_text

TIMEOUT_S = 30.0


@dataclass(frozen=True)
class SignedEvent:
    """An event for the target's `path`: its body, and the signature that goes into the header."""

    path: str
    header: str
    body: str
    signature: str


class LabMissingError(CouldNotRunError):
    """The target offers no such lab command."""


class Lab:
    """Runs the lab's commands. Every one of them raises `CouldNotRunError` when it is missing or fails."""

    def __init__(self, commands: LabCommands) -> None:
        self._commands = commands
        self._rows: dict[str, dict[str, Any]] = {}
        self._tokens: dict[tuple[str, ...], dict[str, str]] = {}

    def mint_token(self, username: str) -> str:
        """A validly signed token of this user."""
        return _text(self._run("mint_token", username=username, claims="{}"), "token")

    def mint_tokens(self, username: str, variants: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Validly signed tokens of this user, by name, each with other claims in place of the usual ones.

        Those that were signed once for this user under these names are given again: a command takes a second.
        """
        known = self._tokens.get((username, *variants))
        if known is not None:
            return known
        if not any("{claims}" in word for word in self._commands.mint_token or ()):
            raise LabMissingError("The target's lab command mint_token takes no claims.")
        tokens = self._run("mint_token", username=username, claims=json.dumps([*variants.values()])).get("tokens")
        if not isinstance(tokens, list) or len(tokens) != len(variants):
            raise CouldNotRunError("The lab command mint_token printed no token for each object of claims.")
        signed = self._tokens[username, *variants] = dict(zip(variants, map(str, tokens), strict=True))
        return signed

    def read_row(self, username: str) -> dict[str, Any]:
        """The stored row of this user, by column, as it was when it was first asked for: a command takes a second."""
        if username not in self._rows:
            row = self._run("read_db", username=username).get("row")
            if not isinstance(row, dict):
                raise CouldNotRunError("The lab command read_db printed no row.")
            self._rows[username] = row
        return self._rows[username]

    @contextmanager
    def fault(self, kind: str) -> Iterator[tuple[str, str]]:
        """Break the target's own database for the length of the block; yields method and path of what fails by it."""
        try:
            provokes = self._run("fault", kind=kind).get("provokes")
            if not isinstance(provokes, dict):
                raise CouldNotRunError("The lab command fault printed nothing that it provokes.")
            yield _text(provokes, "method"), _text(provokes, "path")
        finally:
            # Also after a fault that failed half-way: repairing what is whole changes nothing.
            self._run("fault", kind="repair")

    def resolve(self, name: str, *, address: str, connect: str) -> None:
        """Let a name stand for `address` in the target's outbound calls, and lead to `connect`, 127.x.y.z:port."""
        self._run("resolve", name=name, address=address, connect=connect)

    def sign_webhook(self, order: int, events: Sequence[tuple[str, int]]) -> list[SignedEvent]:
        """Events of these types and ages (s) about an order of the target, as its payment provider signs them."""
        wanted = json.dumps([{"type": kind, "age": age} for kind, age in events])
        answer = self._run("sign_webhook", order=str(order), events=wanted)
        signed = answer.get("events")
        if not isinstance(signed, list) or len(signed) != len(events):
            raise CouldNotRunError("The lab command sign_webhook printed no event for each type.")
        path, header = _text(answer, "path"), _text(answer, "header")
        return [SignedEvent(path, header, _text(one, "body"), _text(one, "signature")) for one in signed]

    def kill(self) -> int:
        """End one process of the target, as a crash would; its id."""
        killed = self._run("kill").get("killed")
        if not isinstance(killed, int):
            raise CouldNotRunError("The lab command kill printed no process id.")
        return killed

    def _run(self, name: str, /, **places: str) -> dict[str, Any]:
        words: Sequence[str] | None = getattr(self._commands, name)
        if words is None:
            raise LabMissingError(f"The target offers no lab command {name}.")
        filled = [_fill(word, places) for word in words]
        try:
            done = self._commands.run(filled, timeout=TIMEOUT_S)
        except OSError as error:
            raise LabMissingError(f"The lab command {name} can't be started: {error.strerror}.") from error
        except subprocess.TimeoutExpired as error:
            raise CouldNotRunError(f"The lab command {name} took more than {TIMEOUT_S:.0f} s.") from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise CouldNotRunError(f"The lab command {name} ended with {done.returncode}: {redact_text(last)}")
        return _object(done.stdout, name)


def _fill(word: str, places: dict[str, str]) -> str:
    for place, value in places.items():
        word = word.replace(f"{{{place}}}", value)
    return word


def _object(printed: str, name: str) -> dict[str, Any]:
    try:
        answer = json.loads(printed)
    except ValueError as error:
        raise CouldNotRunError(f"The lab command {name} printed no JSON.") from error
    if not isinstance(answer, dict):
        raise CouldNotRunError(f"The lab command {name} printed JSON that is no object.")
    return answer


def _text(answer: dict[str, Any], key: str) -> str:
    value = answer.get(key)
    if not isinstance(value, str) or not value:
        raise CouldNotRunError(f"A lab command printed no {key}.")
    return value
