"""Where a request enters a module: which functions a web framework or a job queue calls, and with what."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.source import Function, Module, default_of, keyword, parameters, terminal
from security.scan.rules.values import CLEAN, TRUST, Source, Value

VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
ROUTE_DECORATORS = VERBS | {"route", "websocket", "websocket_route", "api_route", "api_operation", "view"}
JOB_DECORATORS = frozenset({"task", "shared_task", "actor", "job", "periodic_task"})
RESOLVER_DECORATORS = frozenset({"strawberry.field", "strawberry.mutation"})
DJANGO_DECORATORS = frozenset(
    {"api_view", "require_http_methods", "require_GET", "require_POST", "csrf_exempt", "login_required", "action"}
)
VIEW_BASES = re.compile(r"View$|ViewSet$|Endpoint$|Resource$|RequestHandler$|Handler$|Controller$|Servicer$")
VIEW_METHODS = VERBS | {
    "list", "create", "retrieve", "update", "partial_update", "destroy", "dispatch", "form_valid", "prepare",
    *(f"on_{verb}" for verb in VERBS),
}  # fmt: skip
REGISTRARS = frozenset(
    {"Route", "WebSocketRoute", "path", "re_path", "add_api_route", "add_url_rule", "add_route", "add_get", "add_post",
     "add_put", "add_patch", "add_delete", "add_websocket_route", "url", "Mount"}
)  # fmt: skip
REQUEST_NAMES = frozenset({"request", "req", "websocket", "ws"})
REQUEST_TYPES = re.compile(r"^(Http|HTTP|Web|ASGI|WSGI|Drf)?Request$|^HTTPConnection$|^WebSocket$")
#: Members of a request that its sender chooses.
SENT = frozenset(
    {"args", "form", "values", "json", "data", "GET", "POST", "FILES", "body", "headers", "cookies", "COOKIES", "META",
     "query_params", "path_params", "files", "url", "path", "full_path", "query_string", "get_json", "get_data",
     "query", "match_info", "rel_url", "text", "params", "view_args", "referrer", "host", "host_url", "base_url",
     "stream",
     "get_argument", "arguments", "post", "read", "content", "matchdict", "get_host", "get_full_path", "media",
     "build_absolute_uri", "get_param", "bounded_stream", "get_header", "receive_text", "receive_json", "receive_bytes",
     "iter_text", "iter_json", "multipart", "raw_path", "kwargs", "forms", "json_body", "get_media", "param"}
)  # fmt: skip
#: Calls of these members give what the member is.
GIVES_ITSELF = frozenset(
    {"json", "form", "body", "get_json", "get_data", "text", "post", "read", "multipart", "get_host", "get_full_path",
     "build_absolute_uri", "receive_text", "receive_json", "receive_bytes", "get_media", "stream"}
)  # fmt: skip
KEYED = frozenset(
    {"get", "getlist", "get_argument", "get_arguments", "get_query_argument", "get_body_argument", "get_cookie",
     "get_param", "get_header", "getone", "getall", "pop", "get_list", "param"}
)  # fmt: skip
SCALARS = frozenset(
    {"int", "float", "bool", "UUID", "date", "datetime", "time", "timedelta", "Decimal", "complex", "IPv4Address",
     "IPv6Address", "PositiveInt", "NonNegativeInt", "conint", "Literal", "UUID4", "ObjectId", "None", "Response",
     "BackgroundTasks", "Exception", "BaseException"}
)  # fmt: skip
#: Parameters that a framework's injection fills with parts of the server.
INJECTED_NAMES = re.compile(
    r"^(self|cls|db|session|conn|connection|cursor|pool|user|current_user|viewer|me|principal|identity|settings|config|"
    r"service|repo|repository|background_tasks|response|resp|client|http|redis|cache|info|root|_.*|.*_(service|repo|"
    r"repository|client|session|settings|user))$"
)
INJECTED_TYPES = re.compile(
    r"(Session|Dep|Deps|Service|Repository|Repo|Settings|Client|Connection|Engine|Pool|User|Context|Database|Redis|"
    r"Unit\w*|Store|Cache|Logger)$"
)
ENUMS = frozenset({"Enum", "StrEnum", "IntEnum", "TextChoices", "IntegerChoices", "Flag"})


def seeds(module: Module) -> dict[Function, dict[str, Value]]:
    """For each function that is entered from outside, the values of its parameters; worked out once."""
    if "entries" not in module.notes:
        module.notes["entries"] = _seeds(module)
    return module.notes["entries"]  # type: ignore[return-value]  # put there above


def _seeds(module: Module) -> dict[Function, dict[str, Value]]:
    registered = set(_registered(module))
    found: dict[Function, dict[str, Value]] = {}
    for function in module.functions:
        style = _style(module, function, registered)
        if style is not None:
            found[function] = {arg.arg: _seed(module, function, arg, style) for arg in parameters(function)}
            if function.args.kwarg:
                found[function][function.args.kwarg.arg] = request_source(function.args.kwarg.arg)
    return found


def _registered(module: Module) -> Iterator[str]:
    """Names of functions that are handed to a router, or to `Depends`, which calls them with parts of the request."""
    for call in module.calls:
        name = terminal(call.func)
        if name in REGISTRARS | {"Depends", "Security"}:
            for one in [*call.args, *(word.value for word in call.keywords if word.arg in {"view_func", "endpoint"})]:
                if isinstance(one, ast.Name | ast.Attribute):
                    yield ast.unparse(one) if isinstance(one, ast.Attribute) else one.id
                    yield terminal(one) if not ast.unparse(one).startswith("self.") else ""


def _style(module: Module, function: Function, registered: set[str]) -> str | None:
    decorators = {_decorator(module, one) for one in function.decorator_list}
    if decorators & {"job", "resolver", "route"}:
        return next(iter(decorators & {"job", "resolver", "route"}))
    owner = module.class_of(function)
    names = [arg.arg for arg in parameters(function)]
    if owner is not None and any(VIEW_BASES.search(terminal(base)) for base in owner.bases):
        if function.name in VIEW_METHODS or (
            any("grpc" in name for name in module.imports.values()) and "context" in names
        ):
            return "route"
    if owner is not None and function.name in {f"on_{verb}" for verb in VERBS} and {"req", "resp"} <= set(names):
        return "route"
    if (
        (owner is None and function.name in registered)
        or f"self.{function.name}" in registered
        or "django" in decorators
    ):
        return "route"
    if names[:2] == ["event", "context"] or (function.name.startswith("resolve_") and "info" in names):
        return "resolver"
    if any(_is_request(arg) for arg in parameters(function)):
        return (
            "route" if any(name.startswith("django") for name in module.imports.values()) and not owner else "request"
        )
    return None


def _decorator(module: Module, node: ast.expr) -> str:
    """What kind of entry a decorator makes of its function."""
    target = node.func if isinstance(node, ast.Call) else node
    name = terminal(target)
    if module.dotted(target) in RESOLVER_DECORATORS:
        return "resolver"
    if name in JOB_DECORATORS:
        return "job"
    if name in DJANGO_DECORATORS:
        return "django"
    if name in ROUTE_DECORATORS and isinstance(node, ast.Call):
        first = node.args[0] if node.args else keyword(node, "path", "rule", "uri")
        by_name = isinstance(target, ast.Name)
        is_path = first is None or (isinstance(first, ast.Constant) and isinstance(first.value, str)) or not by_name
        return "route" if is_path else ""
    return "route" if by_bare_name(module, target) else ""


def by_bare_name(module: Module, target: ast.expr) -> bool:
    """Whether a bare decorator is a framework's verb (`from litestar import get`)."""
    return isinstance(target, ast.Name) and module.imports.get(target.id, "").startswith(("litestar.", "starlite."))


def _is_request(arg: ast.arg) -> bool:
    if arg.annotation is not None:
        return bool(REQUEST_TYPES.search(terminal(arg.annotation)))
    return arg.arg in REQUEST_NAMES


def request_source(name: str) -> Value:
    """A source of the request."""
    return Value(frozenset({Source("request", name)}), text=True, whole=True)


def _seed(module: Module, function: Function, arg: ast.arg, style: str) -> Value:
    name = arg.arg
    owner = module.class_of(function)
    if owner is not None and arg is parameters(function)[0] and name in {"self", "cls"}:
        return Value(role=f"self:{owner.name}", prefix="\0")
    if _is_request(arg):
        grpc = "context" in {one.arg for one in parameters(function)} and owner is not None
        return request_source(name) if grpc else Value(role="request", prefix="\0")
    if style == "request":
        return typed(module, arg.annotation, caller_source(name))
    if style in {"job", "resolver"}:
        injected = name in {"self", "info", "root", "context", "_", "parent"}
        return TRUST if injected else typed(module, arg.annotation, request_source(name))
    return _routed(module, function, arg)


def _routed(module: Module, function: Function, arg: ast.arg) -> Value:
    default = default_of(function, arg.arg)
    annotation = resolved_annotation(module, arg.annotation)
    if _is_dependency(default) or _is_dependency(annotation):
        return TRUST
    if isinstance(default, ast.Call) and _has_pattern(default):
        return CLEAN
    if _converted(function, arg.arg):
        return CLEAN
    plain = annotation is None or terminal(annotation) in {"str", "bytes", "dict"}
    if INJECTED_NAMES.match(arg.arg) and not (isinstance(annotation, ast.Name) and plain):
        return TRUST
    if annotation is not None and INJECTED_TYPES.search(terminal(annotation)):
        return TRUST
    return typed(module, arg.annotation, request_source(arg.arg))


def caller_source(name: str) -> Value:
    """A source of whoever calls."""
    return Value(frozenset({Source("caller", name)}), text=True, whole=True)


def _converted(function: Function, name: str) -> bool:
    """Whether a route's own converter (`<int:name>`) makes a number of it."""
    routes = " ".join(
        one.value
        for decorator in function.decorator_list
        for one in ast.walk(decorator)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )
    return bool(
        re.search(rf"<(int|float|uuid)(\(.*?\))?:{re.escape(name)}>|\{{{re.escape(name)}:(int|float|uuid)\}}", routes)
    )


def resolved_annotation(module: Module, annotation: ast.expr | None) -> ast.expr | None:
    """An annotation with a module-level alias replaced."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return None
    if isinstance(annotation, ast.Name) and annotation.id in module.constants:
        return module.constants[annotation.id]
    return annotation


def _is_dependency(node: ast.AST | None) -> bool:
    return node is not None and any(
        isinstance(one, ast.Call) and terminal(one.func) in {"Depends", "Security", "Provide", "Inject"}
        for one in ast.walk(node)
    )


def _has_pattern(node: ast.AST) -> bool:
    """Whether a declared pattern admits harmless characters alone."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            pattern = keyword(call, "pattern", "regex")
            if isinstance(pattern, ast.Constant) and isinstance(pattern.value, str) and is_narrow(pattern.value):
                return True
    return False


def is_narrow(pattern: str) -> bool:
    """Whether a whole-text pattern admits no character that changes a meaning: no dot for anything, no quotes."""
    inner = re.sub(r"\\[.dwAZ\-]|\[[^\]]*\]", "", pattern)
    classes = "".join(re.findall(r"\[[^\]]*\]", pattern))
    return (
        "." not in inner
        and not re.search(r"\\[sSDW]|\[\^", pattern)
        and not re.search(r"['\";|&$`/\\]", classes.replace("\\", ""))
    )


def typed(module: Module, annotation: ast.expr | None, value: Value) -> Value:
    """The value, if its type leaves room for anything; numbers, enumerations and the like are harmless."""
    node = resolved_annotation(module, annotation)
    if node is None:
        return value
    if isinstance(node, ast.BinOp):
        sides = [typed(module, side, value) for side in (node.left, node.right)]
        return next((side for side in sides if side.sources), CLEAN)
    if isinstance(node, ast.Subscript):
        return _subscripted(module, node, value)
    if isinstance(node, ast.Call) and _has_pattern(node):
        return CLEAN
    name = terminal(node)
    if is_none_type(node) or name in SCALARS or name.endswith(("Error", "Exception")):
        return CLEAN
    if name in {"str", "EmailStr"}:
        return value.derived(whole=value.whole, safe=value.safe | {"operators"})
    owner = module.classes.get(name)
    if owner is not None:
        if any(terminal(base) in ENUMS for base in owner.bases):
            return CLEAN
        return value.derived(role=f"model:{name}", whole=True)
    return value


def _subscripted(module: Module, node: ast.Subscript, value: Value) -> Value:
    name = terminal(node.value)
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name == "Literal":
        return CLEAN
    if name == "Annotated":
        return CLEAN if any(_has_pattern(one) for one in inner[1:]) else typed(module, inner[0], value)
    if name in {"Optional", "Union", "list", "List", "set", "Set", "tuple", "Sequence", "Iterable", "frozenset"}:
        values = [typed(module, one, value) for one in inner]
        return next((one for one in values if one.sources), CLEAN)
    return value


def is_none_type(node: ast.AST) -> bool:
    """Whether an annotation is None."""
    return isinstance(node, ast.Constant) and node.value is None
