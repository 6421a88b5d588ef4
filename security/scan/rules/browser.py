"""Rules on what pages of other sites may do: CORS, cookies, forged requests, WebSockets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.entries import seeds
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function,
    Module,
    argument,
    is_false,
    is_true,
    own_nodes,
    terminal,
    texts_in,
    words_in,
)

ANY_ORIGIN = Rule(
    "R241", "Every origin may send credentials", "cross_origin", "942", "high", "high",
    "List the origins, or leave credentials out.",
)  # fmt: skip
REFLECTED = Rule(
    "R242", "The request's own origin is sent back as an allowed one", "cross_origin", "942", "high", "medium",
    "Compare the origin with a list before it is sent back.",
)  # fmt: skip
LOOSE = Rule(
    "R243", "A pattern of origins also fits other sites", "cross_origin", "942", "medium", "medium",
    "Escape the dots, anchor both ends, and put a dot before the domain.",
)  # fmt: skip
COOKIE = Rule(
    "R244", "A session cookie lacks HttpOnly, Secure or SameSite", "insecure_cookie", "614", "medium", "medium",
    "Set httponly, secure and samesite.",
)  # fmt: skip
UNGUARDED = Rule(
    "R245", "The guard against forged requests is off", "request_forgery", "352", "medium", "medium",
    "Leave it on, or require a header that a form cannot send.",
)  # fmt: skip
SOCKET = Rule(
    "R246", "A WebSocket with a cookie is accepted from any page", "cross_origin", "1385", "medium", "medium",
    "Compare Origin with the own host, or ask for a ticket.",
)  # fmt: skip

SESSION = re.compile(r"sess|token|auth|sid|jwt|remember|login|user", re.I)
ORIGIN, CREDENTIALS = "access-control-allow-origin", "access-control-allow-credentials"
DJANGO_OFF = frozenset({"SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "CSRF_COOKIE_SECURE"})


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    for call in module.calls:
        yield from _middleware(module, call)
        yield from _cookie(call)
    for function in module.functions:
        yield from _reflected(module, function)
        yield from _socket(module, function)
        if any(terminal(one) in {"csrf_exempt", "exempt"} for one in function.decorator_list) and not re.search(
            r"hmac|signature|webhook", words_in(function)
        ):
            yield hit(UNGUARDED, function)
    yield from _settings(module)


def _middleware(module: Module, call: ast.Call) -> Iterator[Hit]:
    words = {word.arg: word.value for word in call.keywords if word.arg}
    named = {terminal(call.func), *(terminal(one) for one in call.args)}
    if named & {"CORSMiddleware", "CORS", "CORSConfig", "cross_origin"} or "allow_origins" in words:
        origins = words.get("allow_origins") or words.get("origins") or words.get("allow_origin_regex")
        credentials = is_true(words.get("allow_credentials")) or is_true(words.get("supports_credentials"))
        texts = module.strings(origins)
        everyone = any(text in {"*", ".*", "^.*$", "https?://.*", "https://.*", "http.*"} for text in texts)
        if "CORS" in named and origins is None:
            everyone = True
        if credentials and everyone:
            yield hit(ANY_ORIGIN, call)
        elif credentials and "allow_origin_regex" in words and any(_is_loose(text) for text in texts):
            yield hit(LOOSE, call)


def _is_loose(pattern: str) -> bool:
    """`.*example.com` fits `evilexample.com`, and a bare dot any character."""
    unescaped = re.sub(r"\\.|\.[*+?]|\[[^\]]*\]", "", pattern)
    return bool(re.search(r"\.[*+](?!\\\.|\$|/|:)\w", pattern)) or "." in unescaped


def _cookie(call: ast.Call) -> Iterator[Hit]:
    if terminal(call.func) != "set_cookie":
        return
    name = argument(call, 0, "key", "name")
    words = {word.arg: word.value for word in call.keywords}
    if not (isinstance(name, ast.Constant) and SESSION.search(str(name.value))) or None in words:
        return
    for flag in ("httponly", "secure"):
        if words.get(flag) is None or is_false(words[flag]):
            yield hit(COOKIE, call, flag)
            return


def _reflected(module: Module, function: Function) -> Iterator[Hit]:
    """Both CORS headers are written in one function, the origin is none of a list, and nothing compares it."""
    texts = {text.lower(): node for text, node in texts_in(own_nodes(function))}
    if (
        ORIGIN not in texts
        or CREDENTIALS not in texts
        or not ({"origin"} & texts.keys() or "origin" in words_in(function).split())
    ):
        return
    compared = any(
        isinstance(one, ast.Compare)
        and any(isinstance(op, ast.In | ast.NotIn | ast.Eq) for op in one.ops)
        and "origin" in words_in(one.left)
        and not (isinstance(one.left, ast.Constant))
        for one in own_nodes(function)
    )
    checked = any(
        isinstance(one, ast.Call)
        and re.search(r"allow|fullmatch|is_\w*origin|trusted|of_host|same_host", ast.unparse(one.func))
        for one in own_nodes(function)
    )
    if not compared and not checked and _not_constant(module, texts[ORIGIN]):
        yield hit(REFLECTED, texts[ORIGIN])


def _not_constant(module: Module, header: ast.Constant) -> bool:
    parent = module.parents.get(header)
    holder = module.parents.get(parent) if isinstance(parent, ast.Subscript) else parent
    values: list[ast.AST] = []
    if isinstance(holder, ast.Assign):
        values = [holder.value]
    elif isinstance(holder, ast.Dict):
        values = [value for key, value in zip(holder.keys, holder.values, strict=True) if key is header]
    elif isinstance(holder, ast.Tuple | ast.Call):
        items = holder.elts if isinstance(holder, ast.Tuple) else holder.args
        values = [one for one in items if one is not header]
    return any(not isinstance(one, ast.Constant) and module.literal(one) is None for one in values)


def _socket(module: Module, function: Function) -> Iterator[Hit]:
    if function not in seeds(module):
        return
    accepts = [one for one in own_nodes(function) if isinstance(one, ast.Call) and terminal(one.func) == "accept"]
    words = words_in(function)
    if accepts and "cookies" in words and "websocket" in words and not re.search(r"origin|ticket|csrf", words):
        yield hit(SOCKET, accepts[0])


def _settings(module: Module) -> Iterator[Hit]:
    flags = {name: value for name, value in module.constants.items() if isinstance(value, ast.Constant)}
    everyone = is_true(flags.get("CORS_ALLOW_ALL_ORIGINS")) or is_true(flags.get("CORS_ORIGIN_ALLOW_ALL"))
    if everyone and is_true(flags.get("CORS_ALLOW_CREDENTIALS")):
        yield hit(ANY_ORIGIN, flags["CORS_ALLOW_CREDENTIALS"])
    for name, value in flags.items():
        if name in DJANGO_OFF and is_false(value):
            yield hit(COOKIE, value, name)
    for node in module.nodes:
        if (
            isinstance(node, ast.Assign)
            and terminal(node.targets[0]) in {"WTF_CSRF_ENABLED", "CSRF_ENABLED", "WTF_CSRF_CHECK_DEFAULT"}
            and is_false(node.value)
        ):
            yield hit(UNGUARDED, node)
        elif (
            isinstance(node, ast.Assign)
            and terminal(node.targets[0]) in {"SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY"}
            and isinstance(node.targets[0], ast.Subscript)
            and is_false(node.value)
        ):
            yield hit(COOKIE, node)


FAMILY = Family((ANY_ORIGIN, REFLECTED, LOOSE, COOKIE, UNGUARDED, SOCKET), look)
