"""Rules on who may do what. These are guesses from names and shapes: confidence is low where a rule says so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.entries import seeds
from security.scan.rules.flow import flow_of
from security.scan.rules.routes import ROLE_WORDS, guards_around, paths_of
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function,
    Module,
    body_of,
    default_of,
    is_true,
    names_in,
    own_nodes,
    parameters,
    terminal,
)  # fmt: skip
from security.scan.rules.values import CLEAN, State

ROLE = Rule(
    "R272", "A privileged route asks for no role", "function_authorization", "285", "high", "low",
    "Require the role at the route or its router.",
)  # fmt: skip
CLAIMED = Rule(
    "R273", "The client says itself what it may do", "function_authorization", "807", "high", "medium",
    "Take the role from the session or the database.",
)  # fmt: skip
NEVER = Rule(
    "R274", "A check never refuses, where its sibling does", "function_authorization", "862", "medium", "low",
    "Remove the implementation that lets everything pass, or keep it out of production.",
)  # fmt: skip
PRIVILEGED = re.compile(
    r"(^|[/_-])(admin|administration|moderation|moderator|internal|superuser|staff|backoffice|management|impersonate|sudo|root)([/_-]|$)",
    re.I,
)
ROLE_VALUES = re.compile(r"^(admin|administrator|root|superuser|staff|moderator|owner|true|1|yes)$", re.I)
ROLE_KEYS = re.compile(r"role|admin|staff|superuser|privileg|permission|access_?level|user_?type|is_internal", re.I)


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    for function in seeds(module):
        yield from _privileged(module, function)
        yield from _claimed(module, function)
    yield from _never(module)


def _privileged(module: Module, function: Function) -> Iterator[Hit]:
    route = paths_of(module, function)
    if not PRIVILEGED.search(route) or (
        not function.decorator_list
        and not any(terminal(one.func) in {"path", "Route", "add_api_route", "add_url_rule"} for one in module.calls)
    ):
        return
    if re.search(r"admin|staff|moderator|superuser", _asked_for(function), re.I):
        return
    if not ROLE_WORDS.search(
        re.sub(r"['\"][^'\"]*['\"]", "", guards_around(module, function))
    ) and not ROLE_WORDS.search(" ".join(names_in(body_of(function)) | _texts(function))):
        yield hit(ROLE, function, route.split()[0])


def _asked_for(function: Function) -> str:
    """The types and defaults of a route's parameters: what it has injected."""
    parts = [part for arg in parameters(function) for part in (arg.annotation, default_of(function, arg.arg))]
    return " ".join(ast.unparse(part) for part in parts if part is not None)


def _texts(function: Function) -> set[str]:
    return {
        one.value
        for one in own_nodes(function)
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and len(one.value) < 20
    }


def _claimed(module: Module, function: Function) -> Iterator[Hit]:
    """A header, cookie, query or body field with a role's name is compared with a role, or taken for true."""
    flow = flow_of(module)
    state_names = seeds(module)[function]
    for node in own_nodes(function):
        test = node.test if isinstance(node, ast.If | ast.IfExp) else node if isinstance(node, ast.Compare) else None
        if test is None:
            continue
        for part in ast.walk(test):
            key = _role_key(part)
            if not key or not ROLE_KEYS.search(key):
                continue
            value = flow.evaluate(part, State(dict(state_names)))
            # A flag that a route declares as a number or a truth value is the client's as well.
            declared = isinstance(part, ast.Name) and state_names.get(part.id) == CLEAN
            if (declared or any(source.kind == "request" for source in value.sources)) and _grants(test, part):
                yield hit(CLAIMED, test, key)
                return


def _role_key(node: ast.AST) -> str:
    if (
        isinstance(node, ast.Call)
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and terminal(node.func) in {"get", "get_argument", "header", "get_header", "get_param"}
    ):
        return str(node.args[0].value)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _grants(test: ast.AST, part: ast.AST) -> bool:
    """Whether a right hangs on it: compared with the name of a role, or taken for true by itself."""
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and any(one is part for one in ast.walk(node)):
            constants = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and one is not part]
            others = [one for one in constants if isinstance(one, str) and ROLE_VALUES.match(one)]
            return bool(others) or True in constants
    return part is test or (isinstance(test, ast.UnaryOp) and test.operand is part)


def _never(module: Module) -> Iterator[Hit]:
    """Of two classes with one interface, the check of one may raise and that of the other is empty."""
    methods: dict[str, list[tuple[ast.ClassDef, Function]]] = {}
    for owner in module.classes.values():
        if any(terminal(base) in {"Protocol", "ABC"} for base in owner.bases):
            continue
        for name, function in module.methods(owner).items():
            if not name.startswith("__"):
                methods.setdefault(name, []).append((owner, function))
    for versions in methods.values():
        refusing = [
            function for _, function in versions if any(isinstance(one, ast.Raise) for one in own_nodes(function))
        ]
        for function in {one for _, one in versions}:
            if refusing and _is_empty(function):
                yield hit(NEVER, function, function.name)


def _is_empty(function: Function) -> bool:
    """A body that lets everything pass."""
    body = body_of(function)
    return (
        len(parameters(function)) > 1
        and len(body) <= 1
        and all(
            isinstance(one, ast.Pass)
            or (
                isinstance(one, ast.Return)
                and (
                    one.value is None
                    or is_true(one.value)
                    or (isinstance(one.value, ast.Constant) and one.value.value is None)
                )
            )
            for one in body
        )
    )


FAMILY = Family((ROLE, CLAIMED, NEVER), look)
