"""Rules on messages from outside: their signature, their time, their first use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.entries import seeds
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function,
    Module,
    words_in,
)

UNSIGNED = Rule(
    "R316", "A message from outside is acted on without a signature", "unverified_message", "345", "high", "low",
    "Verify an HMAC over the raw body before anything else.",
)  # fmt: skip
REPLAYED = Rule(
    "R317", "A signed message may be sent again", "unverified_message", "294", "medium", "low",
    "Sign the time as well, refuse what is old, and remember what was seen.",
)  # fmt: skip
HOOKS = re.compile(
    r"webhook|(^|[/_-])(hook|hooks|ipn|callback|notify|notification|stripe|paypal|github|events?)([/_-]|$)", re.I
)
PROVES = re.compile(
    r"hmac|compare_digest|signature|construct_event|verify|signed|svix|public_key|x-hub|validate_\w*sig|webhook_secret|token|depends|secret"
)
TIMED = re.compile(
    r"time|timestamp|now\b|utcnow|nonce|replay|seen|already|processed|event_id|delivery|idempoten|tolerance|window|expires|construct_event|first_time|max_age"
)


# Messages from outside


def look(module: Module) -> Iterator[Hit]:
    """Every route."""
    for function in seeds(module):
        yield from _message(module, function)


def _message(module: Module, function: Function) -> Iterator[Hit]:
    route = " ".join(
        one.value
        for decorator in function.decorator_list
        for one in ast.walk(decorator)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )
    hooked = re.search(
        r"webhook|/hooks?(/|$)|/ipn\b|(stripe|paypal|github|slack|twilio|payments?|mailgun|provider)s?/(events?|callback|notify|notifications?)\b",
        route,
        re.I,
    ) or re.search(r"webhook|_hook$|_ipn$", function.name, re.I)
    if (
        not hooked
        or re.search(r"test|try|retry|redeliver|preview", f"{route} {function.name}")
        or not _receives(function)
    ):
        return
    words = _reach(module, function)
    if not PROVES.search(words):
        yield hit(UNSIGNED, function)
    elif re.search(r"hmac|compare_digest", words) and not TIMED.search(words):
        yield hit(REPLAYED, function)


def _receives(function: Function) -> bool:
    """Whether a body is read: creating a webhook of one's own is no message from outside."""
    decorators = " ".join(ast.unparse(one) for one in function.decorator_list)
    text = ast.unparse(function)
    posts = not re.search(r"\.(get|delete)\(", decorators)
    raw = re.search(
        r"request\.(body|json|get_data|get_json|data|stream|read)|(payload|event|body|notification|message)\b", text
    )
    return posts and bool(raw) and not re.search(r"current_user|viewer|login_required", text)


def _reach(module: Module, function: Function) -> str:
    """The words of a function, its decorators, and of the functions of this module that it names."""
    words = words_in(function)
    for name in set(words_names(function)) & module.plain_functions.keys():
        words += " " + words_in(module.plain_functions[name])
    return words


def words_names(function: Function) -> set[str]:
    """All names in a function, its decorators included."""
    return {one.id for one in ast.walk(function) if isinstance(one, ast.Name)}


FAMILY = Family((UNSIGNED, REPLAYED), look)
