"""Rules on what is checked first and changed afterwards."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function,
    Module,
    is_true,
    names_in,
    own_nodes,
    terminal,
    words_in,
)

RACE = Rule(
    "R311", "What was checked is changed in a second step", "race", "362", "medium", "medium",
    "Check and change in one statement (UPDATE … WHERE stock > 0), or lock the row.",
)  # fmt: skip

LOCKED = re.compile(
    r"for_update|with_for_update|select_for_update|\block\b|_lock\b|\block_|acquire|\bf\b|advisory|for update|watch|"
    r"serializable|version|begin immediate|redlock|semaphore|mutex|"
    r"setnx|\beval\b|register_script|returning|skip locked|on conflict"
)
STORED = re.compile(r"commit|save|execute|flush|\badd\b|update|\bset\b|put|session|objects|write")
KEPT = re.compile(r"commit|save|flush|session|execute|objects|put_item|replace_one")


# Races


def look(module: Module) -> Iterator[Hit]:
    """Every function, whether requests reach it or not."""
    for function in module.functions:
        yield from _raced(function)
        yield from _looked_before(module, function)


def _raced(function: Function) -> Iterator[Hit]:
    """A member of a loaded object is tested, and then written from its old value; or read from a store, and set."""
    words = words_in(function)
    if LOCKED.search(words) or not STORED.search(words):
        return
    tested: dict[str, int] = {}
    for one in own_nodes(function):
        if isinstance(one, ast.If | ast.While | ast.Assert | ast.IfExp):
            for part in ast.walk(one.test):
                if isinstance(part, ast.Attribute | ast.Subscript | ast.Name):
                    tested.setdefault(ast.unparse(part), one.lineno)
    for one in own_nodes(function):
        target = _written_from_itself(one)
        if (
            target is not None
            and KEPT.search(words)
            and target in tested
            and tested[target] <= getattr(one, "lineno", 0)
            and not target.startswith(("self.", "cls."))
        ):
            if "." in target or "[" in target:
                yield hit(RACE, one, target)
                return
    yield from _stale(function, tested)


def _looked_before(module: Module, function: Function) -> Iterator[Hit]:
    """A file is tested and then written by its name."""
    for one in own_nodes(function):
        if not isinstance(one, ast.If):
            continue
        tested = {
            ast.unparse(call.args[0])
            for call in ast.walk(one.test)
            if isinstance(call, ast.Call)
            and module.callee(call) in {"os.path.exists", "os.access", "os.path.isfile"}
            and call.args
        }
        for call in [inner for part in one.body for inner in ast.walk(part) if isinstance(inner, ast.Call)]:
            mode = module.literal(call.args[1]) if module.callee(call) == "open" and len(call.args) > 1 else None
            if mode in {"w", "a", "wb", "ab", "w+", "wt"} and ast.unparse(call.args[0]) in tested:
                yield hit(RACE, call)
                return


def _written_from_itself(node: ast.AST) -> str | None:
    if (
        isinstance(node, ast.AugAssign)
        and isinstance(node.op, ast.Add | ast.Sub)
        and isinstance(node.target, ast.Attribute | ast.Subscript)
    ):
        return ast.unparse(node.target)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript):
        target = ast.unparse(node.targets[0])
        if target in {ast.unparse(part) for part in ast.walk(node.value)} and isinstance(node.value, ast.BinOp):
            return target
        if is_true(node.value) and re.search(r"\.(used|redeemed|claimed|consumed)$", target):
            return target
    return None


def _stale(function: Function, tested: dict[str, int]) -> Iterator[Hit]:
    """A number that was read from a store into a name, tested, and stored again as name ± something."""
    read: dict[str, ast.Call] = {}
    for one in own_nodes(function):
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
            for call in ast.walk(one.value):
                if isinstance(call, ast.Call) and terminal(call.func) in {
                    "get",
                    "fetchone",
                    "fetchval",
                    "scalar",
                    "scalar_one",
                    "fetch_one",
                    "fetchrow",
                    "hget",
                    "get_balance",
                    "scalar_one_or_none",
                }:
                    read[one.targets[0].id] = call
    derived = dict.fromkeys(read, True)
    for one in own_nodes(function):
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name) and names_in(one.value) & read.keys():
            derived[one.targets[0].id] = True
    watched = {name for name in derived if any(name == re.split(r"[.\[(]", test)[0] for test in tested)}
    for one in own_nodes(function):
        if not isinstance(one, ast.Call) or terminal(one.func) not in {
            "set",
            "execute",
            "hset",
            "values",
            "put",
            "setex",
            "update",
            "save",
            "update_one",
            "incr",
            "decr",
            "incrby",
            "hincrby",
        }:
            continue
        sums = [
            part for part in ast.walk(one) if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub)
        ]
        if any(names_in(part) & watched for part in sums):
            yield hit(RACE, one)
            return
        same_key = (
            terminal(one.func) in {"incr", "decr", "incrby"}
            and one.args
            and any(
                ast.unparse(one.args[0]) == ast.unparse(call.args[0])
                for name, call in read.items()
                if call.args and name in watched
            )
        )
        if same_key:
            yield hit(RACE, one)
            return


FAMILY = Family((RACE,), look)
