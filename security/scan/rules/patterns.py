"""The rule on regular expressions that take exponential time."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import Module, keyword, terminal

# The parser of regular expressions is not typed.
codes: Any = import_module("re._constants")
parser: Any = import_module("re._parser")

SLOW = Rule(
    "R303", "A pattern can take exponential time", "slow_regex", "1333", "medium", "high",
    "Let the parts of a repeated group begin differently, bound the input, or use an engine without backtracking.",
)  # fmt: skip

USES = frozenset({"compile", "match", "search", "fullmatch", "findall", "finditer", "sub", "split", "subn"})
MODULES = frozenset({"re", "regex"})
REPEATS = frozenset({codes.MAX_REPEAT, codes.MIN_REPEAT})
EVERYTHING = frozenset(range(256))


def look(module: Module) -> Iterator[Hit]:
    """Constant patterns of `re` calls and of declared fields."""
    for call in module.calls:
        patterns = [keyword(call, "pattern", "regex")]
        library = module.callee(call).rpartition(".")[0]
        if terminal(call.func) in USES and library in MODULES and call.args:
            patterns.append(call.args[0])
        for node in patterns:
            text = module.literal(node)
            if isinstance(text, bytes):
                text = text.decode("latin-1")
            if isinstance(text, str) and is_slow(text):
                yield hit(SLOW, call)


def is_slow(pattern: str) -> bool:
    """Whether a repeated group can take the same text in many ways, with something behind it that may fail.

    Looked for: a repeat whose body is itself (nearly) a repeat, `(a+)+`; alternatives in a repeat that begin alike,
    `(a|ab)*`; a repeat of a body of optional and repeated parts of the same letters, `(\\w+\\s?)*`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return any(_ambiguous(body) for body in _repeated(tree))


def _repeated(items: Any) -> Iterator[Any]:
    """The bodies of all repeats without a small bound."""
    for code, argument in items:
        if code in REPEATS:
            _, most, body = argument
            if most > 10:
                yield body
            yield from _repeated(body)
        elif code is codes.SUBPATTERN:
            yield from _repeated(argument[-1])
        elif code is codes.BRANCH:
            for one in argument[1]:
                yield from _repeated(one)
        elif code in {codes.ASSERT, codes.ASSERT_NOT}:
            yield from _repeated(argument[1])


def _flat(items: Any) -> list[tuple[Any, Any]]:
    """A sequence with its groups opened."""
    found: list[tuple[Any, Any]] = []
    for code, argument in items:
        found += _flat(argument[-1]) if code is codes.SUBPATTERN else [(code, argument)]
    return found


def _ambiguous(body: Any) -> bool:
    items = _flat(body)
    if len(items) == 1 and items[0][0] is codes.BRANCH:
        choices = items[0][1][1]
        overlapping = any(_alike(a, b) for index, a in enumerate(choices) for b in choices[index + 1 :])
        return overlapping or any(_ambiguous(one) for one in items[0][1][1])
    variable = [(index, inner) for index, item in enumerate(items) for inner in _varying(item)]
    for index, inner in variable:
        others = [one for position, one in enumerate(items) if position != index]
        required = [one for one in others if not _optional(one)]
        letters = _letters(inner)
        if not required or not any(_letters([one]).isdisjoint(letters) for one in required):
            return True
    return False


def _varying(item: tuple[Any, Any]) -> list[Any]:
    """What an item may take more or less of: the body of a repeat, or alternatives of which one is empty."""
    code, argument = item
    if code in REPEATS and argument[0] != argument[1]:
        return [argument[2]]
    return [[item]] if code is codes.BRANCH and not all(argument[1]) else []


def _optional(item: tuple[Any, Any]) -> bool:
    code, argument = item
    return (code in REPEATS and argument[0] == 0) or code is codes.AT


def _alike(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether two alternatives can begin with the same text, as far as their first two letters tell."""
    a, b = _flat(one), _flat(other)
    if not _first(a) & _first(b):
        return False
    fixed = all(items and items[0][0] not in REPEATS for items in (a, b))
    return not fixed or len(a) < 2 or len(b) < 2 or bool(_first(a[1:]) & _first(b[1:]))


def _first(items: Sequence[Any]) -> frozenset[int]:
    """Letters with which a sequence may begin."""
    found: frozenset[int] = frozenset()
    for item in _flat(items):
        found |= _letters([item])
        if not _optional(item):
            break
    return found


def _letters(items: Any) -> frozenset[int]:
    """All letters that may stand in a sequence."""
    found: frozenset[int] = frozenset()
    for code, argument in items:
        found |= _of_item(code, argument)
    return found


def _of_item(code: Any, argument: Any) -> frozenset[int]:
    if code is codes.LITERAL:
        return frozenset({argument})
    if code is codes.NOT_LITERAL:
        return EVERYTHING - {argument}
    if code is codes.ANY:
        return EVERYTHING
    if code is codes.IN:
        return _of_set(argument)
    if code in REPEATS:
        return _letters(argument[2])
    if code is codes.SUBPATTERN:
        return _letters(argument[-1])
    if code is codes.BRANCH:
        return frozenset().union(*(_letters(one) for one in argument[1]))
    return frozenset()


def _of_set(items: Any) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    negated = False
    for code, argument in items:
        if code is codes.NEGATE:
            negated = True
        elif code is codes.RANGE:
            found |= frozenset(range(argument[0], min(argument[1], 255) + 1))
        elif code is codes.CATEGORY:
            found |= _of_category(str(argument))
        else:
            found |= _of_item(code, argument)
    return EVERYTHING - found if negated else found


def _of_category(name: str) -> frozenset[int]:
    test = {"DIGIT": str.isdigit, "SPACE": str.isspace}.get(
        name.rpartition("_")[2], lambda one: one.isalnum() or one == "_"
    )
    found = frozenset(code for code in range(256) if test(chr(code)))
    return EVERYTHING - found if "NOT" in name else found


FAMILY = Family((SLOW,), look)
