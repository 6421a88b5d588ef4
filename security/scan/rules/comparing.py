"""The rules on secrets that are compared with ==, or stored as they came."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.entries import seeds
from security.scan.rules.passwords import PASSWORD
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import Function, Module, names_in, own_nodes, terminal

PLAIN = Rule(
    "R223", "A password is stored or compared as it is", "password_storage", "256", "high", "medium",
    "Store a slow hash of it.",
)  # fmt: skip
TIMED = Rule(
    "R231", "A secret is compared with ==", "timing_comparison", "208", "medium", "high",
    "Compare with hmac.compare_digest.",
)  # fmt: skip
ACCOUNT = re.compile(
    r"^(User|Account|Member|Customer|Employee|Admin|Person|Player|Patient)(Model|Row|Entity|Record|DB|Orm|ORM)?$"
)
SIGNED = re.compile(r"user|account|member|customer|employee|admin|person|me$", re.I)
SECRET = re.compile(
    r"(^|_)(signature|sig|mac|hmac|digest|api_?key|apikey|secret|csrf(_?token)?|token|otp|password|auth(orization)?|passcode)$",
    re.I,
)
NOT_TIMED = re.compile(
    r"type|algorithm|kind|name|length|len|count|version|status|state|public_?key|foreign|primary|sort|cache|idempot",
    re.I,
)


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    for call in module.calls:
        if ACCOUNT.match(terminal(call.func)):
            yield from (
                hit(PLAIN, word.value) for word in call.keywords if _keeps_plain(module, word.arg or "", word.value)
            )
    for node in module.nodes:
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            yield from _compared(module, node)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            holder = terminal(node.targets[0].value)
            if SIGNED.search(holder) and _keeps_plain(module, node.targets[0].attr, node.value):
                yield hit(PLAIN, node)


def _keeps_plain(module: Module, field: str, value: ast.expr) -> bool:
    """Whether a stored field is given a password as it came. A class with a setter of that name may hash it."""
    if not re.match(r"^(password|password_hash|hashed_password|passwd|pwd)$", field) or not isinstance(
        value, ast.Name | ast.Attribute | ast.Subscript
    ):
        return False
    setter = any(
        f"{field}.setter" in ast.unparse(one) for function in module.functions for one in function.decorator_list
    )
    function = module.function_around(value)
    made = (
        [
            one
            for one in own_nodes(function)
            if isinstance(one, ast.Assign) and terminal(one.targets[0]) == terminal(value)
        ]
        if function is not None and isinstance(value, ast.Name)
        else []
    )
    hashed = any(
        isinstance(one.value, ast.Call)
        and re.search(r"hash|derive|crypt|encode_pass|make_password", ast.unparse(one.value.func))
        for one in made
    )
    named = re.match(r"^(password|passwd|pwd|plain_password|raw_password|new_password|password1)$", terminal(value))
    return bool(named) and not setter and not hashed


def _compared(module: Module, node: ast.Compare) -> Iterator[Hit]:
    left, right = node.left, node.comparators[0]
    if any(
        isinstance(one, ast.Constant) or (isinstance(one, ast.Call) and terminal(one.func) in {"len", "type"})
        for one in (left, right)
    ):
        return
    function = module.function_around(node)
    names = [_name_of(one) for one in (left, right)]
    if any(NOT_TIMED.search(name) for name in names):
        return
    stored = [isinstance(one, ast.Attribute | ast.Subscript) for one in (left, right)]
    if all(PASSWORD.search(name) for name in names) and any(stored) and not all(stored):
        yield hit(PLAIN, node)
        return
    if any(_is_mac(module, function, one) for one in (left, right)):
        yield hit(TIMED, node)
    elif all(SECRET.search(name) for name in names) or (
        any(SECRET.search(name) for name in names) and _from_request(module, function, left, right)
    ):
        if any(_is_config(function, one) for one in (left, right)):
            yield hit(TIMED, node)


def _name_of(node: ast.expr) -> str:
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"encode", "decode", "strip", "lower", "removeprefix"}
    ):
        return _name_of(node.func.value)
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        return str(node.args[0].value).replace("-", "_")
    return terminal(node).replace("-", "_")


def _is_mac(module: Module, function: Function | None, node: ast.expr) -> bool:
    """Whether it was worked out with hmac, here or in a function of this module."""
    if isinstance(node, ast.Name) and function is not None:
        made = [
            one.value
            for one in own_nodes(function)
            if isinstance(one, ast.Assign) and terminal(one.targets[0]) == node.id
        ]
        return any(_is_mac(module, None, one) for one in made)
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
    for call in calls:
        target = _run_by(module, call)
        if target is not None and any(
            isinstance(one, ast.Return) and one.value is not None and _direct_mac(module, one.value)
            for one in own_nodes(target)
        ):
            return True
    return _direct_mac(module, node)


def _run_by(module: Module, call: ast.Call) -> Function | None:
    """The function or method of this module that a call runs."""
    if isinstance(call.func, ast.Name):
        return module.plain_functions.get(call.func.id)
    function = module.function_around(call)
    owner = module.class_of(function) if function is not None else None
    own = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in {"self", "cls"}
    return module.methods(owner).get(terminal(call.func)) if own and owner is not None else None


def _direct_mac(module: Module, node: ast.expr) -> bool:
    return any(
        isinstance(one, ast.Call)
        and module.callee(one).startswith("hmac.")
        and not module.callee(one).endswith("compare_digest")
        for one in ast.walk(node)
    )


def _from_request(module: Module, function: Function | None, *sides: ast.expr) -> bool:
    if function is None:
        return False
    names = names_in(list(sides))
    return "request" in names or (function in seeds(module) and bool(names & set(seeds(module)[function])))


def _is_config(function: Function | None, node: ast.expr) -> bool:
    """Whether it is a secret of the server: a setting, the environment, a constant, or stored beside an account."""
    text = ast.unparse(node)
    if isinstance(node, ast.Name) and function is not None:
        made = [
            ast.unparse(one.value)
            for one in own_nodes(function)
            if isinstance(one, ast.Assign) and terminal(one.targets[0]) == node.id
        ]
        text = " ".join([text, *made])
    return bool(
        re.search(
            r"settings|config|environ|getenv|\b[A-Z][A-Z_]{3,}\b|self\._?\w*(secret|key|token)|expected|stored|session|\.(reset_|api_|csrf_|access_)?(token|key|secret)\b",
            text,
        )
    )


FAMILY = Family((PLAIN, TIMED), look)
