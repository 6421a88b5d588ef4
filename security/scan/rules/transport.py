"""Rules on calls to other machines: certificates, versions of TLS, time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import Module, argument, is_false, is_none, is_true, keyword, terminal
from security.scan.rules.tables import HTTP_CLIENTS

UNVERIFIED = Rule(
    "R261", "The other end's certificate is not verified", "tls_verification", "295", "high", "high",
    "Leave verification on; give a private authority's certificate as the trust store.",
)  # fmt: skip
OLD = Rule(
    "R262", "A version of TLS before 1.2 is accepted", "tls_version", "326", "medium", "high",
    "Set minimum_version to TLSv1_2 or later.",
)  # fmt: skip
ENDLESS = Rule(
    "R263", "A call to another machine has no time-out", "missing_timeout", "1088", "medium", "medium",
    "Give a time-out for connecting and for the whole answer.",
)  # fmt: skip

VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})
OLD_NAMES = re.compile(
    r"^(PROTOCOL_)?(SSLv2|SSLv3|SSLv23_METHOD|TLSv1|TLSv1_1|TLS1|TLS1_1|TLSv1_METHOD|TLSv1_1_METHOD|SSLv3_METHOD|MINIMUM_SUPPORTED)$"
)
NO_TIMEOUT = {
    "urllib.request.urlopen": (2, "timeout"),
    "socket.create_connection": (1, "timeout"),
    "smtplib.SMTP": (3, "timeout"),
    "smtplib.SMTP_SSL": (5, "timeout"),
    "ftplib.FTP": (4, "timeout"),
    "http.client.HTTPSConnection": (9, "timeout"),
    "http.client.HTTPConnection": (9, "timeout"),
    "telnetlib.Telnet": (2, "timeout"),
    "imaplib.IMAP4_SSL": (5, "timeout"),
}


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    for call in module.calls:
        yield from _verified(module, call)
        yield from _timed(module, call)
        yield from (
            hit(OLD, call)
            for word in call.keywords
            if word.arg in {"ssl_version", "minimum_version", "ssl_minimum_version", "method"}
            and OLD_NAMES.match(terminal(word.value))
        )
        if terminal(call.func) in {"SSLContext", "Context"} and call.args and OLD_NAMES.match(terminal(call.args[0])):
            yield hit(OLD, call)
    for node in module.nodes:
        if isinstance(node, ast.Assign):
            yield from _set(node)


def _verified(module: Module, call: ast.Call) -> Iterator[Hit]:
    name, dotted = terminal(call.func), module.callee(call)
    web = dotted.startswith(
        ("requests.", "httpx.", "aiohttp.", "niquests.", "urllib3.", "boto3.", "websockets.")
    ) or name in {*VERBS, "ws_connect", "TCPConnector", "stream"}
    if (
        (web and any(is_false(keyword(call, word)) for word in ("verify", "ssl", "verify_ssl")))
        or name in {"_create_unverified_context", "_create_stdlib_context"}
        or any(word.arg == "cert_reqs" and _is_no_check(word.value) for word in call.keywords)
        or (
            name == "set_missing_host_key_policy"
            and call.args
            and terminal(call.args[0]) in {"AutoAddPolicy", "WarningPolicy"}
        )
        or is_false(keyword(call, "check_hostname", "assert_hostname", "verify_certs", "validate_certs", "ssl_verify"))
        or is_true(
            keyword(
                call,
                "tlsAllowInvalidCertificates",
                "tlsInsecure",
                "trust_server_certificate",
                "tlsAllowInvalidHostnames",
            )
        )
        or (name == "set_option" and any(terminal(one) == "OPT_X_TLS_NEVER" for one in call.args))
    ):
        yield hit(UNVERIFIED, call)


def _is_no_check(node: ast.expr) -> bool:
    return terminal(node) == "CERT_NONE" or (isinstance(node, ast.Constant) and node.value in ("CERT_NONE", "none", 0))


def _set(node: ast.Assign) -> Iterator[Hit]:
    target = terminal(node.targets[0])
    if not isinstance(node.targets[0], ast.Attribute):
        return
    if (
        (target in {"check_hostname", "verify"} and is_false(node.value))
        or (target == "verify_mode" and _is_no_check(node.value))
        or (target == "_create_default_https_context" and "unverified" in terminal(node.value))
    ):
        yield hit(UNVERIFIED, node)
    elif target in {"minimum_version", "ssl_version"} and OLD_NAMES.match(terminal(node.value)):
        yield hit(OLD, node)


def _timed(module: Module, call: ast.Call) -> Iterator[Hit]:
    dotted = module.callee(call)
    library, _, name = dotted.rpartition(".")
    timeout = keyword(call, "timeout")
    spread = any(word.arg is None for word in call.keywords)
    if library in {"requests", "requests.api", "niquests"} and name in VERBS:
        if (timeout is None and not spread) or is_none(timeout):
            yield hit(ENDLESS, call)
    elif dotted in NO_TIMEOUT:
        position, word = NO_TIMEOUT[dotted]
        if argument(call, position, word) is None and not spread:
            yield hit(ENDLESS, call)
    elif (library == "httpx" or dotted in HTTP_CLIENTS) and is_none(timeout):
        yield hit(ENDLESS, call)
    elif name in {"ClientTimeout", "Timeout"} and (
        is_none(keyword(call, "total")) or (call.args and is_none(call.args[0]))
    ):
        if library.startswith(("aiohttp", "httpx")) and not any(
            word.arg in {"sock_read", "read"} for word in call.keywords
        ):
            yield hit(ENDLESS, call)
    elif name in VERBS and timeout is None and not spread and isinstance(call.func, ast.Attribute):
        if _is_requests_session(module, call):
            yield hit(ENDLESS, call)
    elif name in VERBS and is_none(timeout) and timeout is not None and library:
        yield hit(ENDLESS, call)


def _is_requests_session(module: Module, call: ast.Call) -> bool:
    """Whether the receiver was made by `requests.Session()` in this module."""
    receiver = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    return any(
        isinstance(one, ast.Assign)
        and isinstance(one.value, ast.Call)
        and ast.unparse(one.targets[0]) == receiver
        and module.callee(one.value) in {"requests.Session", "requests.session"}
        for one in module.nodes
    ) or any(
        isinstance(one, ast.withitem)
        and isinstance(one.context_expr, ast.Call)
        and one.optional_vars is not None
        and ast.unparse(one.optional_vars) == receiver
        and module.callee(one.context_expr) in {"requests.Session", "requests.session"}
        for one in module.nodes
    )


FAMILY = Family((UNVERIFIED, OLD, ENDLESS), look)
