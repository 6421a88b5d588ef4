"""Rules on how much work one request may ask for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.entries import resolved_annotation, seeds
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function,
    Module,
    default_of,
    is_none,
    names_in,
    own_nodes,
    parameters,
    terminal,
    words_in,
)

PAGE = Rule(
    "R301", "A client chooses how many rows it gets, without an upper bound",
    "unbounded_input", "770", "medium", "medium",
    "Bound it: Query(le=100), or min(limit, 100).",
)  # fmt: skip
BODY = Rule(
    "R302", "A body or file is read into memory whatever its size", "unbounded_input", "770", "medium", "low",
    "Refuse by Content-Length, and read in pieces up to a limit.",
)  # fmt: skip
BLOCKED = Rule(
    "R304", "Slow work is done on the event loop", "blocked_loop", "400", "medium", "high",
    "Hand it to a bounded pool of threads (run_in_executor, to_thread).",
)  # fmt: skip

SIZES = re.compile(
    r"^(limit|page_?size|per_?page|size|count|take|top|first|max_?results|n|num|number|rows|batch_?size|amount|length|quantity_per_page|results)$",
    re.I,
)
BOUNDED = frozenset({"le", "lt", "max_value", "max"})
SLOW_CALLS = re.compile(
    r"^(bcrypt\.(hashpw|checkpw|kdf)|hashlib\.(pbkdf2_hmac|scrypt)|time\.sleep|requests\.(get|post|put|patch|delete|head|request)|"
    r"urllib\.request\.urlopen|subprocess\.(run|call|check_output|check_call)|os\.system|crypt\.crypt|argon2\.low_level\.hash_secret(_raw)?|"
    r"httpx\.(get|post|put|patch|delete|head)|werkzeug\.security\.(check|generate)_password_hash|django\.contrib\.auth\.hashers\.(make|check)_password|smtplib\.SMTP|"
    r"socket\.create_connection|shutil\.(copytree|rmtree|make_archive))$"
)
SLOW_MAKERS = re.compile(
    r"(^|\.)(PasswordHasher|CryptContext|PasswordHash|Scrypt|PBKDF2HMAC|Argon2id)$|passlib\.hash\.|(^|\.)(bcrypt|argon2|pbkdf2_sha256)$"
)
AWAY = frozenset(
    {"run_in_executor", "to_thread", "run_sync", "run_in_threadpool", "submit", "sync_to_async", "run_in_process"}
)


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    entries = seeds(module)
    for node in module.nodes:
        if (
            isinstance(node, ast.Assign)
            and terminal(node.targets[0]) in {"MAX_IMAGE_PIXELS", "MAX_CONTENT_LENGTH", "DATA_UPLOAD_MAX_MEMORY_SIZE"}
            and is_none(node.value)
        ):
            yield hit(BODY, node)
    for function in module.functions:
        if function in entries:
            yield from _page(module, function)
            yield from _body(function)
        if isinstance(function, ast.AsyncFunctionDef):
            yield from _blocked(module, function)


def _page(module: Module, function: Function) -> Iterator[Hit]:
    names = {arg.arg for arg in parameters(function) if SIZES.match(arg.arg) and _is_unbounded(module, function, arg)}
    for one in own_nodes(function):
        if (
            isinstance(one, ast.Assign)
            and isinstance(one.targets[0], ast.Name)
            and SIZES.match(one.targets[0].id)
            and _asked(one.value)
        ):
            names.add(one.targets[0].id)
    for name in sorted(names):
        used = _use(function, name)
        if used is not None and not _held(function, name):
            yield hit(PAGE, used, name)
    for one in own_nodes(function):
        if (
            isinstance(one, ast.Call)
            and terminal(one.func) in {"limit", "fetchmany", "head", "range", "islice", "sleep", "token_hex"}
            and one.args
            and _asked(one.args[0])
        ):
            yield hit(PAGE, one)


def _is_unbounded(module: Module, function: Function, arg: ast.arg) -> bool:
    default, annotation = default_of(function, arg.arg), resolved_annotation(module, arg.annotation)
    for node in (default, annotation):
        for call in ast.walk(node) if node is not None else ():
            if isinstance(call, ast.Call) and any(word.arg in BOUNDED for word in call.keywords):
                return False
            if isinstance(call, ast.Call) and terminal(call.func) in {"Depends", "Le", "Interval", "conint"}:
                return False
    return (
        annotation is None
        or terminal(annotation) in {"int", "Annotated"}
        or isinstance(annotation, ast.BinOp | ast.Subscript)
    )


def _asked(node: ast.expr) -> bool:
    """`int(request.args.get("limit", 20))`, and the like, bare."""
    text = ast.unparse(node)
    reads = re.search(
        r"(request|req|self)\.(args|query_params|GET|query|params|values|form|json|get_argument|get_param|get_query_argument)|\bget_json\(\)|body\[|data\[",
        text,
    )
    return (
        bool(reads)
        and not re.match(r"^(min|max|clamp|bounded|sorted)\(", text)
        and isinstance(node, ast.Call | ast.Subscript)
    )


def _use(function: Function, name: str) -> ast.AST | None:
    """Where the number decides how much is fetched or made."""
    for one in own_nodes(function):
        if isinstance(one, ast.Call):
            callee = terminal(one.func)
            given = names_in([*one.args, *(word.value for word in one.keywords if word.arg and SIZES.match(word.arg))])
            if name in given and (
                callee
                in {
                    "limit",
                    "fetchmany",
                    "range",
                    "islice",
                    "head",
                    "to_list",
                    "paginate",
                    "find",
                    "search",
                    "execute",
                    "fetch",
                    "all",
                    "list",
                    "Paginator",
                    "fetch_all",
                    "latest",
                    "page",
                    "sample",
                    "token_hex",
                    "choices",
                }
                or any(word.arg and SIZES.match(word.arg) and name in names_in(word.value) for word in one.keywords)
                or re.search(r"list|search|find|recent|fetch|load|page|get_|select|query|all", callee)
            ):
                return one
        elif isinstance(one, ast.Slice) and name in names_in(
            [part for part in (one.lower, one.upper) if part is not None]
        ):
            return one.upper or one.lower
        elif (isinstance(one, ast.JoinedStr) and "limit" in words_in(one) and name in names_in(one)) or (
            isinstance(one, ast.BinOp)
            and isinstance(one.op, ast.Mult)
            and name in names_in(one)
            and any(
                isinstance(part, ast.Constant | ast.List) and not isinstance(getattr(part, "value", ""), int)
                for part in (one.left, one.right)
            )
        ):
            return one
    return None


def _held(function: Function, name: str) -> bool:
    """Whether it is compared or capped anywhere."""
    for one in own_nodes(function):
        if isinstance(one, ast.Compare) and name in names_in(one):
            return True
        if (
            isinstance(one, ast.Call)
            and terminal(one.func) in {"min", "clamp", "bounded", "cap"}
            and name in names_in(list(one.args))
        ):
            return True
    return False


def _body(function: Function) -> Iterator[Hit]:
    uploads = {
        arg.arg
        for arg in parameters(function)
        if arg.annotation is not None and "UploadFile" in ast.unparse(arg.annotation)
    }
    words = words_in(function)
    sized = re.search(r"content-length|content_length|max_|limit|too large|size|413", words) or any(
        isinstance(one, ast.Compare)
        and any(isinstance(part, ast.Call) and terminal(part.func) == "len" for part in ast.walk(one))
        for one in own_nodes(function)
    )
    if sized:
        return
    for one in own_nodes(function):
        if (
            isinstance(one, ast.Call)
            and terminal(one.func) == "read"
            and not one.args
            and isinstance(one.func, ast.Attribute)
        ):
            held = terminal(one.func.value)
            if held in uploads or (
                held in {"file", "upload"} and re.search(r"request\.files|FILES", ast.unparse(function))
            ):
                yield hit(BODY, one)
                return
        if (
            function.decorator_list
            and isinstance(one, ast.Call)
            and ast.unparse(one.func)
            in {
                "request.body",
                "request.get_data",
                "request.stream.read",
                "req.bounded_stream.read",
                "req.stream.read",
                "request.read",
            }
            and not one.args
        ):
            if not re.search(r"hmac|signature|compare_digest|verify", words):
                yield hit(BODY, one)
                return


def _blocked(module: Module, function: ast.AsyncFunctionDef) -> Iterator[Hit]:
    for one in own_nodes(function):
        if isinstance(one, ast.Call) and _is_slow(module, one, 2) and not _is_away(module, one):
            yield hit(BLOCKED, one, module.callee(one))
            return


def _is_away(module: Module, call: ast.Call) -> bool:
    return isinstance(module.parents.get(call), ast.Await) or any(
        isinstance(node, ast.Call) and terminal(node.func) in AWAY for node in module.ancestors(call)
    )


def _is_slow(module: Module, call: ast.Call, depth: int) -> bool:
    """A call that blocks, or of a plain function of this module that does."""
    dotted = module.callee(call)
    if SLOW_CALLS.match(dotted):
        return True
    if isinstance(call.func, ast.Attribute) and call.func.attr in {
        "hash",
        "verify",
        "derive",
        "hash_password",
        "verify_password",
        "verify_and_update",
    }:
        receiver = call.func.value
        made = module.constants.get(terminal(receiver)) or _attribute(module, receiver)
        if isinstance(made, ast.Call) and SLOW_MAKERS.search(module.callee(made)):
            return True
        if SLOW_MAKERS.search(module.dotted(receiver)):
            return True
    target = module.plain_functions.get(terminal(call.func)) if isinstance(call.func, ast.Name) else None
    if target is None or depth == 0 or isinstance(target, ast.AsyncFunctionDef):
        return False
    return any(isinstance(one, ast.Call) and _is_slow(module, one, depth - 1) for one in own_nodes(target))


def _attribute(module: Module, node: ast.expr) -> ast.expr | None:
    """What `self.x` was set to."""
    if not isinstance(node, ast.Attribute):
        return None
    return next(
        (
            one.value
            for one in module.nodes
            if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == ast.unparse(node)
        ),
        None,
    )


FAMILY = Family((PAGE, BODY, BLOCKED), look)
