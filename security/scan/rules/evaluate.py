"""What an expression's value is, as far as taint goes. Calls are followed into functions of the same module."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from security.scan.rules.entries import ENUMS, GIVES_ITSELF, KEYED, REQUEST_TYPES, SENT, request_source, typed
from security.scan.rules.source import Module, keyword, terminal
from security.scan.rules.tables import CARRIERS, HTTP_CLIENTS, PARTS, RESOLVERS, SANITISERS, TEXT_METHODS
from security.scan.rules.values import ANY, CLEAN, TRUST, Source, State, Value, joined

if TYPE_CHECKING:
    from security.scan.rules.flow import Flow

SQL_WORDS = re.compile(
    r"\b(select|insert\s+into|update\s+\w+\s+set|delete\s+from|where|order\s+by|group\s+by|having|from|values|limit|union|"
    r"like|desc|asc|join|set)\b|=\s*'?$|^\s*=|'\s*$",
    re.IGNORECASE,
)
FLASK_REQUESTS = re.compile(r"^(flask|quart|bottle|sanic|pyramid)\b.*\.request$")
#: `re.sub` with a negated class keeps harmless characters alone; one that names line ends takes those away.
NEGATED = re.compile(r"^\[\^[\w\\ .-]+\]\+?\*?$")
LINE_ENDS = ("\n", "\r", "\\n", "\\r", "\\s", "\x00-\x1f", "\\x00-\\x1f", "\x00", "\\x00", "[^ -~]", "\\x1f")


class Evaluator:
    """Evaluates expressions for a flow."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.module: Module = flow.module
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
                return typed(self.module, ast.Subscript(ast.Name("Annotated"), ast.Tuple([statement.annotation, statement.value or ast.Constant(0)])), refined)
        return refined

    def _subscript(self, node: ast.Subscript, state: State) -> Value:
        value, key = self(node.value, state), self(node.slice, state)
        if isinstance(node.slice, ast.Constant) and isinstance(node.value, ast.Name):
            stored = state.names.get(f"{node.value.id}[{node.slice.value!r}]")
            if stored is not None:
                return state.settled(stored)
        if not value.sources:
            self.flow.indexed(node, value, key, state)
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
            if piece.sources or not piece.prefix or piece.prefix == TRUST.prefix and piece is parts[-1]:
                break
        value = joined(parts)
        result = replace(value, text=True, built=len(parts) > 1, whole=False, prefix=prefix, part="", role="")
        self.flow.built_text(node, result)
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

    # Calls

    def _call(self, node: ast.Call, state: State) -> Value:
        receiver = self(node.func.value, state) if isinstance(node.func, ast.Attribute) else CLEAN
        arguments = [self(one, state) for one in node.args]
        words = {word.arg: self(word.value, state) for word in node.keywords}
        self.flow.called(node, receiver, arguments, words, state)
        result = self._result(node, receiver, arguments, words, state)
        return state.settled(result)

    def _result(
        self, node: ast.Call, receiver: Value, arguments: list[Value], words: dict[str | None, Value], state: State
    ) -> Value:
        name = terminal(node.func)
        followed = self.flow.follow(node, receiver, arguments, words, state)
        if followed is not None:
            return followed
        if receiver.role == "request" or receiver.sources and receiver.whole:
            return self._of_source(node, receiver, arguments, words)
        held = joined([*arguments, *words.values()]) if arguments or words else CLEAN
        if name in {"get", "pop", "setdefault"} and isinstance(node.func, ast.Attribute) and not receiver.sources and len(arguments) > 1:
            return joined([TRUST, arguments[1]])  # a table of constants, and what is taken where it has none
        if isinstance(node.func, ast.Attribute) and receiver.role.startswith("self:") and name in KEYED and "argument" in name:
            return request_source(f"request.{self._key(node)}")
        if name in SANITISERS:
            safe = SANITISERS[name]
            return self._sanitised(node, joined([held, receiver]), safe)
        if name == "sub":
            return self._substituted(node, joined([held, receiver]))
        if name == "filter_by" or name[:1].isupper():
            return self._constructed(node, held, name)
        if isinstance(node.func, ast.Attribute) and (receiver.sources or receiver.text):
            return self._text_method(node, receiver, arguments, held)
        if name in CARRIERS:
            resolved = name in RESOLVERS
            built = held.built or len(arguments) > 1
            role = held.role if held.role.startswith("model:") else ""
            held = replace(held, safe=held.safe | {"operators"}) if name == "str" else held
            return replace(held, text=True, whole=False, built=built, resolved=resolved, part="", role=role)
        return Value(prefix=TRUST.prefix, role=f"made:{self.module.callee(node)}")

    def _sanitised(self, node: ast.Call, held: Value, safe: frozenset[str]) -> Value:
        if ANY in safe:
            return replace(CLEAN, text=True)
        if terminal(node.func) == "quote" and any(_is_empty(word) for word in node.keywords if word.arg == "safe"):
            safe = safe | {"path_traversal", "server_side_request_forgery"}
        return replace(held, safe=held.safe | safe, whole=False, text=True)

    def _substituted(self, node: ast.Call, held: Value) -> Value:
        first = node.args[0] if node.args else None
        pattern = self.module.literal(first)
        if pattern is None and isinstance(node.func, ast.Attribute):
            made = self.module.constants.get(terminal(node.func.value))
            pattern = self.module.literal(made.args[0]) if isinstance(made, ast.Call) and made.args else None
        if isinstance(pattern, str) and NEGATED.match(pattern):
            return replace(CLEAN, text=True)
        lines = isinstance(pattern, str) and any(end in pattern for end in LINE_ENDS)
        return replace(held, whole=False, text=True, safe=held.safe | ({"log_injection"} if lines else set()))

    def _constructed(self, node: ast.Call, held: Value, name: str) -> Value:
        """An object of a class: it carries what it was made with."""
        if name in CARRIERS:
            return replace(held, text=True, whole=False, built=held.built or len(node.args) > 1, role="")
        if self.module.callee(node) in HTTP_CLIENTS:
            return Value(prefix=TRUST.prefix, role=f"made:{self.module.callee(node)}")
        owner = self.module.classes.get(name)
        if owner is not None and any(terminal(base) in ENUMS for base in owner.bases):
            return CLEAN
        role = f"made:{self.module.callee(node)}"
        return replace(held, text=False, whole=False, built=False, known=False, role=role, prefix=held.prefix or TRUST.prefix)

    def _text_method(self, node: ast.Call, receiver: Value, arguments: list[Value], held: Value) -> Value:
        name = terminal(node.func)
        if name == "format":
            return self.glued(node, [replace(receiver, prefix=receiver.prefix.partition("{")[0]), held])
        if name == "join":
            return replace(self.glued(node, [receiver, held]), prefix=held.prefix)
        if name == "replace" and node.args:
            return self._replaced(node, receiver)
        if name in TEXT_METHODS:
            return receiver.derived(text=True)
        if name in RESOLVERS:
            return replace(receiver.derived(), resolved=True)
        if name in {"joinpath", "with_name", "with_suffix"}:
            return replace(joined([receiver, *arguments]), text=True, built=True, whole=False)
        if name in {"split", "partition", "rpartition", "rsplit", "splitlines", "group", "groups"}:
            return receiver.derived(part="piece", text=True)
        if name in {"isoformat", "isdigit", "exists", "is_file", "startswith", "endswith"}:
            return CLEAN
        if not receiver.sources:
            return TRUST
        return receiver.derived(text=True, role="")

    def _replaced(self, node: ast.Call, receiver: Value) -> Value:
        old = self.module.literal(node.args[0])
        safe = receiver.safe
        if old in ("\n", "\r", "\r\n"):
            safe = safe | {"log_injection"}
        return receiver.derived(text=True, safe=safe)

    def _of_source(
        self, node: ast.Call, receiver: Value, arguments: list[Value], words: dict[str | None, Value]
    ) -> Value:
        """A method of the request, or of something that came with it."""
        name = terminal(node.func)
        if receiver.role == "request":
            if name in KEYED and name in SENT:
                return request_source(f"request.{self._key(node)}")
            return request_source(f"request.{name}") if name in SENT else TRUST
        if name in GIVES_ITSELF and not arguments:
            return receiver
        if name in {"get", "pop", *KEYED} and node.args:
            kind = keyword(node, "type")
            if kind is not None and terminal(kind) in {"int", "float", "bool", "UUID"}:
                return CLEAN
            item = receiver.refined(self._key(node))
            default = arguments[1] if len(arguments) > 1 else words.get("default", CLEAN)
            return item if not default.sources else joined([item, default])
        if name in {"items", "values", "keys", "lists", "multi_items"}:
            return receiver.refined(f".{name}()")
        if name in {"model_dump", "dict", "to_dict", "copy", "__dict__", "dump", "validated_data"}:
            return receiver.derived(whole=False, text=False)
        if name in SANITISERS and ANY in SANITISERS[name]:
            return CLEAN
        return self._text_method(node, receiver, arguments, joined(arguments))

    def _key(self, node: ast.Call) -> str:
        first = node.args[0] if node.args else None
        return f"[{first.value!r}]" if isinstance(first, ast.Constant) else "[*]"


def _numeric(spec: ast.expr | None) -> bool:
    """Whether a format takes numbers alone (`:d`, `:.2f`)."""
    if not isinstance(spec, ast.JoinedStr) or not spec.values or not isinstance(spec.values[-1], ast.Constant):
        return False
    return str(spec.values[-1].value)[-1:] in set("dfeEgGxXob%")


def _is_empty(word: ast.keyword) -> bool:
    return isinstance(word.value, ast.Constant) and word.value.value in ("", b"")


def is_request_type(name: str) -> bool:
    """Whether a type's name is a web request's."""
    return bool(REQUEST_TYPES.search(name))


__all__ = ["Evaluator", "Source", "is_request_type"]
