"""The accounts that virtual users log in with, and how they log in: both are templates of the target's description."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

_FIELD = re.compile(r"\{(email|password|username)\}")
_FIELD_VALUE = re.compile(r"[\x21-\x7e]+")  # what may stand in a header without opening another one


@dataclass(frozen=True, slots=True)
class Account:
    """One virtual user's account; `source` is the loopback address that its connections come from, if any."""

    email: str
    password: str = field(repr=False)
    username: str
    source: str | None = None


#: Who sends a step: the visit's own account, the next one, or the account of a role.
Part = Literal["user", "partner", "moderator", "admin"]


class Uncast(ValueError):  # noqa: N818 - read as `except Uncast`
    """A journey needs somebody whom nobody described; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Virtual users, who take turns; accounts of roles; and the name of an account that nobody logs in to."""

    users: Sequence[Account]
    roles: Mapping[Part, Account] = field(default_factory=dict)
    bystander: str = ""

    @property
    def all(self) -> tuple[Account, ...]:
        """Everybody who logs in."""
        return (*self.users, *self.roles.values())

    def cast(self, arrival: int) -> dict[Part, Account]:
        """Who comes as that arrival."""
        count = len(self.users)
        return {"user": self.users[arrival % count], "partner": self.users[(arrival + 1) % count], **self.roles}

    def check(self, journey: str, parts: Sequence[Part]) -> None:
        """Raises Uncast where a journey needs a part that nobody can play."""
        if "partner" in parts and len(self.users) < 2:
            raise Uncast(f"The journey {journey} needs two accounts, and there is one.")
        missing = [part for part in parts if part not in self.cast(0)]
        if missing:
            raise Uncast(f"The journey {journey} needs an account of a {missing[0]}, and the accounts name none.")


@dataclass(frozen=True, slots=True)
class Templates:
    """`{n}` is the number of the account, from 1; a format such as `{n:04d}` is allowed."""

    email: str = "reader{n:04d}@example.test"
    password: str = field(default="correct-horse-{n:04d}", repr=False)
    username: str = "reader{n:04d}"
    source: str | None = "127.77.0.{n}"

    def account(self, number: int) -> Account:
        """The account of that number; raises ValueError if a template is broken or gives no loopback source address."""
        try:
            email, password, username = (text.format(n=number) for text in (self.email, self.password, self.username))
            source = self.source.format(n=number) if self.source else None
        except (LookupError, ValueError, AttributeError) as error:
            raise ValueError(f"a template of the accounts cannot be filled in for n={number}: {error!r}") from error
        if source and not _is_loopback(source):
            raise ValueError(f"account {number} would come from {source}, which is no IPv4 loopback address")
        return Account(email, password, username, source)


@dataclass(frozen=True, slots=True)
class LogIn:
    """The request that logs in, and where the credential stands in its answer and in later requests."""

    method: str = "POST"
    path: str = "/api/users/login"
    json: Any = field(default_factory=lambda: {"user": {"email": "{email}", "password": "{password}"}})
    token_at: tuple[str | int, ...] = ("user", "token")
    header: str = "Authorization"
    scheme: str = "Token"

    @property
    def name(self) -> str:
        """The label of the step."""
        return f"{self.method} {self.path}"

    def body(self, account: Account) -> Any:
        """The request's JSON with `{email}`, `{password}` and `{username}` filled in."""
        return _fill(self.json, account)

    def credential(self, token: str) -> str:
        """The header line's value; raises ValueError if the token could not stand in one."""
        if not _FIELD_VALUE.fullmatch(token):
            raise ValueError(
                "the token in the answer to the log-in is empty or holds characters that no header may hold"
            )
        return f"{self.scheme} {token}".strip()


def encode(value: Any) -> bytes:
    """JSON as it stands on the wire: no spaces, UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _fill(template: Any, account: Account) -> Any:
    if isinstance(template, str):
        return _FIELD.sub(lambda found: str(getattr(account, found[1])), template)
    if isinstance(template, dict):
        return {key: _fill(value, account) for key, value in template.items()}
    if isinstance(template, list):
        return [_fill(value, account) for value in template]
    return template


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.IPv4Address(address).is_loopback
    except ValueError:
        return False
