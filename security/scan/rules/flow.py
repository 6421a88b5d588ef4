"""Follows data through a module: from requests and callers, through assignments, branches and calls, to sinks.

An abstract interpretation. Each function that is entered from outside is walked once with its parameters as sources;
functions of the same module are walked again at every call with the values that they get there. Where paths meet, a
value holds what it may hold on either; a check counts only if it was passed on both.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, NamedTuple

from security.scan.rules.entries import caller_source, seeds, typed
from security.scan.rules.evaluate import Evaluator
from security.scan.rules.guards import CHECKERS, Guards, clear
from security.scan.rules.sinks import (
    BY_METHOD, BY_NAME, CLIENT_NAMES, CLIENT_VERBS, LOG_NAMES, LOG_VERBS, RULES, Sink, free_host, named_url,
)  # fmt: skip
from security.scan.rules.source import FUNCTIONS, Function, Module, is_false, is_true, keyword, parameters, terminal
from security.scan.rules.tables import FILE, HTTP_CLIENTS, SHELL
from security.scan.rules.values import (
    ANY, CLEAN, TRUST, Clearances, Effects, Source, State, Value, joined, merged,
)  # fmt: skip

DEPTH = 6
CONVERSIONS = frozenset({"int", "float", "UUID", "Decimal", "ObjectId"})
SUBPROCESS = frozenset({"run", "call", "check_call", "check_output", "Popen", "create_subprocess_exec"})


class Report(NamedTuple):
    """Data of a source reaches a sink."""

    rule: str
    line: int
    source: Source


class Exit(NamedTuple):
    """One way out of a function: the value, what was cleared by then, and the expression that was returned."""

    value: Value
    cleared: Clearances
    node: ast.expr | None
    effects: Effects


class Flow:
    """The interpretation of one module. `reports` are what it found."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.reports: set[Report] = set()
        #: Lines of SQL text that was put together: whether all of its pieces are known to be harmless.
        self.sql_texts: dict[int, bool] = {}
        self.evaluate = Evaluator(self)
        self.guards = Guards(self)
        self._attributes: dict[tuple[str, str], Value] = {}
        self._constants: dict[str, Value] = {}
        self._memo: dict[object, tuple[Value, Clearances, Effects]] = {}
        self._stack: list[Function] = []
        self._exits: list[list[Exit]] = []
        self._steps: dict[type[ast.stmt], Callable[[Any, State], None]] = {
            ast.Assign: self._assign, ast.AnnAssign: self._annotated, ast.AugAssign: self._augmented, ast.Expr: self._expression,
            ast.Return: self._return, ast.Raise: self._raise, ast.If: self._if, ast.For: self._for, ast.AsyncFor: self._for,
            ast.While: self._while, ast.With: self._with, ast.AsyncWith: self._with, ast.Try: self._try, ast.Assert: self._assert,
            ast.Match: self._match, ast.Break: self._leave, ast.Continue: self._leave, ast.FunctionDef: self._define,
            ast.AsyncFunctionDef: self._define, ast.ClassDef: self._define,
        }  # fmt: skip

    def run(self) -> Flow:
        """Walk every entry, twice: the second time, attributes are known that other methods set."""
        entries = self._entries()
        for _ in range(2):
            before = dict(self._attributes)
            self._memo.clear()
            self._block([one for one in self.module.tree.body if not isinstance(one, (*FUNCTIONS, ast.ClassDef))], State())
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
        self._walk(function, State(dict(values)))

    # What the evaluator asks

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

    def target(self, node: ast.Call, receiver: Value) -> Function | None:
        """The function of this module that a call runs."""
        if isinstance(node.func, ast.Name):
            return self.module.plain_functions.get(node.func.id) if node.func.id not in self.module.imports else None
        if isinstance(node.func, ast.Attribute):
            kind, _, name = receiver.role.partition(":")
            owner = self.module.classes.get(name if kind in {"self", "made", "model"} else terminal(node.func.value))
            if owner is not None:
                return self.module.methods(owner).get(node.func.attr)
        return None

    def follow(
        self, node: ast.Call, receiver: Value, arguments: list[Value], words: dict[str | None, Value], state: State
    ) -> Value | None:
        """Walk a called function of this module; None where it is none, or runs already."""
        function = self.target(node, receiver)
        if function is None:
            self._construct(node, arguments, words, state)
            return None
        result = self._result(function, self._bound(function, receiver, arguments, words), state)
        if result is None:
            return None
        value, cleared, _ = result
        state.cleared |= cleared
        return value

    def summary(
        self, function: Function, node: ast.Call, receiver: Value, arguments: list[Value], state: State
    ) -> Effects:
        """What a predicate of this module clears."""
        words = {word.arg: self.evaluate(word.value, state) for word in node.keywords}
        result = self._result(function, self._bound(function, receiver, arguments, words), state)
        return result[2] if result else Effects()

    def _construct(
        self, node: ast.Call, arguments: list[Value], words: dict[str | None, Value], state: State
    ) -> None:
        """Walk the constructor of a class of this module."""
        owner = self.module.classes.get(terminal(node.func)) if isinstance(node.func, ast.Name) else None
        make = self.module.methods(owner).get("__init__") if owner is not None else None
        if owner is not None and make is not None:
            self._result(make, self._bound(make, Value(role=f"self:{owner.name}"), arguments, words), state)

    def _bound(
        self, function: Function, receiver: Value, arguments: list[Value], words: dict[str | None, Value]
    ) -> dict[str, Value]:
        args = parameters(function)
        owner = self.module.class_of(function)
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
        from security.scan.rules.source import default_of

        return self.evaluate(default_of(function, arg.arg), State())

    def _result(
        self, function: Function, values: dict[str, Value], state: State
    ) -> tuple[Value, Clearances, Effects] | None:
        if function in self._stack or len(self._stack) >= DEPTH:
            return None
        key = (function, tuple(sorted(values.items(), key=lambda item: item[0])), state.cleared)
        if key not in self._memo:
            self._memo[key] = self._walk(function, State(dict(values), state.cleared))
        return self._memo[key]

    def _walk(self, function: Function, state: State) -> tuple[Value, Clearances, Effects]:
        self._stack.append(function)
        self._exits.append([])
        try:
            self._block(function.body, state)
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

    # Sinks

    def report(self, rule: str, node: ast.AST, sources: list[Source]) -> None:
        """Note that data of these sources reaches a sink at this node."""
        if sources:
            self.reports.add(Report(rule, getattr(node, "lineno", 1), sources[0]))

    def built_text(self, node: ast.AST, value: Value) -> None:
        """Note text that was put together: where it is SQL, whether it can hold anything that is not known."""
        if value.like_sql and value.built:
            line = getattr(node, "lineno", 1)
            harmless = value.known and not value.sources
            self.sql_texts[line] = self.sql_texts.get(line, True) and harmless

    def indexed(self, node: ast.Subscript, container: Value, key: Value, state: State) -> None:
        """A trusted container asked for a client's key: nothing of the client's comes back."""

    def called(
        self, node: ast.Call, receiver: Value, arguments: list[Value], words: dict[str | None, Value], state: State
    ) -> None:
        """Hold a call against the table of sinks."""
        name, dotted = terminal(node.func), self.module.callee(node)
        sinks = BY_NAME.get(dotted, []) + (BY_METHOD.get(name, []) if isinstance(node.func, ast.Attribute) or name[:1].isupper() else [])
        for sink in sinks:
            if not _is_tame(node, dotted):
                for value in self._judged(sink, receiver, arguments, words):
                    self._sink(sink, node, value, state)
        self._command(node, dotted, arguments, words, state)
        self._client(node, name, receiver, arguments, words, state)
        self._logged(node, name, receiver, arguments, words, state)
        self._converted(node, name, arguments, state)

    @staticmethod
    def _judged(sink: Sink, receiver: Value, arguments: list[Value], words: dict[str | None, Value]) -> list[Value]:
        if sink.position == -1:
            return [receiver]
        named = [value for word, value in words.items() if word in sink.words]
        if sink.position == -2:
            return [*arguments, *(named or [value for word, value in words.items() if not sink.words])]
        return [*arguments[sink.position : sink.position + 1], *named]

    def _sink(self, sink: Sink, node: ast.Call, value: Value, state: State) -> None:
        sources = state.unsafe(value, sink.rule.weakness)
        asked = [source for source in sources if source.kind == "request"]
        if asked and sink.harmful(value):
            self.report(sink.rule.id, node, asked)
        elif sources and not asked and sink.caller(value):
            self.report(sink.rule.id, node, sources)

    def _command(
        self, node: ast.Call, dotted: str, arguments: list[Value], words: dict[str | None, Value], state: State
    ) -> None:
        """A process: text for a shell, or a client's word as the program itself."""
        module, _, name = dotted.rpartition(".")
        if name not in SUBPROCESS or module not in {"subprocess", "asyncio", "asyncio.subprocess"} or not arguments:
            return
        command, shell = arguments[0], keyword(node, "shell")
        sources = state.unsafe(command, SHELL)
        asked = [source for source in sources if source.kind == "request"]
        listed = isinstance(node.args[0], ast.List | ast.Tuple)
        if is_true(shell) and sources and (asked or command.built or command.whole):
            self.report("T103", node, asked or sources)
        elif asked and (not listed or command.sources and self._first_word(node.args[0], state) or _through_shell(node.args[0])):
            self.report("T103", node, asked)

    def _first_word(self, words: ast.expr, state: State) -> bool:
        first = words.elts[0] if isinstance(words, ast.List | ast.Tuple) and words.elts else None
        return bool(state.unsafe(self.evaluate(first, state), SHELL))

    def _client(
        self, node: ast.Call, name: str, receiver: Value, arguments: list[Value], words: dict[str | None, Value], state: State
    ) -> None:
        """A method of an HTTP client, known by how it was made or by its name."""
        if name not in CLIENT_VERBS or not isinstance(node.func, ast.Attribute) or receiver.sources:
            return
        made = receiver.role.partition(":")[2]
        known = made in HTTP_CLIENTS
        if not known and (made and not made.startswith("?") or not CLIENT_NAMES.search(terminal(node.func.value))):
            return
        for value in [*arguments[:2], *(value for word, value in words.items() if word == "url")]:
            sources = [one for one in state.unsafe(value, "server_side_request_forgery") if one.kind == "request"]
            if sources and (free_host(value) if known else named_url(value)):
                self.report("T104", node, sources)

    def _logged(
        self, node: ast.Call, name: str, receiver: Value, arguments: list[Value], words: dict[str | None, Value], state: State
    ) -> None:
        """A message for a log, its arguments included, or a line for a file that is one."""
        if not isinstance(node.func, ast.Attribute):
            return
        log = terminal(node.func.value)
        is_log = LOG_NAMES.search(log) or log == "logging"
        if not is_log or (name not in LOG_VERBS and name not in {"write", "writelines"}):
            return
        values = arguments
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            values = [one for one, shown in zip(arguments[1:], _placeholders(node.args[0].value), strict=False) if shown == "s"]
        for value in values:
            sources = [one for one in state.unsafe(value, "log_injection") if one.kind == "request"]
            if sources and value.text:
                self.report("T108", node, sources)

    def _converted(self, node: ast.Call, name: str, arguments: list[Value], state: State) -> None:
        """A conversion that raises unless its argument is a number; a check of another module, named so."""
        if name in CONVERSIONS and arguments and arguments[0].whole:
            state.cleared |= clear(arguments[0], ANY)
        elif name in {"ip_address", "ip_network"} and arguments:
            state.cleared |= clear(arguments[0], SHELL, FILE, "sql_injection")
        elif name == "relative_to" and isinstance(node.func, ast.Attribute):
            value = self.evaluate(node.func.value, state)
            state.cleared |= clear(value, FILE) if value.resolved else frozenset()

    # Statements

    def _block(self, statements: list[ast.stmt], state: State) -> None:
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
            self._moved(target, value, state)

    def _set_item(self, target: ast.Subscript, value: Value, state: State) -> None:
        self.evaluate(target.slice, state)
        if not isinstance(target.value, ast.Name):
            if isinstance(target.slice, ast.Constant) and str(target.slice.value).lower() == "location":
                self._moved(target, value, state)
            return
        name = target.value.id
        if isinstance(target.slice, ast.Constant):
            state.names[f"{name}[{target.slice.value!r}]"] = value
        held = state.names.get(name, CLEAN)
        state.names[name] = joined([held, value]).derived(role=held.role)

    def _moved(self, node: ast.AST, value: Value, state: State) -> None:
        from security.scan.rules.sinks import free_place

        sources = [one for one in state.unsafe(value, "open_redirect") if one.kind == "request"]
        if sources and free_place(value):
            self.report("T107", node, sources)

    def _assign(self, node: ast.Assign, state: State) -> None:
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and len(target.elts) == len(node.value.elts):
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
        if CHECKERS.search(name) and self.target(call, receiver) is None:
            for one in call.args:
                state.cleared |= clear(self.evaluate(one, state), ANY)
        if name in {"append", "extend", "add", "update", "insert", "setdefault", "write"} and isinstance(call.func, ast.Attribute):
            self._grown(call, state)
        if name in {"abort", "exit", "_exit"}:
            state.live = False

    def _grown(self, call: ast.Call, state: State) -> None:
        """A container that takes something in."""
        holder = call.func.value if isinstance(call.func, ast.Attribute) else None
        taken = [self.evaluate(one, state) for one in [*call.args, *(word.value for word in call.keywords)]]
        if isinstance(holder, ast.Name) and holder.id in state.names and taken:
            held = state.names[holder.id]
            state.names[holder.id] = joined([held, *taken]).derived(role=held.role, text=held.text or taken[-1].text, built=True)

    def _return(self, node: ast.Return, state: State) -> None:
        value = state.settled(self.evaluate(node.value, state))
        effects = self.guards(node.value, state) if node.value is not None else Effects()
        if self._exits:
            self._exits[-1].append(Exit(value, state.cleared, node.value, effects))
        self._answered(node, value, state)
        state.live = False

    def _answered(self, node: ast.Return, value: Value, state: State) -> None:
        """Markup that a view of a framework which sends text as HTML returns."""
        html = any(name.startswith(("flask", "bottle", "quart", "cherrypy")) for name in self.module.imports.values())
        if html and len(self._stack) == 1 and value.text and value.built and "<" in value.prefix:
            self.report("T110", node, [one for one in state.unsafe(value, "cross_site_scripting") if one.kind == "request"])

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
        self._block(node.body, yes)
        self._block(node.orelse, no)
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
            self._block(node.body, inner)
            # What every item had to pass, what they were taken from has passed.
            passed = inner.cleared - state.cleared if inner.live else frozenset()
            state.become(merged([state, inner]))
            taken = self.evaluate(node.iter, state).sources
            state.cleared |= {one for one in passed if any(one.source.within(source) for source in taken)}
        self._block(node.orelse, state)

    def _while(self, node: ast.While, state: State) -> None:
        for _ in range(2):
            inner = state.copy()
            self.evaluate(node.test, inner)
            inner.cleared |= self.guards(node.test, inner).true
            self._block(node.body, inner)
            state.become(merged([state, inner]))

    def _with(self, node: ast.With | ast.AsyncWith, state: State) -> None:
        for item in node.items:
            value = self.evaluate(item.context_expr, state)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value, state)
        self._block(node.body, state)

    def _try(self, node: ast.Try, state: State) -> None:
        before = state.copy()
        self._block(node.body, state)
        failed = merged([before, state.copy()]) if state.live else before
        ends = []
        for handler in node.handlers:
            inner = failed.copy()
            self._block(handler.body, inner)
            ends.append(inner)
        self._block(node.orelse, state)
        state.become(merged([state, *ends]))
        self._block(node.finalbody, state)

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
            self._block(case.body, inner)
            ends.append(inner)
            if isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None:
                ends[0].live = False
        state.become(merged(ends))


def is_falsy(node: ast.expr | None) -> bool:
    """Whether a return says no: False, None, or nothing."""
    return node is None or is_false(node) or (isinstance(node, ast.Constant) and not node.value)


def _through_shell(words: ast.expr) -> bool:
    """`["sh", "-c", …]` is a shell."""
    texts = [one.value for one in getattr(words, "elts", []) if isinstance(one, ast.Constant)]
    return "-c" in texts and bool({"sh", "bash", "/bin/sh", "/bin/bash", "cmd", "zsh"} & set(texts))


def _is_tame(node: ast.Call, dotted: str) -> bool:
    """Calls that an option makes harmless."""
    if dotted in {"yaml.load", "yaml.load_all"}:
        loader = keyword(node, "Loader") or (node.args[1] if len(node.args) > 1 else None)
        return terminal(loader) in {"SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader"}
    if dotted == "torch.load":
        return is_true(keyword(node, "weights_only"))
    if dotted == "numpy.load":
        return not is_true(keyword(node, "allow_pickle"))
    if terminal(node.func) == "extractall":
        return keyword(node, "filter") is not None
    if dotted.startswith("lxml.etree"):
        return keyword(node, "parser") is not None or len(node.args) > 1
    return False


def _placeholders(template: str) -> list[str]:
    """The letters of a template's placeholders, in order."""
    import re

    return re.findall(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?([srdiufgxX])", template)


def flow_of(module: Module) -> Flow:
    """The module's flow, worked out once."""
    found = module.notes.get("flow")
    if not isinstance(found, Flow):
        found = Flow(module).run()
        module.notes["flow"] = found
    return found


__all__ = ["RULES", "Flow", "Report", "flow_of"]
