"""The rule on log-ins whose answer tells which accounts exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function,
    Module,
    own_nodes,
    texts_in,
)

ACCOUNTS = Rule(
    "R318", "A log-in's answer tells whether the account exists", "account_disclosure", "204", "low", "medium",
    "Answer alike for an unknown account and for a wrong password.",
)  # fmt: skip
UNKNOWN_ACCOUNT = re.compile(
    r"(no such|unknown|unregistered|invalid|does not exist|doesn't exist|not found|not registered|no) ?"
    r"(user|account|e-?mail|username|login)|"
    r"(user|account|e-?mail|username)( \S+)? (is |was )?"
    r"(not found|unknown|does not exist|doesn't exist|not registered|unregistered|not exist|invalid)",
    re.I,
)
WRONG_PASSWORD = re.compile(
    r"(wrong|incorrect|invalid|bad) password|password (is |was )?(wrong|incorrect|invalid|does not match)", re.I
)
EITHER = re.compile(r"(or|and) (wrong )?password", re.I)
LOGIN = re.compile(r"log_?in|sign_?in|authenticate|forgot|reset_?password|obtain_token|create_session", re.I)


def look(module: Module) -> Iterator[Hit]:
    """Functions that are named for a log-in."""
    for function in module.functions:
        yield from _accounts(function)


def _accounts(function: Function) -> Iterator[Hit]:
    if not LOGIN.search(function.name):
        return
    unknown = [
        node
        for text, node in texts_in(own_nodes(function))
        if UNKNOWN_ACCOUNT.search(text) and not WRONG_PASSWORD.search(text) and not EITHER.search(text)
    ]
    if unknown:
        yield hit(ACCOUNTS, unknown[0])


FAMILY = Family((ACCOUNTS,), look)
