"""Rules on how passwords are stored and secrets compared."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.constants import numbers
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import Function, Module, argument, keyword, names_in, own_nodes, terminal, words_in

FAST = Rule(
    "R221", "A password is stored as a fast digest", "password_storage", "916", "high", "high",
    "Use Argon2id (19 MiB, 2 passes), or bcrypt with 12 rounds.",
)  # fmt: skip
CHEAP = Rule(
    "R222", "A password hash is too cheap", "password_storage", "916", "medium", "high",
    "At least: bcrypt 10 rounds, Argon2id 19 MiB and 2 passes, PBKDF2-HMAC-SHA256 600,000 rounds, scrypt N = 2^17.",
)  # fmt: skip

PASSWORD = re.compile(
    r"(^|_)(password|passwd|pwd|passphrase|plain_?text_?password|raw_?password|pw|passcode|pin)\d?($|_)", re.I
)
DIGESTS = re.compile(r"^hashlib\.(md5|sha1|sha224|sha256|sha384|sha512|sha3_\d+|blake2[bs]|new|ripemd160)$")
SLOW = re.compile(r"hashpw|argon2|scrypt|pbkdf2|bcrypt|PasswordHasher|kdf", re.I)
LEAKED = re.compile(r"pwned|breach|leak|compromised|hibp|range/")
#: passlib and Django schemes that are fast or plain.
FAST_SCHEMES = re.compile(
    r"^(plaintext|md5|hex_md5|hex_sha\d+|ldap_\w*(md5|sha1)|des_crypt|crypt|sha1|md5_crypt|unsalted_\w+|nthash|mysql\d*|"
    r".*\.(MD5|SHA1|UnsaltedMD5|UnsaltedSHA1)PasswordHasher|plain|sha256|pbkdf2:sha1(:\d+)?)$"
)
#: bcrypt rounds, PBKDF2 iterations: the least that is accepted.
BCRYPT_MINIMUM = 10
PBKDF2_MINIMUM = {"sha1": 1_300_000, "sha256": 600_000, "sha512": 210_000}
#: OWASP's settings of Argon2id are about equal in memory × passes; KiB.
ARGON2_MINIMUM = 7_168 * 5
#: N × p of OWASP's settings of scrypt.
SCRYPT_MINIMUM = 2**13 * 8


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    for call in module.calls:
        yield from _digest(module, call)
        yield from _cheap(module, call)
    for node in module.nodes:
        if isinstance(node, ast.Assign) and terminal(node.targets[0]) == "PASSWORD_HASHERS":
            if any(FAST_SCHEMES.match(name) for name in module.strings(node.value)[:1]):
                yield hit(FAST, node)


def _digest(module: Module, call: ast.Call) -> Iterator[Hit]:
    if not DIGESTS.match(module.callee(call)):
        return
    function = module.function_around(call)
    given = _origin(function, call)
    named = function is not None and re.search(r"password|passwd", function.name, re.I)
    if not (any(PASSWORD.search(name) for name in given) or (named and given)):
        return
    if function is not None and (LEAKED.search(words_in(function)) or _hardened(module, function, call)):
        return
    yield hit(FAST, call)


def _origin(function: Function | None, call: ast.Call) -> set[str]:
    """Names in a digest's input, those of local assignments and of later `update` calls included."""
    names = names_in([*call.args, *(word.value for word in call.keywords)])
    for _ in range(2):
        for one in own_nodes(function) if function is not None else ():
            if isinstance(one, ast.Assign) and terminal(one.targets[0]) in names:
                names |= names_in(one.value)
            elif isinstance(one, ast.Call) and terminal(one.func) == "update":
                names |= names_in(list(one.args))
    return names


def _hardened(module: Module, function: Function, call: ast.Call) -> bool:
    """Whether the digest only shortens what a slow hash then takes."""
    if any(isinstance(one, ast.Call) and SLOW.search(module.callee(one)) for one in own_nodes(function)):
        return True
    for one in module.calls:
        if SLOW.search(module.callee(one)) and any(
            isinstance(inner, ast.Call) and terminal(inner.func) == function.name
            for part in one.args
            for inner in ast.walk(part)
        ):
            return True
    return any(SLOW.search(ast.unparse(one.func)) for one in module.ancestors(call) if isinstance(one, ast.Call))


def _cheap(module: Module, call: ast.Call) -> Iterator[Hit]:
    name, dotted = terminal(call.func), module.callee(call)
    least = None
    if name == "gensalt":
        least = _least(numbers(module, argument(call, 0, "rounds")), BCRYPT_MINIMUM)
    elif name == "PasswordHasher" or dotted.endswith(("hash_secret", "hash_secret_raw")):
        least = _argon2(module, call)
    elif name in {"pbkdf2_hmac", "PBKDF2HMAC", "pbkdf2"}:
        least = _pbkdf2(module, call)
    elif name in {"scrypt", "Scrypt"}:
        cost, lanes = numbers(module, keyword(call, "n")), numbers(module, keyword(call, "p")) or {1}
        least = bool(cost) and min(cost) * max(lanes) < SCRYPT_MINIMUM
    elif name == "CryptContext":
        least = _context(module, call)
    elif name == "generate_password_hash":
        least = _werkzeug(module, call)
    elif name == "make_password":
        least = bool(re.match(r"md5|sha1|unsalted|plain", str(module.literal(argument(call, 2, "hasher")))))
    elif name in {"using", "bcrypt", "encrypt"} and "bcrypt" in dotted:
        least = _least(numbers(module, keyword(call, "rounds")), BCRYPT_MINIMUM)
    if least:
        yield hit(CHEAP, call)


def _least(found: set[int], minimum: int) -> bool:
    return bool(found) and min(found) < minimum


def _argon2(module: Module, call: ast.Call) -> bool:
    memory = numbers(module, keyword(call, "memory_cost"))
    passes = numbers(module, keyword(call, "time_cost")) or {3}
    return bool(memory) and min(memory) * min(passes) < ARGON2_MINIMUM


def _pbkdf2(module: Module, call: ast.Call) -> bool:
    function = module.function_around(call)
    about = words_in(function) if function is not None else words_in(call)
    if not re.search(r"passw|pwd|passphrase|credential|login", about):
        return False
    algorithm = next((name for name in PBKDF2_MINIMUM if name in words_in(call)), "sha256")
    return _least(numbers(module, argument(call, 3, "iterations", "rounds")), PBKDF2_MINIMUM[algorithm])


def _context(module: Module, call: ast.Call) -> bool:
    schemes = module.strings(argument(call, 0, "schemes"))
    rounds = next(
        (
            word.value
            for word in call.keywords
            if (word.arg and word.arg.endswith("bcrypt__rounds")) or word.arg == "bcrypt__default_rounds"
        ),
        None,
    )
    return any(FAST_SCHEMES.match(name) for name in schemes[:1]) or _least(numbers(module, rounds), BCRYPT_MINIMUM)


def _werkzeug(module: Module, call: ast.Call) -> bool:
    method = module.literal(argument(call, 1, "method"))
    if not isinstance(method, str):
        return False
    rounds = re.fullmatch(r"pbkdf2:(sha\d+):(\d+)", method)
    return bool(FAST_SCHEMES.match(method)) or (
        rounds is not None and int(rounds[2]) < PBKDF2_MINIMUM.get(rounds[1], 600_000)
    )


FAMILY = Family((FAST, CHEAP), look)
