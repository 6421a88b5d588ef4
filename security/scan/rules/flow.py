"""Follows data through a module: from requests and callers, through assignments, branches and calls, to sinks.

An abstract interpretation. Each function that is entered from outside is walked once with its parameters as sources;
functions of the same module are walked again at every call with the values that they get there. Where paths meet, a
value holds what it may hold on either; a check counts only if it was passed on both.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from security.scan.rules.entries import caller_source, seeds, typed
from security.scan.rules.evaluate import Evaluator
from security.scan.rules.following import Exit, Follower
from security.scan.rules.guards import CHECKERS, Guards, clear
from security.scan.rules.judging import Judge
from security.scan.rules.source import FUNCTIONS, Function, Module, parameters, terminal
from security.scan.rules.values import (
    ANY,
    CLEAN,
    TRUST,
    Effects,
    State,
    Value,
    joined,
    merged,
)  # fmt: skip


class Flow:
    """The interpretation of one module. `judge` holds what it found."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.judge = Judge(self)
        self.follower = Follower(self)
        self.evaluate = Evaluator(self)
        self.guards = Guards(self)
        self._attributes: dict[tuple[str, str], Value] = {}
        self._constants: dict[str, Value] = {}
        self._steps: dict[type[ast.stmt], Callable[[Any, State], None]] = {
            ast.Assign: self._assign, ast.AnnAssign: self._annotated, ast.AugAssign: self._augmented, ast.Expr:
            self._expression, ast.Return: self._return, ast.Raise: self._raise, ast.If: self._if, ast.For:
            self._for, ast.AsyncFor: self._for, ast.While: self._while, ast.With: self._with, ast.AsyncWith:
            self._with, ast.Try: self._try, ast.Assert: self._assert, ast.Match: self._match, ast.Break:
            self._leave, ast.Continue: self._leave, ast.FunctionDef: self._define, ast.AsyncFunctionDef:
            self._define, ast.ClassDef: self._define,
        }  # fmt: skip

    def run(self) -> Flow:
        """Walk every entry, twice: the second time, attributes are known that other methods set."""
        entries = self._entries()
        for _ in range(2):
            before = dict(self._attributes)
            self.follower.forget()
            self.block(
                [one for one in self.module.tree.body if not isinstance(one, (*FUNCTIONS, ast.ClassDef))], State()
            )
            for owner in self.module.classes.values():
                self._class_body(owner)
            for function, values in entries:
                self._enter(function, values)
            if before == self._attributes:
                break
        return self

    def _entries(self) -> list[tuple[Function, dict[str, Value]]]:
        found = seeds(self.module)
        called = {terminal(call.func) for call in self.module.calls}
        entries = [(function, found[function]) for function in self.module.functions if function in found]
        for function in self.module.functions:
            private = function.name.startswith("_") and function.name != "__init__" and function.name in called
            if function not in found and not private:
                entries.append((function, self._callers(function)))
        return sorted(entries, key=lambda entry: entry[0].name != "__init__")

    def _callers(self, function: Function) -> dict[str, Value]:
        owner = self.module.class_of(function)
        values = {arg.arg: typed(self.module, arg.annotation, caller_source(arg.arg)) for arg in parameters(function)}
        static = any(terminal(one) == "staticmethod" for one in function.decorator_list)
        if owner is not None and not static and parameters(function):
            values[parameters(function)[0].arg] = Value(role=f"self:{owner.name}", prefix=TRUST.prefix)
        return values

    def _class_body(self, owner: ast.ClassDef) -> None:
        state = State()
        for statement in owner.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                self._step(statement, state)
        for name, value in state.names.items():
            self._attributes.setdefault((owner.name, name), value)

    def _enter(self, function: Function, values: dict[str, Value]) -> None:
        self.follower.walk(function, State(dict(values)))

    # Names

    def constant(self, name: str) -> Value:
        """A module-level name's value."""
        if name not in self._constants:
            self._constants[name] = TRUST
            self._constants[name] = self.evaluate(self.module.constants[name], State())
        return self._constants[name]

    def attribute(self, owner: str, name: str) -> Value:
        """An attribute of a class's objects: all that any method sets."""
        if (owner, name) in self._attributes:
            return self._attributes[owner, name]
        node = self.module.classes.get(owner)
        for base in node.bases if node else []:
            if terminal(base) in self.module.classes and terminal(base) != owner:
                return self.attribute(terminal(base), name)
        return TRUST

    # Statements

    def block(self, statements: list[ast.stmt], state: State) -> None:
        """Walk statements until the path ends."""
        for statement in statements:
            if not state.live:
                return
            self._step(statement, state)

    def _step(self, statement: ast.stmt, state: State) -> None:
        step = self._steps.get(type(statement))
        if step is not None:
            step(statement, state)
            return
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.expr):
                self.evaluate(child, state)

    def bind(self, target: ast.AST, value: Value, state: State) -> None:
        """Give a value to a name, a tuple of names, an attribute or an item."""
        if isinstance(target, ast.Name):
            state.names[target.id] = value
            state.tests.pop(target.id, None)
        elif isinstance(target, ast.Tuple | ast.List):
            for index, one in enumerate(target.elts):
                self.bind(one, value.refined(f".{index}") if value.whole else value.derived(), state)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, value, state)
        elif isinstance(target, ast.Attribute):
            self._set_attribute(target, value, state)
        elif isinstance(target, ast.Subscript):
            self._set_item(target, value, state)

    def _set_attribute(self, target: ast.Attribute, value: Value, state: State) -> None:
        owner = self.evaluate(target.value, state)
        kind, _, name = owner.role.partition(":")
        if isinstance(target.value, ast.Name):
            state.names[f"{target.value.id}.{target.attr}"] = value
        if kind == "self":
            old = self._attributes.get((name, target.attr))
            self._attributes[name, target.attr] = value if old is None else joined([old, value])
        if target.attr == "location":
            self.judge.moved(target, value, state)

    def _set_item(self, target: ast.Subscript, value: Value, state: State) -> None:
        self.evaluate(target.slice, state)
        if isinstance(target.slice, ast.Constant) and str(target.slice.value).lower() == "location":
            self.judge.moved(target, value, state)
        if not isinstance(target.value, ast.Name):
            return
        name = target.value.id
        if isinstance(target.slice, ast.Constant):
            state.names[f"{name}[{target.slice.value!r}]"] = value
        held = state.names.get(name, CLEAN)
        state.names[name] = joined([held, value]).derived(role=held.role)

    def _assign(self, node: ast.Assign, state: State) -> None:
        for target in node.targets:
            if (
                isinstance(target, ast.Tuple)
                and isinstance(node.value, ast.Tuple)
                and len(target.elts) == len(node.value.elts)
            ):
                values = [self.evaluate(one, state) for one in node.value.elts]
                for one, value in zip(target.elts, values, strict=True):
                    self.bind(one, value, state)
                continue
            self.bind(target, self.evaluate(node.value, state), state)
            if isinstance(target, ast.Name):
                state.tests[target.id] = self.guards(node.value, state)

    def _annotated(self, node: ast.AnnAssign, state: State) -> None:
        if node.value is not None:
            self.bind(node.target, self.evaluate(node.value, state), state)

    def _augmented(self, node: ast.AugAssign, state: State) -> None:
        load = ast.copy_location(ast.parse(ast.unparse(node.target), mode="eval").body, node)
        whole = ast.copy_location(ast.BinOp(load, node.op, node.value), node)
        self.bind(node.target, self.evaluate(whole, state), state)

    def _expression(self, node: ast.Expr, state: State) -> None:
        self.evaluate(node.value, state)
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if not isinstance(call, ast.Call):
            return
        name = terminal(call.func)
        receiver = self.evaluate(call.func.value, state) if isinstance(call.func, ast.Attribute) else CLEAN
        if CHECKERS.search(name) and self.follower.target(call, receiver) is None:
            for one in call.args:
                state.cleared |= clear(self.evaluate(one, state), ANY)
        if name in {"append", "extend", "add", "update", "insert", "setdefault", "write"} and isinstance(
            call.func, ast.Attribute
        ):
            self._grown(call, state)
        if name in {"abort", "exit", "_exit"}:
            state.live = False

    def _grown(self, call: ast.Call, state: State) -> None:
        """A container that takes something in."""
        holder = call.func.value if isinstance(call.func, ast.Attribute) else None
        taken = [self.evaluate(one, state) for one in [*call.args, *(word.value for word in call.keywords)]]
        if isinstance(holder, ast.Name) and holder.id in state.names and taken:
            held = state.names[holder.id]
            state.names[holder.id] = joined([held, *taken]).derived(
                role=held.role, text=held.text or taken[-1].text, built=True
            )

    def _return(self, node: ast.Return, state: State) -> None:
        value = state.settled(self.evaluate(node.value, state))
        effects = self.guards(node.value, state) if node.value is not None else Effects()
        self.follower.leave(Exit(value, state.cleared, node.value, effects))
        self.judge.answered(node, value, state)
        state.live = False

    def _raise(self, node: ast.Raise, state: State) -> None:
        self.evaluate(node.exc, state)
        state.live = False

    @staticmethod
    def _leave(_node: ast.stmt, state: State) -> None:
        state.live = False

    def _define(self, node: ast.stmt, state: State) -> None:
        """A function or class inside a function: walked by itself, as an entry."""

    def _if(self, node: ast.If, state: State) -> None:
        self.evaluate(node.test, state)
        effects = self.guards(node.test, state)
        yes, no = state.copy(), state.copy()
        yes.cleared |= effects.true
        no.cleared |= effects.false
        self.block(node.body, yes)
        self.block(node.orelse, no)
        state.become(merged([yes, no]))

    def iterate(self, target: ast.AST, iterable: ast.expr, state: State) -> None:
        """Bind a loop's target to an item of what it goes over."""
        value = self.evaluate(iterable, state)
        if value.whole:
            value = value.refined("[*]")
        elif isinstance(iterable, ast.Call) and terminal(iterable.func) == "items" and not value.sources:
            value = TRUST if not value.known else CLEAN
        self.bind(target, value if value.whole else value.derived(text=value.text or bool(value.sources)), state)

    def _for(self, node: ast.For | ast.AsyncFor, state: State) -> None:
        for _ in range(2):
            inner = state.copy()
            self.iterate(node.target, node.iter, inner)
            self.block(node.body, inner)
            # What every item had to pass, what they were taken from has passed.
            passed = inner.cleared - state.cleared if inner.live else frozenset()
            state.become(merged([state, inner]))
            taken = self.evaluate(node.iter, state).sources
            state.cleared |= {one for one in passed if any(one.source.within(source) for source in taken)}
        self.block(node.orelse, state)

    def _while(self, node: ast.While, state: State) -> None:
        for _ in range(2):
            inner = state.copy()
            self.evaluate(node.test, inner)
            inner.cleared |= self.guards(node.test, inner).true
            self.block(node.body, inner)
            state.become(merged([state, inner]))

    def _with(self, node: ast.With | ast.AsyncWith, state: State) -> None:
        for item in node.items:
            value = self.evaluate(item.context_expr, state)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value, state)
        self.block(node.body, state)

    def _try(self, node: ast.Try, state: State) -> None:
        before = state.copy()
        self.block(node.body, state)
        failed = merged([before, state.copy()]) if state.live else before
        ends = []
        for handler in node.handlers:
            inner = failed.copy()
            self.block(handler.body, inner)
            ends.append(inner)
        self.block(node.orelse, state)
        state.become(merged([state, *ends]))
        self.block(node.finalbody, state)

    def _assert(self, node: ast.Assert, state: State) -> None:
        self.evaluate(node.test, state)
        state.cleared |= self.guards(node.test, state).true

    def _match(self, node: ast.Match, state: State) -> None:
        subject = self.evaluate(node.subject, state)
        ends = [state.copy()]
        for case in node.cases:
            inner = state.copy()
            if isinstance(case.pattern, ast.MatchValue | ast.MatchOr | ast.MatchSingleton):
                inner.cleared |= clear(subject, ANY)
            for name in ast.walk(case.pattern):
                if isinstance(name, ast.MatchAs | ast.MatchStar) and name.name:
                    inner.names[name.name] = subject
            self.block(case.body, inner)
            ends.append(inner)
            if isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None:
                ends[0].live = False
        state.become(merged(ends))


def flow_of(module: Module) -> Flow:
    """The module's flow, worked out once."""
    found = module.notes.get("flow")
    if not isinstance(found, Flow):
        found = Flow(module).run()
        module.notes["flow"] = found
    return found
