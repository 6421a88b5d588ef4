"""Rules on keys and secrets: written into the code, guessed, or drawn from a poor source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import Module, argument, assigned, terminal, words_in

WRITTEN = Rule(
    "R211", "A key or secret is written into the code", "hardcoded_secret", "798", "high", "high",
    "Read it from the environment or a file that only the server can read; refuse to start without it.",
)  # fmt: skip
FALLBACK = Rule(
    "R212", "A secret has a default that everybody can read", "hardcoded_secret", "1391", "high", "high",
    "Refuse to start where the secret is not set.",
)  # fmt: skip
FORETOLD = Rule(
    "R213", "A secret is drawn from a source that can be foretold", "weak_random", "338", "high", "high",
    "Draw it with the module secrets.",
)  # fmt: skip

SECRET_NAME = re.compile(
    r"(^|_)(secret|secret_?key|signing_?key|private_?key|api_?key|apikey|passwd|password|auth_?token|access_?token|"
    r"refresh_?token|encryption_?key|jwt_?key|hmac_?key|master_?key|client_?secret|webhook_?secret|jwt_?secret|"
    r"token_?secret|session_?secret|session_?key|cookie_?secret|salt_?key|app_?secret|pepper|fernet_?key|aes_?key)$",
    re.IGNORECASE,
)
#: The argument of these calls that is a key.
KEY_ARGUMENTS: dict[str, tuple[int, tuple[str, ...]]] = {
    "jwt.encode": (1, ("key",)),
    "jwt.decode": (1, ("key",)),
    "jose.jwt.encode": (1, ("key",)),
    "jose.jwt.decode": (1, ("key",)),
    "hmac.new": (0, ("key",)),
    "hmac.digest": (0, ("key",)),
    "cryptography.fernet.Fernet": (0, ("key",)),
    "itsdangerous.URLSafeSerializer": (0, ("secret_key",)),
    "itsdangerous.URLSafeTimedSerializer": (0, ("secret_key",)),
    "itsdangerous.TimestampSigner": (0, ("secret_key",)),
    "itsdangerous.Signer": (0, ("secret_key",)),
    "Crypto.Cipher.AES.new": (0, ("key",)),
    "Cryptodome.Cipher.AES.new": (0, ("key",)),
    "itsdangerous.Serializer": (0, ("secret_key",)),
    "itsdangerous.TimedSerializer": (0, ("secret_key",)),
}
KEY_WORDS = frozenset(
    {"secret_key", "cookie_secret", "signing_key", "jwt_secret", "api_key", "client_secret", "session_secret", "secret"}
)
#: Text that stands for a secret and is none: a name, a place to be filled in, a path, a header, a message.
NOT_SECRET = re.compile(
    r"^$|\s|^[<{$%]|^\*+$|^\.|://|^/|(?-i:^[A-Z][a-z]+-[A-Z])|^X-|[{}<>]|^(password|token|secret|api_key|key|none|null|bearer|str|bytes|string)$",
    re.I,
)
POOR = re.compile(r"^(random\.(?!SystemRandom)\w+|uuid\.uuid1|time\.time(_ns)?|numpy\.random\.\w+)$")
DRAWN = re.compile(
    r"(^|_)(token|secret|otp|nonce|salt|session_?id|csrf\w*|api_?key|password|passcode|pin|reset_?code|verification_?code|invite_?code|code|key|sid)(s|_hex)?($|_)",
    re.I,
)


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    for node in module.nodes:
        yield from _assigned(module, node)
    for call in module.calls:
        yield from _key_of(module, call)
        yield from _default(module, call)
    yield from _drawn(module)


def _is_secret(module: Module, node: ast.AST | None) -> bool:
    if not isinstance(node, ast.Constant | ast.Name | ast.BinOp):
        return False
    value = module.literal(node)
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return isinstance(text, str) and len(text) >= 3 and not NOT_SECRET.search(text)


def _assigned(module: Module, node: ast.AST) -> Iterator[Hit]:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript):
        target = terminal(node.targets[0])
        pairs = [(target, node.value)]
    elif isinstance(node, ast.Dict):
        pairs = [
            (key.value, value)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        ]
        pairs = [(name, value) for name, value in pairs if re.search(r"(secret|SECRET)_?(key|KEY)?$", name)]
    else:
        pairs = list(assigned(node))
    for name, value in pairs:
        if (
            SECRET_NAME.search(name)
            and isinstance(value, ast.Constant)
            and _is_secret(module, value)
            and value.value != name
        ):
            yield hit(WRITTEN, value, name)
        elif (
            SECRET_NAME.search(name) and isinstance(value, ast.Call) and terminal(value.func) in {"Field", "SecretStr"}
        ):
            default = argument(value, 0, "default")
            if isinstance(default, ast.Constant) and _is_secret(module, default):
                yield hit(FALLBACK, value, name)


def _key_of(module: Module, call: ast.Call) -> Iterator[Hit]:
    position = KEY_ARGUMENTS.get(module.callee(call))
    keys = [argument(call, position[0], *position[1])] if position else []
    keys += [word.value for word in call.keywords if word.arg in KEY_WORDS]
    for key in keys:
        inner = (
            key.func.value
            if isinstance(key, ast.Call) and isinstance(key.func, ast.Attribute) and key.func.attr == "encode"
            else key
        )
        if _is_secret(module, inner):
            yield hit(WRITTEN, call)


def _default(module: Module, call: ast.Call) -> Iterator[Hit]:
    """`os.environ.get("SECRET", "…")` and `os.getenv("SECRET") or "…"`."""
    name = module.literal(call.args[0]) if call.args else None
    if (
        not isinstance(name, str)
        or not SECRET_NAME.search(name)
        or terminal(call.func) not in {"get", "getenv", "config", "env", "str"}
    ):
        return
    if not re.search(r"environ|getenv|config|env", ast.unparse(call.func)):
        return
    parent = module.parents.get(call)
    alternative = (
        parent.values[-1]
        if isinstance(parent, ast.BoolOp) and isinstance(parent.op, ast.Or)
        else argument(call, 1, "default")
    )
    if _is_secret(module, alternative):
        yield hit(FALLBACK, call, name)


def _drawn(module: Module) -> Iterator[Hit]:
    for call in module.calls:
        if not POOR.match(module.callee(call)):
            continue
        name = _purpose(module, call)
        if name and DRAWN.search(name):
            yield hit(FORETOLD, call, name)


def _purpose(module: Module, call: ast.Call) -> str:
    """What a drawn value is for: the name that it is given, or of the function that returns it."""
    for node in module.ancestors(call):
        if isinstance(node, ast.Assign):
            name = terminal(node.targets[0])
            if DRAWN.search(name):
                return name
        elif isinstance(node, ast.keyword) and node.arg and DRAWN.search(node.arg):
            return node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            returned = any(isinstance(one, ast.Return) for one in module.ancestors(call)) or "join" in words_in(node)
            return node.name if returned else ""
    return ""


FAMILY = Family((WRITTEN, FALLBACK, FORETOLD), look)
