"""Rules on who may do what. These are guesses from names and shapes: confidence is low where a rule says so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.entries import VERBS, seeds
from security.scan.rules.flow import flow_of
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function, Module, body_of, default_of, is_true, names_in, own_nodes, parameters, terminal, words_in,
)  # fmt: skip

OWNER = Rule(
    "R271", "An object is loaded by its identifier and nobody asks whose it is", "object_authorization", "639", "high", "low",
    "Load it together with its owner, or compare the owner with the signed-in user.",
)  # fmt: skip
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

IDENTIFIER = re.compile(r"(^|_)(id|pk|uuid|slug|number|no|ref|key)$|^id$")
LOADS = re.compile(
    r"^(get|get_one|get_or_404|get_object_or_404|find|find_one|fetch_one|fetchrow|first_or_404|scalar|scalar_one|scalar_one_or_none|one|"
    r"execute|scalars|fetchone|filter|filter_by|where|load|get_by_id|find_by_id|by_id|select_one|get_item|get_or_none|fetchval|delete|"
    r"query_one|retrieve|find_unique|fetch|first|exec|query)$"
)
SIGNED_IN = re.compile(r"(^|_)(current_?user|user|viewer|account|principal|identity|claims|me|actor|auth|customer|member|owner|caller|subject)($|_)|^uid$", re.I)
GUARD_NAMES = re.compile(r"owner|permission|authoriz|authoris|can_|may_|allowed|policy|forbid|access|check_|ensure|require|acl|tenant|belongs", re.I)
LOGIN_DECORATORS = re.compile(r"login_required|jwt_required|authenticated|requires_auth|auth_required|token_required|IsAuthenticated", re.I)
PRIVILEGED = re.compile(r"(^|[/_-])(admin|administration|moderation|moderator|internal|superuser|staff|backoffice|management|impersonate|sudo|root)([/_-]|$)", re.I)
ROLE_WORDS = re.compile(
    r"admin_?(user|required|only|dep|session|guard)|require|role|permission|is_(admin|staff|superuser|moderator)|staff_member|"
    r"superuser|scope|authoriz|authoris|roles_(allowed|accepted|required)|user_passes_test|has_perm|IsAdmin|privilege|get_current_admin|moderator_|guard|policy|Security\b|allow_\w+|"
    r"current_admin|admin_auth|verify_admin|check_admin|only_admin|acl",
    re.I,
)
ROLE_VALUES = re.compile(r"^(admin|administrator|root|superuser|staff|moderator|owner|true|1|yes)$", re.I)
ROLE_KEYS = re.compile(r"role|admin|staff|superuser|privileg|permission|access_?level|user_?type|is_internal", re.I)


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    entries = seeds(module)
    for function in module.functions:
        if function in entries:
            yield from _owned(module, function)
            yield from _privileged(module, function)
            yield from _claimed(module, function)
    yield from _never(module)


def _routes(module: Module, function: Function) -> str:
    """The paths of a route: its decorators', its router's prefix, or a registrar's."""
    texts = [text for decorator in function.decorator_list for one in ast.walk(decorator) if isinstance(one, ast.Constant) for text in [one.value]]
    for call in module.calls:
        if any(terminal(one) == function.name for one in call.args):
            texts += [one.value for one in call.args if isinstance(one, ast.Constant)]
    for decorator in function.decorator_list:
        router = decorator.func.value if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) else None
        made = module.constants.get(terminal(router)) if router is not None else None
        if isinstance(made, ast.Call):
            texts += [word.value.value for word in made.keywords if word.arg in {"prefix", "url_prefix"} and isinstance(word.value, ast.Constant)]
    return " ".join(text for text in texts if isinstance(text, str))


def _signs_in(module: Module, function: Function) -> tuple[bool, set[str]]:
    """Whether a route wants a signed-in user, and the names under which its code would have that user."""
    names: set[str] = set()
    for arg in parameters(function):
        default = default_of(function, arg.arg)
        about = " ".join([arg.arg, ast.unparse(arg.annotation) if arg.annotation else "", ast.unparse(default) if default else ""])
        injected = "Depends" in about or "Security" in about or (arg.annotation is not None and re.search(r"User|Viewer|Principal|Dep$|Identity", about))
        if injected and (SIGNED_IN.search(arg.arg) or re.search(r"current_user|get_user|require_user|Viewer|signed_in|authenticate|verify_token|CurrentUser", about)):
            names.add(arg.arg)
    decorated = any(LOGIN_DECORATORS.search(ast.unparse(one)) for one in function.decorator_list)
    depended = any(re.search(r"dependencies=.*(user|auth|token|signed)", ast.unparse(one), re.I) for one in function.decorator_list)
    owner = module.class_of(function)
    inherited = owner is not None and bool(LOGIN_DECORATORS.search(words_in(ast.ClassDef(name="", bases=owner.bases, keywords=[], body=[one for one in owner.body if isinstance(one, ast.Assign)], decorator_list=owner.decorator_list)))) or (owner is not None and any("LoginRequired" in terminal(one) for one in owner.bases))
    return bool(names) or decorated or depended or inherited, names


def _owned(module: Module, function: Function) -> Iterator[Hit]:
    identifiers = [arg.arg for arg in parameters(function) if IDENTIFIER.search(arg.arg) and not SIGNED_IN.fullmatch(arg.arg)]
    route = _routes(module, function)
    if not identifiers and not re.search(r"[{<][^}>]*(id|slug|pk|uuid)[}>:]", route):
        return
    signed_in, names = _signs_in(module, function)
    writes = bool(re.search(r"\b(put|patch|delete)\b", " ".join(ast.unparse(one.func) for one in function.decorator_list if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)).replace(".", " ")))
    if not signed_in and not writes:
        return
    body = body_of(function)
    loads = [one for one in own_nodes(function) if isinstance(one, ast.Call) and LOADS.match(terminal(one.func)) and names_in(one) & set(identifiers)]
    if not loads:
        return
    mentioned = _mentions(body, names)
    if not mentioned and not GUARD_NAMES.search(" ".join(names_in(body) | {LOGIN_DECORATORS.sub("", ast.unparse(one)) for one in function.decorator_list})) and not ROLE_WORDS.search(_around(module, function)):
        yield hit(OWNER, loads[-1], ", ".join(identifiers))


def _mentions(body: list[ast.stmt], names: set[str]) -> bool:
    """Whether the signed-in user decides anything: is compared, filtered by, or handed on; being written down is nothing."""
    for top in body:
        for node in ast.walk(top):
            if isinstance(node, ast.Call) and re.search(r"log|audit|print|track", ast.unparse(node.func)):
                continue
            if isinstance(node, ast.Name) and node.id in names and not _in_log(top, node):
                return True
            text = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if text in {"current_user", "user", "user_id", "viewer", "owner_id", "owner", "author_id", "account_id", "get_jwt_identity", "tenant_id", "customer_id", "created_by", "uid", "author"}:
                if isinstance(node, ast.Attribute) or text in {"current_user", "get_jwt_identity"}:
                    if not _in_log(top, node):
                        return True
            if isinstance(node, ast.keyword) and node.arg and re.search(r"owner|user|author|account|tenant|customer", node.arg):
                return True
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"(owner|user|author|account|tenant|customer)_id|session|\bowner\b", node.value):
                return True
    return False


def _in_log(top: ast.AST, wanted: ast.AST) -> bool:
    return any(
        isinstance(call, ast.Call) and re.search(r"log|audit|print|track", ast.unparse(call.func)) and any(one is wanted for one in ast.walk(call))
        for call in ast.walk(top)
    )


def _around(module: Module, function: Function) -> str:
    """What stands around a route's body: decorators, parameters, its class's settings, its router's making."""
    parts = [LOGIN_DECORATORS.sub("", ast.unparse(one)) for one in function.decorator_list]
    parts += [ast.unparse(function.args)]
    owner = module.class_of(function)
    if owner is not None:
        parts += [ast.unparse(one) for one in [*owner.bases, *owner.decorator_list, *(line for line in owner.body if isinstance(line, ast.Assign))]]
    for decorator in function.decorator_list:
        router = decorator.func.value if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) else None
        made = module.constants.get(terminal(router)) if router is not None else None
        parts += [" ".join(ast.unparse(word) for word in made.keywords if word.arg in {"dependencies", "guards", "decorators"})] if isinstance(made, ast.Call) else []
        name = terminal(router) if router is not None else ""
        parts += [ast.unparse(one) for one in module.functions for deco in one.decorator_list if terminal(deco) == "before_request" and name and name in ast.unparse(deco)]
    return " ".join(parts)


def _privileged(module: Module, function: Function) -> Iterator[Hit]:
    route = _routes(module, function)
    if not PRIVILEGED.search(route) or not function.decorator_list and not any(terminal(one.func) in {"path", "Route", "add_api_route", "add_url_rule"} for one in module.calls):
        return
    if any(re.search(r"admin|staff|moderator|superuser", f"{ast.unparse(arg.annotation) if arg.annotation else ''} {ast.unparse(default_of(function, arg.arg) or ast.Constant(0))}", re.I) for arg in parameters(function)):
        return
    if not ROLE_WORDS.search(re.sub(r"['\"][^'\"]*['\"]", "", _around(module, function))) and not ROLE_WORDS.search(" ".join(names_in(body_of(function)) | _texts(function))):
        yield hit(ROLE, function, route.split()[0])


def _texts(function: Function) -> set[str]:
    return {one.value for one in own_nodes(function) if isinstance(one, ast.Constant) and isinstance(one.value, str) and len(one.value) < 20}


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
            from security.scan.rules.values import State

            value = flow.evaluate(part, State(dict(state_names)))
            if any(source.kind == "request" for source in value.sources) and _grants(test, part):
                yield hit(CLAIMED, test, key)
                return


def _role_key(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and terminal(node.func) in {"get", "get_argument", "header", "get_header", "get_param"}:
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
        refusing = [function for _, function in versions if any(isinstance(one, ast.Raise) for one in own_nodes(function))]
        for function in {one for _, one in versions}:
            if refusing and _is_empty(function):
                yield hit(NEVER, function, function.name)


def _is_empty(function: Function) -> bool:
    """A body that lets everything pass."""
    body = body_of(function)
    return len(parameters(function)) > 1 and len(body) <= 1 and all(
        isinstance(one, ast.Pass) or (isinstance(one, ast.Return) and (one.value is None or is_true(one.value) or (isinstance(one.value, ast.Constant) and one.value.value is None)))
        for one in body
    )


FAMILY = Family((OWNER, ROLE, CLAIMED, NEVER), look)
__all__ = ["FAMILY", "VERBS"]
