"""Follows calls into functions of the same module, for a flow: each is walked with the values that it is given."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from security.scan.rules.source import Function, default_of, is_false, is_true, parameters, terminal
from security.scan.rules.values import (
    CLEAN,
    TRUST,
    Clearances,
    Effects,
    State,
    Value,
    joined,
)  # fmt: skip

if TYPE_CHECKING:
    from security.scan.rules.flow import Flow

#: Calls within calls that are followed.
DEPTH = 6


class Exit(NamedTuple):
    """One way out of a function: the value, what was cleared by then, and the expression that was returned."""

    value: Value
    cleared: Clearances
    node: ast.expr | None
    effects: Effects


class Follower:
    """Finds the function behind a call and walks it, once for the same values."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._memo: dict[object, tuple[Value, Clearances, Effects]] = {}
        self._stack: list[Function] = []
        self._exits: list[list[Exit]] = []

    @property
    def depth(self) -> int:
        """How many functions are being walked."""
        return len(self._stack)

    def forget(self) -> None:
        """Walk everything anew: attributes have changed."""
        self._memo.clear()

    def leave(self, way: Exit) -> None:
        """Note one way out of the function that is being walked."""
        if self._exits:
            self._exits[-1].append(way)

    def target(self, node: ast.Call, receiver: Value) -> Function | None:
        """The function of this module that a call runs."""
        if isinstance(node.func, ast.Name):
            return (
                self._flow.module.plain_functions.get(node.func.id)
                if node.func.id not in self._flow.module.imports
                else None
            )
        if isinstance(node.func, ast.Attribute):
            kind, _, name = receiver.role.partition(":")
            owner = self._flow.module.classes.get(
                name if kind in {"self", "made", "model"} else terminal(node.func.value)
            )
            if owner is not None:
                return self._flow.module.methods(owner).get(node.func.attr)
        return None

    def follow(
        self, node: ast.Call, receiver: Value, arguments: list[Value], words: dict[str | None, Value], state: State
    ) -> Value | None:
        """Walk a called function of this module; None where it is none, or runs already."""
        function = self.target(node, receiver)
        if function is None:
            self._construct(node, arguments, words, state)
            return None
        result = self._result(function, self._bound(function, arguments, words), state)
        if result is None:
            return None
        value, cleared, _ = result
        state.cleared |= cleared
        return value

    def summary(self, function: Function, node: ast.Call, arguments: list[Value], state: State) -> Effects:
        """What a predicate of this module clears."""
        words = {word.arg: self._flow.evaluate(word.value, state) for word in node.keywords}
        result = self._result(function, self._bound(function, arguments, words), state)
        return result[2] if result else Effects()

    def _construct(self, node: ast.Call, arguments: list[Value], words: dict[str | None, Value], state: State) -> None:
        """Walk the constructor of a class of this module."""
        owner = self._flow.module.classes.get(terminal(node.func)) if isinstance(node.func, ast.Name) else None
        make = self._flow.module.methods(owner).get("__init__") if owner is not None else None
        if owner is not None and make is not None:
            self._result(make, self._bound(make, arguments, words), state)

    def _bound(self, function: Function, arguments: list[Value], words: dict[str | None, Value]) -> dict[str, Value]:
        args = parameters(function)
        owner = self._flow.module.class_of(function)
        static = any(terminal(one) == "staticmethod" for one in function.decorator_list)
        values: dict[str, Value] = {}
        if owner is not None and not static and args:
            values[args[0].arg] = Value(role=f"self:{owner.name}", prefix=TRUST.prefix)
            args = args[1:]
        spread = joined([value for name, value in words.items() if name is None]) if None in words else None
        for index, arg in enumerate(args):
            if index < len(arguments):
                values[arg.arg] = arguments[index]
            elif arg.arg in words:
                values[arg.arg] = words[arg.arg]
            else:
                values[arg.arg] = spread if spread is not None else self._default(function, arg)
        for extra in (function.args.vararg, function.args.kwarg):
            if extra is not None:
                values[extra.arg] = joined([*arguments[len(args) :], *words.values()])
        return values

    def _default(self, function: Function, arg: ast.arg) -> Value:
        return self._flow.evaluate(default_of(function, arg.arg), State())

    def _result(
        self, function: Function, values: dict[str, Value], state: State
    ) -> tuple[Value, Clearances, Effects] | None:
        if function in self._stack or len(self._stack) >= DEPTH:
            return None
        key = (function, tuple(sorted(values.items(), key=lambda item: item[0])), state.cleared)
        if key not in self._memo:
            self._memo[key] = self.walk(function, State(dict(values), state.cleared))
        return self._memo[key]

    def walk(self, function: Function, state: State) -> tuple[Value, Clearances, Effects]:
        """Walk a function's body; its value, what every way out has cleared, and what it clears as a test."""
        self._stack.append(function)
        self._exits.append([])
        try:
            self._flow.block(function.body, state)
        finally:
            self._stack.pop()
            exits = self._exits.pop()
        if state.live:
            exits.append(Exit(CLEAN, state.cleared, None, Effects()))
        return self._summed(exits)

    @staticmethod
    def _summed(exits: list[Exit]) -> tuple[Value, Clearances, Effects]:
        if not exits:
            return CLEAN, frozenset(), Effects()
        truths = [one.cleared | one.effects.true for one in exits if not is_falsy(one.node)]
        lies = [one.cleared | one.effects.false for one in exits if not is_true(one.node)]
        return (
            joined([one.value for one in exits]),
            frozenset.intersection(*(one.cleared for one in exits)),
            Effects(
                frozenset.intersection(*truths) if truths else frozenset(),
                frozenset.intersection(*lies) if lies else frozenset(),
            ),
        )


def is_falsy(node: ast.expr | None) -> bool:
    """Whether a return says no: False, None, or nothing."""
    return node is None or is_false(node) or (isinstance(node, ast.Constant) and not node.value)
