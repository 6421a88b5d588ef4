"""Rules on session tokens: signature, algorithm, claims."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import Function, Module, argument, is_false, keyword, own_nodes, terminal, words_in

UNVERIFIED = Rule(
    "R201", "A token is read without its signature being verified", "token_signature", "347", "high", "high",
    "Decode with the key and a fixed list of algorithms; never leave verify_signature to a variable.",
)  # fmt: skip
NONE = Rule(
    "R202", "A token may say that it has no signature", "token_signature", "347", "high", "high",
    "Take `none` out of the list of algorithms.",
)  # fmt: skip
CHOSEN = Rule(
    "R203", "The token, or nobody, chooses the algorithm it is verified with", "token_signature", "347", "high", "high",
    "Pass a constant list with the one algorithm that you sign with.",
)  # fmt: skip
CONFUSED = Rule(
    "R204", "Shared-secret and public-key algorithms are accepted for one key",
    "token_signature", "347", "high", "high",
    "Accept one algorithm for a key: a public key is no secret.",
)  # fmt: skip
CLAIMS = Rule(
    "R205", "A token's claims are not checked", "token_claims", "613", "medium", "high",
    "Leave the checks of exp, aud and iss on, and require the claims.",
)  # fmt: skip
ENDLESS = Rule(
    "R206", "A token is made that never expires", "token_claims", "613", "medium", "medium",
    "Give every token an exp.",
)  # fmt: skip

SYMMETRIC = re.compile(r"^HS(256|384|512)$")
ASYMMETRIC = re.compile(r"^(RS|ES|PS)(256|384|512)$|^EdDSA$")
LIBRARY = re.compile(r"(^|[._])(jwt|jose|jws|pyjwt|jwt_\w+|token_codec|codec)(\.|$)", re.IGNORECASE)
CLAIM_SWITCHES = ("verify_exp", "verify_aud", "verify_iss", "verify_nbf", "verify_iat")
PROOF = re.compile(r"verify|compare_digest|hmac|signature_valid|check_sig|jwks|decode_complete")


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    for call in module.calls:
        name = terminal(call.func)
        if name == "decode" and _is_jwt(module, call):
            yield from _decoded(module, call)
        elif name == "encode" and _is_jwt(module, call):
            yield from _encoded(module, call)
        elif name in {"loads", "unsign"} and _untimed(module, call):
            yield hit(CLAIMS, call, "max_age")
        elif name in {"get_unverified_claims", "get_unverified_claim", "decode_unverified", "unverified_claims"} or (
            name == "PyJWT"
            and _options(module, call).get("verify_signature") is not None
            and is_false(_options(module, call)["verify_signature"])
        ):
            yield hit(UNVERIFIED, call)
        elif name == "JsonWebToken":
            yield from _accepted(module, call, argument(call, 0, "algorithms"))
    for node in module.nodes:
        if isinstance(node, ast.Compare):
            yield from _compared(module, node)
        elif isinstance(node, ast.Subscript):
            yield from _dispatched(module, node)
    for function in module.functions:
        yield from _by_hand(module, function)


def _is_jwt(module: Module, call: ast.Call) -> bool:
    return bool(LIBRARY.search(module.callee(call).rpartition(".")[0])) or keyword(call, "algorithms") is not None


def _options(module: Module, call: ast.Call) -> dict[str, ast.expr]:
    """The entries of `options=`, also where it is named in this function or module."""
    node = keyword(call, "options")
    if isinstance(node, ast.Name):
        node = next(
            (
                value
                for one in module.nodes
                if isinstance(one, ast.Assign) and terminal(one.targets[0]) == node.id
                for value in [one.value]
            ),
            node,
        )
    if isinstance(node, ast.Dict):
        return {
            str(key.value): value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        }
    if isinstance(node, ast.Call) and terminal(node.func) == "dict":
        return {word.arg: word.value for word in node.keywords if word.arg}
    return {}


def _decoded(module: Module, call: ast.Call) -> Iterator[Hit]:
    options = _options(module, call)
    switch = options.get("verify_signature", keyword(call, "verify"))
    if switch is not None and not (isinstance(switch, ast.Constant) and switch.value is True):
        yield hit(UNVERIFIED, call)
        return
    off = [name for name in CLAIM_SWITCHES if is_false(options.get(name))]
    if off:
        yield hit(CLAIMS, call, ", ".join(off))
    if module.callee(call).startswith("authlib") and _unvalidated(module, call):
        yield hit(CLAIMS, call)
    if len(call.args) + len(call.keywords) < 2 or module.callee(call).startswith("authlib"):
        return
    algorithms = argument(call, 2, "algorithms", "algorithm")
    if algorithms is None and not any(word.arg is None for word in call.keywords):
        if "jwt" in module.callee(call).lower() or "jose" in module.callee(call).lower():
            yield hit(CHOSEN, call)
    else:
        yield from _accepted(module, call, algorithms)


def _accepted(module: Module, call: ast.Call, node: ast.expr | None) -> Iterator[Hit]:
    names = module.strings(node)
    if any(name.lower() == "none" for name in names):
        yield hit(NONE, call)
    if _mixed(names):
        yield hit(CONFUSED, call, ", ".join(names))
    if node is None or names:
        return
    origin = _written(module, call, node)
    if is_header(origin) or (isinstance(node, ast.Constant) and node.value is None):
        yield hit(CHOSEN, call)


def _written(module: Module, call: ast.Call, node: ast.expr) -> str:
    """What an expression is made of, its names looked up in the function around."""
    function = module.function_around(call)
    words = words_in(node)
    for one in own_nodes(function) if function else ():
        if isinstance(one, ast.Assign) and terminal(one.targets[0]) and terminal(one.targets[0]) in words.split():
            words += " " + words_in(one.value)
    return words


def is_header(words: str) -> bool:
    """Whether an algorithm comes out of a token's own header."""
    return bool(
        re.search(r"get_unverified_header|unverified|\bheaders?\b.*\balg\b|\balg\b.*\bheaders?\b|get_algorithms", words)
    )


def _mixed(names: list[str]) -> bool:
    return any(SYMMETRIC.match(name) for name in names) and any(ASYMMETRIC.match(name) for name in names)


def _unvalidated(module: Module, call: ast.Call) -> bool:
    """authlib checks claims only when it is told to."""
    function = module.function_around(call)
    return function is not None and not re.search(r"\bvalidate\b", words_in(function))


def _untimed(module: Module, call: ast.Call) -> bool:
    """A timed serializer's token is read without an age."""
    made = module.constants.get(terminal(call.func.value)) if isinstance(call.func, ast.Attribute) else None
    direct = call.func.value if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call) else made
    timed = isinstance(direct, ast.Call) and re.search(r"Timed\w*Serializer$|TimestampSigner$", terminal(direct.func))
    return bool(timed) and keyword(call, "max_age") is None and len(call.args) < 2


def _encoded(module: Module, call: ast.Call) -> Iterator[Hit]:
    function = module.function_around(call)
    for one in own_nodes(function) if function is not None else ():
        days = (
            module.literal(keyword(one, "days"))
            if isinstance(one, ast.Call) and terminal(one.func) == "timedelta"
            else None
        )
        if isinstance(days, int) and days >= 365:
            yield hit(ENDLESS, one)
    payload = argument(call, 0, "payload", "claims")
    function = module.function_around(call)
    if isinstance(payload, ast.Name) and function is not None:
        made = [
            one.value
            for one in own_nodes(function)
            if isinstance(one, ast.Assign) and terminal(one.targets[0]) == payload.id
        ]
        later = any(isinstance(one, ast.Constant) and one.value == "exp" for one in own_nodes(function))
        payload = made[0] if len(made) == 1 and not later else None
    if isinstance(payload, ast.Dict) and all(isinstance(key, ast.Constant) for key in payload.keys):
        names = {key.value for key in payload.keys if isinstance(key, ast.Constant)}
        if (
            "exp" not in names
            and keyword(call, "headers") is None
            and names & {"sub", "user_id", "user", "uid", "username", "email", "id"}
        ):
            yield hit(ENDLESS, call)
    algorithm = argument(call, 2, "algorithm")
    if isinstance(algorithm, ast.Constant) and str(algorithm.value).lower() == "none":
        yield hit(NONE, call)


def _compared(module: Module, node: ast.Compare) -> Iterator[Hit]:
    """`alg == "none"`, unless that is refused."""
    sides = [node.left, *node.comparators]
    says_none = any(
        isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value.lower() == "none" for one in sides
    )
    if not says_none or not re.search(r"\balg", words_in(node)):
        return
    parent = next((one for one in module.ancestors(node) if isinstance(one, ast.If | ast.stmt)), None)
    refused = isinstance(parent, ast.If) and any(
        isinstance(one, ast.Raise | ast.Continue) or _refuses(one) for one in parent.body
    )
    if not refused and not isinstance(parent, ast.Assert) and isinstance(node.ops[0], ast.Eq):
        yield hit(NONE, node)


def _refuses(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return terminal(node.value) == "abort"
    return isinstance(node, ast.Return) and (
        node.value is None
        or is_false(node.value)
        or (isinstance(node.value, ast.Constant) and node.value.value is None)
    )


def _dispatched(module: Module, node: ast.Subscript) -> Iterator[Hit]:
    """A table of checks of both kinds, asked for the token's own algorithm."""
    if not re.search(r"\balg", words_in(node.slice)):
        return
    table = terminal(node.value)
    for one in module.nodes:
        value = getattr(one, "value", None)
        targets = getattr(one, "targets", [getattr(one, "target", None)])
        if (
            isinstance(one, ast.Assign | ast.AnnAssign)
            and isinstance(value, ast.Dict)
            and terminal(targets[0]) == table
        ):
            if _mixed(module.strings(value)):
                yield hit(CONFUSED, node)


def _by_hand(module: Module, function: Function) -> Iterator[Hit]:
    """The payload is cut out of the token and parsed, and nothing in the function or class proves anything."""
    words = words_in(function)
    owner = module.class_of(function)
    if PROOF.search(words_in(owner) if owner is not None else words):
        return
    calls = [one for one in own_nodes(function) if isinstance(one, ast.Call)]
    parsed = [module.parents.get(one) for one in calls if terminal(one.func) == "loads"]
    if parsed and all(
        isinstance(one, ast.Subscript) and module.literal(one.slice) in {"alg", "kid", "typ"} for one in parsed
    ):
        return  # the header alone is read
    names = {terminal(one.func) for one in calls}
    cut = any(
        terminal(one.func) in {"split", "rsplit", "partition", "rpartition"}
        and one.args
        and module.literal(one.args[0]) in (".", b".")
        for one in calls
    )
    if (
        cut
        and names & {"b64decode", "urlsafe_b64decode"}
        and names & {"loads"}
        and re.search(r"token|jwt|bearer|authorization", words)
    ):
        yield hit(UNVERIFIED, function)


FAMILY = Family((UNVERIFIED, NONE, CHOSEN, CONFUSED, CLAIMS, ENDLESS), look)
