"""The rule on objects that are reached by their identifier alone: a guess from names, of low confidence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.entries import seeds
from security.scan.rules.routes import LOGIN_DECORATORS, ROLE_WORDS, guards_around, paths_of
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function,
    Module,
    body_of,
    default_of,
    names_in,
    own_nodes,
    parameters,
    terminal,
    words_in,
)  # fmt: skip

OWNER = Rule(
    "R271", "An object is loaded by its identifier and nobody asks whose it is",
    "object_authorization", "639", "high", "low",
    "Load it together with its owner, or compare the owner with the signed-in user.",
)  # fmt: skip

IDENTIFIER = re.compile(r"(^|_)(id|pk|uuid|slug|number|no|ref|key)$|^id$")
LOADS = re.compile(
    r"^(get|get_one|get_or_404|get_object_or_404|find|find_one|fetch_one|fetchrow|first_or_404|scalar|scalar_one|scalar_one_or_none|one|"
    r"execute|scalars|fetchone|filter|filter_by|where|load|get_by_id|find_by_id|by_id|select_one|get_item|get_or_none|fetchval|delete|"
    r"query_one|retrieve|find_unique|fetch|first|exec|query)$"
)
SIGNED_IN = re.compile(
    r"(^|_)(current_?user|user|viewer|account|principal|identity|claims|me|actor|auth|customer|member|owner|caller|subject)($|_)|^uid$",
    re.I,
)
GUARD_NAMES = re.compile(
    r"owner|permission|authoriz|authoris|can_|may_|allowed|policy|forbid|access|check_|ensure|require|acl|tenant|belongs",
    re.I,
)


def look(module: Module) -> Iterator[Hit]:
    """Every route that wants a signed-in user, or writes."""
    for function in seeds(module):
        yield from _owned(module, function)


def _signs_in(module: Module, function: Function) -> tuple[bool, set[str]]:
    """Whether a route wants a signed-in user, and the names under which its code would have that user."""
    names: set[str] = set()
    for arg in parameters(function):
        default = default_of(function, arg.arg)
        about = " ".join(
            [arg.arg, ast.unparse(arg.annotation) if arg.annotation else "", ast.unparse(default) if default else ""]
        )
        injected = (
            "Depends" in about
            or "Security" in about
            or (arg.annotation is not None and re.search(r"User|Viewer|Principal|Dep$|Identity", about))
        )
        if injected and (
            SIGNED_IN.search(arg.arg)
            or re.search(
                r"current_user|get_user|require_user|Viewer|signed_in|authenticate|verify_token|CurrentUser", about
            )
        ):
            names.add(arg.arg)
    decorated = any(LOGIN_DECORATORS.search(ast.unparse(one)) for one in function.decorator_list)
    depended = any(
        re.search(r"dependencies=.*(user|auth|token|signed)", ast.unparse(one), re.I) for one in function.decorator_list
    )
    owner = module.class_of(function)
    inherited = (
        owner is not None
        and bool(
            LOGIN_DECORATORS.search(
                words_in(
                    ast.ClassDef(
                        name="",
                        bases=owner.bases,
                        keywords=[],
                        body=[one for one in owner.body if isinstance(one, ast.Assign)],
                        decorator_list=owner.decorator_list,
                    )
                )
            )
        )
    ) or (owner is not None and any("LoginRequired" in terminal(one) for one in owner.bases))
    return bool(names) or decorated or depended or inherited, names


def _owned(module: Module, function: Function) -> Iterator[Hit]:
    identifiers = [
        arg.arg for arg in parameters(function) if IDENTIFIER.search(arg.arg) and not SIGNED_IN.fullmatch(arg.arg)
    ]
    route = paths_of(module, function)
    if not identifiers and not re.search(r"[{<][^}>]*(id|slug|pk|uuid)[}>:]", route):
        return
    signed_in, names = _signs_in(module, function)
    writes = bool(
        re.search(
            r"\b(put|patch|delete)\b",
            " ".join(
                ast.unparse(one.func)
                for one in function.decorator_list
                if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)
            ).replace(".", " "),
        )
    )
    if not signed_in and not writes:
        return
    body = body_of(function)
    loads = [
        one
        for one in own_nodes(function)
        if isinstance(one, ast.Call) and LOADS.match(terminal(one.func)) and names_in(one) & set(identifiers)
    ]
    if not loads:
        return
    mentioned = _mentions(body, names, set(identifiers))
    if (
        not mentioned
        and not GUARD_NAMES.search(
            " ".join(names_in(body) | {LOGIN_DECORATORS.sub("", ast.unparse(one)) for one in function.decorator_list})
        )
        and not ROLE_WORDS.search(guards_around(module, function))
    ):
        yield hit(OWNER, loads[-1], ", ".join(identifiers))


def _mentions(body: list[ast.stmt], names: set[str], identifiers: set[str]) -> bool:
    """Whether the signed-in user decides anything: is compared, filtered by, or handed on. To be logged is nothing."""
    by_route = {
        inner
        for top in body
        for node in ast.walk(top)
        if isinstance(node, ast.Compare | ast.keyword) and names_in(node) & identifiers and not names_in(node) & names
        for inner in ast.walk(node)
    }  # compared with what the client wrote into the path
    for top in body:
        for node in ast.walk(top):
            if node in by_route or (
                isinstance(node, ast.Call) and re.search(r"log|audit|print|track", ast.unparse(node.func))
            ):
                continue
            if isinstance(node, ast.Name) and node.id in names and not _in_log(top, node):
                return True
            text = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if text in {
                "current_user",
                "user",
                "user_id",
                "viewer",
                "owner_id",
                "owner",
                "author_id",
                "account_id",
                "get_jwt_identity",
                "tenant_id",
                "customer_id",
                "created_by",
                "uid",
                "author",
            }:
                if isinstance(node, ast.Attribute) or text in {"current_user", "get_jwt_identity"}:
                    if not _in_log(top, node):
                        return True
            if (
                isinstance(node, ast.keyword)
                and node.arg
                and re.search(r"owner|user|author|account|tenant|customer", node.arg)
            ):
                return True
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and re.search(r"(owner|user|author|account|tenant|customer)_id|session|\bowner\b", node.value)
            ):
                return True
    return False


def _in_log(top: ast.AST, wanted: ast.AST) -> bool:
    return any(
        isinstance(call, ast.Call)
        and re.search(r"log|audit|print|track", ast.unparse(call.func))
        and any(one is wanted for one in ast.walk(call))
        for call in ast.walk(top)
    )


FAMILY = Family((OWNER,), look)
