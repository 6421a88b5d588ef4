"""What an expression's value is, as far as taint goes. Calls are followed into functions of the same module."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from security.scan.rules.entries import SENT, request_source, typed
from security.scan.rules.results import Results
from security.scan.rules.source import Module, terminal
from security.scan.rules.tables import PARTS, SANITISERS
from security.scan.rules.values import CLEAN, TRUST, State, Value, joined

if TYPE_CHECKING:
    from security.scan.rules.flow import Flow

SQL_WORDS = re.compile(
    r"\b(select|insert\s+into|update\s+\w+\s+set|delete\s+from|where|order\s+by|group\s+by|having|from|values|limit|union|"
    r"like|desc|asc|join|set)\b|=\s*'?$|^\s*=|'\s*$",
    re.IGNORECASE,
)
FLASK_REQUESTS = re.compile(r"^(flask|quart|bottle|sanic|pyramid)\b.*\.request$")


class Evaluator:
    """Evaluates expressions for a flow."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.module: Module = flow.module
        self._results = Results(self)
        self._cases: dict[type[ast.AST], Callable[[ast.Any, State], Value]] = {  # type: ignore[name-defined]
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.Call: self._call,
            ast.JoinedStr: self._joined_str,
            ast.FormattedValue: lambda node, state: self(node.value, state),
            ast.BinOp: self._bin_op,
            ast.BoolOp: self._bool_op,
            ast.IfExp: self._if_exp,
            ast.Dict: self._dict,
            ast.Await: lambda node, state: self(node.value, state),
            ast.Starred: lambda node, state: self(node.value, state),
            ast.NamedExpr: self._named,
            ast.Compare: self._compare,
            ast.UnaryOp: self._unary,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.DictComp: self._comprehension,
            ast.Lambda: self._lambda,
            ast.Yield: lambda node, state: self(node.value, state) if node.value else CLEAN,
            ast.YieldFrom: lambda node, state: self(node.value, state),
        }

    def __call__(self, node: ast.AST | None, state: State) -> Value:
        """The value of an expression; whatever is not listed holds what its parts hold."""
        if node is None:
            return CLEAN
        case = self._cases.get(type(node))
        if case is not None:
            return case(node, state)
        parts = [self(child, state) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return replace(joined(parts), whole=False) if parts else CLEAN

    def _constant(self, node: ast.Constant, _state: State) -> Value:
        if isinstance(node.value, bytes):
            return Value(known=True, text=True, prefix=node.value.decode("latin-1"))
        if isinstance(node.value, str):
            return Value(known=True, text=True, prefix=node.value, like_sql=bool(SQL_WORDS.search(node.value)))
        return CLEAN

    def _name(self, node: ast.Name, state: State) -> Value:
        if node.id in state.names:
            return state.settled(state.names[node.id])
        if node.id in self.module.constants:
            return self.flow.constant(node.id)
        dotted = self.module.imports.get(node.id, "")
        if FLASK_REQUESTS.match(dotted):
            return Value(role="request", prefix=TRUST.prefix)
        return replace(TRUST, known=node.id.isupper())

    def _attribute(self, node: ast.Attribute, state: State) -> Value:
        whole_name = f"{terminal(node.value)}.{node.attr}" if isinstance(node.value, ast.Name) else ""
        if whole_name in state.names:
            return state.settled(state.names[whole_name])
        if FLASK_REQUESTS.match(self.module.dotted(node)):
            return Value(role="request", prefix=TRUST.prefix)
        return state.settled(self.member(self(node.value, state), node))

    def member(self, value: Value, node: ast.Attribute) -> Value:
        """An attribute of a value."""
        name = node.attr
        if value.role == "request":
            return request_source(f"request.{name}") if name in SENT else TRUST
        if value.role.startswith("self:"):
            if name == "request":
                return Value(role="request", prefix=TRUST.prefix)
            return self.flow.attribute(value.role.partition(":")[2], name)
        if value.role.startswith("made:") and not value.sources:
            return replace(TRUST, role=value.role if name in {"session", "client"} else "")
        if not value.sources:
            return replace(TRUST, known=value.known and not value.role)
        if name in PARTS and not (value.whole and name in {"suffix", "content_type", "mimetype"}):
            return value.derived(part=PARTS[name], text=True, prefix="")
        if name in {"name", "filename"} and not value.whole and value.text:
            return value.derived(safe=value.safe | SANITISERS["basename"])
        if value.whole and name in {"stream", "file"}:
            return value.refined(f".{name}").derived(text=False)  # an open file, not its name
        if value.whole:
            return self._field(value, name)
        return value.derived(text=True, role="")

    def _field(self, value: Value, name: str) -> Value:
        refined = value.refined(f".{name}")
        if not value.role.startswith("model:"):
            return refined
        owner = self.module.classes.get(value.role.partition(":")[2])
        for statement in owner.body if owner else []:
            if isinstance(statement, ast.AnnAssign) and terminal(statement.target) == name:
                return typed(
                    self.module,
                    ast.Subscript(
                        ast.Name("Annotated"), ast.Tuple([statement.annotation, statement.value or ast.Constant(0)])
                    ),
                    refined,
                )
        return refined

    def _subscript(self, node: ast.Subscript, state: State) -> Value:
        value = self(node.value, state)
        self(node.slice, state)
        if isinstance(node.slice, ast.Constant) and isinstance(node.value, ast.Name):
            stored = state.names.get(f"{node.value.id}[{node.slice.value!r}]")
            if stored is not None:
                return state.settled(stored)
        if not value.sources:
            return TRUST if not value.known else replace(CLEAN, text=True)
        if value.whole:
            suffix = f"[{node.slice.value!r}]" if isinstance(node.slice, ast.Constant) else "[*]"
            return state.settled(value.refined(suffix))
        return value.derived(text=True, part=value.part or "piece", role="")

    def _joined_str(self, node: ast.JoinedStr, state: State) -> Value:
        pieces = []
        for one in node.values:
            value = self(one, state)
            if isinstance(one, ast.FormattedValue) and (one.conversion == ord("r") or _numeric(one.format_spec)):
                value = CLEAN if one.conversion != ord("r") else value.derived(safe=value.safe | {"log_injection"})
            pieces.append(value)
        return self.glued(node, pieces)

    def glued(self, node: ast.AST, pieces: Iterable[Value]) -> Value:
        """Text put together from pieces, in order."""
        parts = list(pieces)
        prefix = ""
        for piece in parts:
            prefix += piece.prefix
            if piece.sources or not piece.prefix or (piece.prefix == TRUST.prefix and piece is parts[-1]):
                break
        value = joined(parts)
        result = replace(value, text=True, built=len(parts) > 1, whole=False, prefix=prefix, part="", role="")
        self.flow.judge.built_text(node, result)
        return result

    def _bin_op(self, node: ast.BinOp, state: State) -> Value:
        left, right = self(node.left, state), self(node.right, state)
        if isinstance(node.op, ast.Add) and (left.text or right.text or left.sources or right.sources):
            return self.glued(node, [left, right])
        if isinstance(node.op, ast.Mod) and (left.text or not left.sources):
            return self._percent(node, left, right)
        if isinstance(node.op, ast.Div):
            return replace(joined([left, right]), text=True, built=True, whole=False, part="", resolved=False)
        return replace(joined([left, right]), whole=False)

    def _percent(self, node: ast.BinOp, left: Value, right: Value) -> Value:
        template = left.prefix
        if re.fullmatch(r"(?:[^%]|%%|%\d*[dif])*", template) and left.known:
            right = CLEAN
        if "%r" in template:
            right = right.derived(safe=right.safe | {"log_injection"})
        return self.glued(node, [replace(left, prefix=template.partition("%")[0]), right])

    def _bool_op(self, node: ast.BoolOp, state: State) -> Value:
        values, inner = [], state.copy()
        for part in node.values:
            values.append(inner.settled(self(part, inner)))
            effects = self.flow.guards(part, inner)
            inner.cleared |= effects.true if isinstance(node.op, ast.And) else effects.false
        if isinstance(node.op, ast.And):
            return values[-1]
        return joined(values)

    def _if_exp(self, node: ast.IfExp, state: State) -> Value:
        effects = self.flow.guards(node.test, state)
        yes, no = state.copy(), state.copy()
        yes.cleared |= effects.true
        no.cleared |= effects.false
        self(node.test, state)
        return joined([yes.settled(self(node.body, yes)), no.settled(self(node.orelse, no))])

    def _named(self, node: ast.NamedExpr, state: State) -> Value:
        value = self(node.value, state)
        self.flow.bind(node.target, value, state)
        state.tests[node.target.id] = self.flow.guards(node.value, state)
        return value

    def _compare(self, node: ast.Compare, state: State) -> Value:
        for part in (node.left, *node.comparators):
            self(part, state)
        return CLEAN

    def _unary(self, node: ast.UnaryOp, state: State) -> Value:
        value = self(node.operand, state)
        return CLEAN if isinstance(node.op, ast.Not) else value.derived()

    def _dict(self, node: ast.Dict, state: State) -> Value:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and str(key.value).lower() == "location":
                self.flow.judge.moved(value, self(value, state), state)
        parts = [self(one, state) for one in (*node.keys, *node.values) if one is not None]
        return replace(joined(parts), whole=False, text=False, role="")

    def _lambda(self, node: ast.Lambda, state: State) -> Value:
        return self(node.body, state.copy())

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, state: State) -> Value:
        inner = state.copy()
        for generator in node.generators:
            self.flow.iterate(generator.target, generator.iter, inner)
            for test in generator.ifs:
                self(test, inner)
                inner.cleared |= self.flow.guards(test, inner).true
        if isinstance(node, ast.DictComp):
            key, value = inner.settled(self(node.key, inner)), inner.settled(self(node.value, inner))
            held = joined([key, value])
            safe = held.safe | ({"mass_assignment"} if not inner.unsafe(key, "mass_assignment") else set())
            return replace(held, whole=False, role="", safe=safe)
        return replace(inner.settled(self(node.elt, inner)), whole=False, role="")

    def _call(self, node: ast.Call, state: State) -> Value:
        receiver = self(node.func.value, state) if isinstance(node.func, ast.Attribute) else CLEAN
        if not isinstance(node.func, ast.Attribute | ast.Name):
            self(node.func, state)
        arguments = [self(one, state) for one in node.args]
        words = {word.arg: self(word.value, state) for word in node.keywords}
        self.flow.judge.called(node, receiver, arguments, words, state)
        result = self._results(node, receiver, arguments, words, state)
        return state.settled(result)


def _numeric(spec: ast.expr | None) -> bool:
    """Whether a format takes numbers alone (`:d`, `:.2f`)."""
    if not isinstance(spec, ast.JoinedStr) or not spec.values or not isinstance(spec.values[-1], ast.Constant):
        return False
    return str(spec.values[-1].value)[-1:] in set("dfeEgGxXob%")
