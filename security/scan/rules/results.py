"""What a call gives, as far as taint goes: followed into this module, sanitised, changed in form, or nothing known."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from security.scan.rules.entries import ENUMS, GIVES_ITSELF, KEYED, SENT, request_source
from security.scan.rules.source import keyword, terminal
from security.scan.rules.tables import CARRIERS, HTTP_CLIENTS, RESOLVERS, SANITISERS, TEXT_METHODS
from security.scan.rules.values import ANY, CLEAN, TRUST, State, Value, joined

if TYPE_CHECKING:
    from security.scan.rules.evaluate import Evaluator

#: `re.sub` with a negated class keeps harmless characters alone; one that names line ends takes those away.
NEGATED = re.compile(r"^\[\^[\w\\ .-]+\]\+?\*?$")
LINE_ENDS = ("\n", "\r", "\\n", "\\r", "\\s", "\x00-\x1f", "\\x00-\\x1f", "\x00", "\\x00", "[^ -~]", "\\x1f")


class Results:
    """Works out the values of calls for an evaluator."""

    def __init__(self, evaluate: Evaluator) -> None:
        self._evaluate = evaluate

    def __call__(
        self, node: ast.Call, receiver: Value, arguments: list[Value], words: dict[str | None, Value], state: State
    ) -> Value:
        """The value of a call, its receiver and arguments evaluated."""
        name = terminal(node.func)
        followed = self._evaluate.flow.follower.follow(node, receiver, arguments, words, state)
        if followed is not None:
            return followed
        if receiver.role == "request" or (receiver.sources and receiver.whole):
            return self._of_source(node, receiver, arguments, words)
        held = joined([*arguments, *words.values()]) if arguments or words else CLEAN
        if (
            name in {"get", "pop", "setdefault"}
            and isinstance(node.func, ast.Attribute)
            and not receiver.sources
            and len(arguments) > 1
        ):
            return joined([TRUST, arguments[1]])  # a table of constants, and what is taken where it has none
        if (
            isinstance(node.func, ast.Attribute)
            and receiver.role.startswith("self:")
            and name in KEYED
            and "argument" in name
        ):
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
        return Value(prefix=TRUST.prefix, role=f"made:{self._evaluate.module.callee(node)}")

    def _sanitised(self, node: ast.Call, held: Value, safe: frozenset[str]) -> Value:
        if ANY in safe:
            return replace(CLEAN, text=True)
        if terminal(node.func) == "quote" and any(_is_empty(word) for word in node.keywords if word.arg == "safe"):
            safe = safe | {"path_traversal", "server_side_request_forgery"}
        return replace(held, safe=held.safe | safe, whole=False, text=True)

    def _substituted(self, node: ast.Call, held: Value) -> Value:
        first = node.args[0] if node.args else None
        pattern = self._evaluate.module.literal(first)
        if pattern is None and isinstance(node.func, ast.Attribute):
            made = self._evaluate.module.constants.get(terminal(node.func.value))
            pattern = self._evaluate.module.literal(made.args[0]) if isinstance(made, ast.Call) and made.args else None
        if isinstance(pattern, str) and NEGATED.match(pattern):
            return replace(CLEAN, text=True)
        lines = isinstance(pattern, str) and any(end in pattern for end in LINE_ENDS)
        return replace(held, whole=False, text=True, safe=held.safe | ({"log_injection"} if lines else set()))

    def _constructed(self, node: ast.Call, held: Value, name: str) -> Value:
        """An object of a class: it carries what it was made with."""
        if name in CARRIERS:
            return replace(held, text=True, whole=False, built=held.built or len(node.args) > 1, role="")
        if self._evaluate.module.callee(node) in HTTP_CLIENTS:
            return Value(prefix=TRUST.prefix, role=f"made:{self._evaluate.module.callee(node)}")
        owner = self._evaluate.module.classes.get(name)
        if owner is not None and any(terminal(base) in ENUMS for base in owner.bases):
            return CLEAN
        role = f"made:{self._evaluate.module.callee(node)}"
        return replace(
            held, text=False, whole=False, built=False, known=False, role=role, prefix=held.prefix or TRUST.prefix
        )

    def _text_method(self, node: ast.Call, receiver: Value, arguments: list[Value], held: Value) -> Value:
        name = terminal(node.func)
        if name == "format":
            return self._evaluate.glued(node, [replace(receiver, prefix=receiver.prefix.partition("{")[0]), held])
        if name == "join":
            return replace(self._evaluate.glued(node, [receiver, held]), prefix=held.prefix)
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
        old = self._evaluate.module.literal(node.args[0])
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


def _is_empty(word: ast.keyword) -> bool:
    return isinstance(word.value, ast.Constant) and word.value.value in ("", b"")
