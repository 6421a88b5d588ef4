"""The rule on addresses that the client writes itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.entries import seeds
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function,
    Module,
    keyword,
    own_nodes,
    parameters,
    terminal,
)

ADDRESS = Rule(
    "R312", "The client's address is taken from a header that it writes", "spoofed_address", "348", "medium", "medium",
    "Take it from the connection; believe the header only where the connection comes from a known proxy.",
)  # fmt: skip
FORWARDED = re.compile(
    r"^(http_)?(x[-_]forwarded[-_]for|x[-_]real[-_]ip|true[-_]client[-_]ip|x[-_]client[-_]ip|cf[-_]connecting[-_]ip|forwarded|x[-_]originating[-_]ip)$",
    re.I,
)
TRUSTS = re.compile(r"trusted|proxy|proxies|remote_addr|client\.host|peer|peername|hops|known_|is_private|internal_net")


# Addresses


def look(module: Module) -> Iterator[Hit]:
    """Headers that are read, and servers that believe everybody's."""
    for function in module.functions:
        yield from _addressed(module, function)
    for call in module.calls:
        yield from _proxied(module, call)


def _addressed(module: Module, function: Function) -> Iterator[Hit]:
    if function in seeds(module) and not _from_known_proxy(function):
        yield from (
            hit(ADDRESS, arg, arg.arg)
            for arg in parameters(function)
            if FORWARDED.match(arg.arg.replace("_", "-")) and arg.arg != "forwarded"
        )
    for node in own_nodes(function):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)):
            continue
        text = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
        if FORWARDED.match(text) and _is_read(module, node) and not _from_known_proxy(function):
            yield hit(ADDRESS, node, text)
            return


def _is_read(module: Module, node: ast.AST) -> bool:
    parent = module.parents.get(node)
    if isinstance(parent, ast.Call):
        return terminal(parent.func) in {"get", "getlist", "get_header", "header", "getone"} and parent.args[:1] == [
            node
        ]
    if isinstance(parent, ast.keyword):
        return parent.arg in {"alias"}
    return isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Load)


def _from_known_proxy(function: Function) -> bool:
    """The connection's own address is tested, or the entries are counted from the right."""
    for one in own_nodes(function):
        if (
            isinstance(one, ast.Compare | ast.Call | ast.If)
            and isinstance(one, ast.Compare)
            and TRUSTS.search(ast.unparse(one).lower())
            and any(isinstance(op, ast.In | ast.NotIn | ast.Eq | ast.NotEq) for op in one.ops)
        ):
            return True
        if isinstance(one, ast.Call) and re.search(r"trusted|is_proxy|known_proxy|from_proxy", ast.unparse(one.func)):
            return True
        if isinstance(one, ast.Subscript) and isinstance(one.slice, ast.UnaryOp) and isinstance(one.slice.op, ast.USub):
            return True
    return False


def _proxied(module: Module, call: ast.Call) -> Iterator[Hit]:
    everyone = keyword(call, "trusted_hosts", "forwarded_allow_ips")
    named = {terminal(call.func), *(terminal(one) for one in call.args)}
    if ("ProxyHeadersMiddleware" in named or terminal(call.func) in {"run", "Config"}) and "*" in module.strings(
        everyone
    ):
        yield hit(ADDRESS, call)


FAMILY = Family((ADDRESS,), look)
