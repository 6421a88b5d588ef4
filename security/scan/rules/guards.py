"""What a test clears: which sources are known to be harmless where it is true, and where it is false."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from security.scan.rules.entries import is_narrow
from security.scan.rules.source import terminal
from security.scan.rules.tables import FILE, REDIRECT, URL
from security.scan.rules.values import ANY, NOTHING, Clearance, Clearances, Effects, State, Value

if TYPE_CHECKING:
    from security.scan.rules.flow import Flow

CHARACTER_TESTS = frozenset({"isalnum", "isdigit", "isdecimal", "isidentifier", "isalpha", "isnumeric"})
ADDRESS_TESTS = frozenset({"is_global", "is_private", "is_loopback", "is_link_local", "is_reserved", "is_multicast"})
REDIRECT_TESTS = frozenset({"url_has_allowed_host_and_scheme", "is_safe_url", "is_safe_redirect_url"})
#: A predicate of another module that is named for its purpose is believed.
PREDICATES = re.compile(
    r"^_?(is|has|are|in)_?\w*(allow|safe|valid|permit|trust|known|public|contain|within|inside)|allowed|_ok$"
)
#: A call of another module that is named so raises where its argument is not harmless.
CHECKERS = re.compile(r"^_?(validate|ensure|assert|check|require|verify|guard|reject|abort_unless)_\w+")
HOST = re.compile(r"^https?://[^/?#\0]+[/?#]")
#: What a comparison with a piece of a URL or path tells of the whole.
OF_PART: dict[str, tuple[str, ...]] = {"": (ANY,), "host": (URL, REDIRECT), "piece": ()}


class Guards:
    """Works out the effects of tests for a flow."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.module = flow.module

    def __call__(self, node: ast.AST, state: State) -> Effects:
        """The effects of a test; nothing where it is none that is understood."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self(node.operand, state)
            return Effects(inner.false, inner.true)
        if isinstance(node, ast.BoolOp):
            return self._bool(node, state)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._compare(node.left, node.ops[0], node.comparators[0], state)
        if isinstance(node, ast.Call):
            return self._call(node, state)
        if isinstance(node, ast.NamedExpr):
            return self(node.value, state)
        if isinstance(node, ast.Await):
            return self(node.value, state)
        if isinstance(node, ast.Name):
            return state.tests.get(node.id, Effects())
        if isinstance(node, ast.Attribute):
            return self._attribute(node, state)
        return Effects()

    def _bool(self, node: ast.BoolOp, state: State) -> Effects:
        parts = [self(part, state) for part in node.values]
        trues, falses = [part.true for part in parts], [part.false for part in parts]
        both = isinstance(node.op, ast.And)
        relative = self._stays_here(node, state)
        if both:
            return Effects(frozenset().union(*trues) | relative, frozenset.intersection(*falses))
        return Effects(frozenset.intersection(*trues), frozenset().union(*falses) | relative)

    def _stays_here(self, node: ast.BoolOp, state: State) -> Clearances:
        """`x.startswith("/") and not x.startswith("//")`, or its opposite with `or`, keeps a redirect on this host."""
        begins: dict[str, set[str]] = {}
        for call in ast.walk(node):
            if (
                isinstance(call, ast.Call)
                and terminal(call.func) == "startswith"
                and isinstance(call.func, ast.Attribute)
            ):
                texts = {text for one in call.args for text in self.module.strings(one)}
                begins.setdefault(ast.unparse(call.func.value), set()).update(texts)
        cleared: Clearances = NOTHING
        for call in ast.walk(node):
            if isinstance(call, ast.Attribute) and call.attr == "startswith":
                if {"/", "//"} <= begins.get(ast.unparse(call.value), set()):
                    cleared |= clear(self.flow.evaluate(call.value, state), REDIRECT)
        return cleared

    def _attribute(self, node: ast.Attribute, state: State) -> Effects:
        value = self.flow.evaluate(node.value, state)
        if node.attr in ADDRESS_TESTS:
            found = clear(value, URL)
            return Effects(found, NOTHING) if node.attr == "is_global" else Effects(NOTHING, found)
        if node.attr in {"netloc", "hostname", "host"}:
            return Effects(NOTHING, clear(value, REDIRECT))
        return Effects()

    def _compare(self, left: ast.expr, operator: ast.cmpop, right: ast.expr, state: State) -> Effects:
        if isinstance(operator, ast.Is | ast.IsNot) and isinstance(right, ast.Constant) and right.value is None:
            inner = self(left, state)
            return Effects(inner.false, inner.true) if isinstance(operator, ast.Is) else inner
        a, b = self.flow.evaluate(left, state), self.flow.evaluate(right, state)
        if isinstance(operator, ast.In | ast.NotIn):
            found = self._member(left, a, right, b)
            return Effects(found, NOTHING) if isinstance(operator, ast.In) else Effects(NOTHING, found)
        if isinstance(operator, ast.Eq | ast.NotEq):
            found = self._equal(left, a, right, b)
            return Effects(found, NOTHING) if isinstance(operator, ast.Eq) else Effects(NOTHING, found)
        return Effects()

    def _member(self, left: ast.expr, a: Value, right: ast.expr, b: Value) -> Clearances:
        if isinstance(right, ast.Attribute) and right.attr == "parents" and not _of_request(a):
            return clear(b, FILE)
        if _of_request(b) or isinstance(right, ast.Constant):
            return NOTHING
        return of_part(a, self._lowered(left, a))

    def _lowered(self, _left: ast.expr, value: Value) -> str:
        return value.part

    def _equal(self, left: ast.expr, a: Value, right: ast.expr, b: Value) -> Clearances:
        for one, other, node in ((a, b, left), (b, a, right)):
            if not one.sources or _of_request(other):
                continue
            if isinstance(node, ast.Call) and terminal(node.func) == "commonpath":
                return clear(one, FILE)
            if isinstance(node, ast.Call) and terminal(node.func) == "commonprefix":
                return NOTHING
            if isinstance(node, ast.Attribute) and node.attr in {"parent", "parents"}:
                return clear(one, FILE)
            empty = other.known and other.text and not other.prefix
            if one.part == "host" and empty:
                return clear(one, REDIRECT)
            if empty or (other.known and not other.text and one.part):
                return NOTHING
            return of_part(one, one.part)
        return NOTHING

    # Calls

    def _call(self, node: ast.Call, state: State) -> Effects:
        name = terminal(node.func)
        arguments = [self.flow.evaluate(one, state) for one in node.args]
        receiver = self.flow.evaluate(node.func.value, state) if isinstance(node.func, ast.Attribute) else Value()
        if name in {"any", "all"} and node.args and isinstance(node.args[0], ast.GeneratorExp | ast.ListComp):
            return self._quantified(name, node.args[0], state)
        if name in CHARACTER_TESTS:
            return Effects(of_part(receiver, receiver.part), NOTHING)
        if name == "is_relative_to":
            return Effects(clear(receiver, FILE) if receiver.resolved else NOTHING, NOTHING)
        if name in {"fullmatch", "match"}:
            return Effects(self._matched(node, name, receiver, arguments), NOTHING)
        if name in {"startswith", "endswith"} and arguments:
            return Effects(self._begins(name, receiver, node.args[0], arguments[0]), NOTHING)
        if name in {"compare_digest", "constant_time_compare", "verify_signature"}:
            return Effects(frozenset().union(*(clear(one, ANY) for one in arguments)), NOTHING)
        if name in REDIRECT_TESTS:
            return Effects(frozenset().union(*(clear(one, REDIRECT, URL) for one in arguments)), NOTHING)
        if name == "isinstance" and len(node.args) > 1 and terminal(node.args[1]) in {"int", "float", "bool", "UUID"}:
            return Effects(clear(arguments[0], ANY), NOTHING)
        if name == "bool" and node.args:
            return self(node.args[0], state)
        return self._predicate(node, name, receiver, arguments, state)

    def _quantified(self, name: str, node: ast.GeneratorExp | ast.ListComp, state: State) -> Effects:
        inner = state.copy()
        for generator in node.generators:
            self.flow.iterate(generator.target, generator.iter, inner)
        effects = self(node.elt, inner)
        if name == "all":
            return Effects(_to_whole(effects.true), NOTHING)
        # `any(host == one for one in ALLOWED)`: what is compared with each is not what is iterated over.
        return Effects(effects.true, _to_whole(effects.false))

    def _matched(self, node: ast.Call, name: str, receiver: Value, arguments: list[Value]) -> Clearances:
        direct = isinstance(node.func, ast.Attribute) and self.module.dotted(node.func.value) in {"re", "regex"}
        pattern_node = node.args[0] if direct else node.func.value if isinstance(node.func, ast.Attribute) else None
        subject = arguments[-1] if arguments and (not direct or len(arguments) > 1) else Value()
        if direct and len(arguments) > 1:
            subject = arguments[1]
        pattern = self._pattern(pattern_node)
        if pattern is None:
            return of_part(subject, subject.part) if not _of_request(receiver) else NOTHING
        if name == "match" and not re.search(r"(\$|\\Z|\\z)\)?$", pattern):
            return NOTHING
        if is_narrow(pattern):
            return of_part(subject, subject.part)
        fixed_host = HOST.match(pattern.lstrip("^").replace("\\", ""))
        return clear(subject, URL, REDIRECT) if fixed_host else NOTHING

    def _pattern(self, node: ast.AST | None) -> str | None:
        if isinstance(node, ast.Name):
            node = self.module.constants.get(node.id, node)
        if isinstance(node, ast.Call) and terminal(node.func) == "compile" and node.args:
            node = node.args[0]
        found = self.module.literal(node)
        return found if isinstance(found, str) else None

    def _begins(self, name: str, receiver: Value, node: ast.AST, argument: Value) -> Clearances:
        texts = self.module.strings(node)
        if name == "startswith":
            if texts and all(HOST.match(text) for text in texts):
                return clear(receiver, URL, REDIRECT)
            if receiver.resolved and not argument.sources:
                return clear(receiver, FILE)
        elif receiver.part == "host" and not _of_request(argument):
            dotted = all(text.startswith(".") for text in texts) if texts else True
            return clear(receiver, URL, REDIRECT) if dotted else NOTHING
        return NOTHING

    def _predicate(self, node: ast.Call, name: str, receiver: Value, arguments: list[Value], state: State) -> Effects:
        target = self.flow.follower.target(node, receiver)
        if target is None:
            believed = PREDICATES.search(name) and not receiver.sources
            return Effects(frozenset().union(*(clear(one, ANY) for one in arguments)) if believed else NOTHING, NOTHING)
        return self.flow.follower.summary(target, node, arguments, state)


def clear(value: Value, *classes: str) -> Clearances:
    """All sources of a value, for these classes."""
    return frozenset(Clearance(source, name) for source in value.sources for name in classes)


def of_part(value: Value, part: str) -> Clearances:
    """What a comparison of this piece of a value clears."""
    return clear(value, *OF_PART.get(part, ()))


def _of_request(value: Value) -> bool:
    return any(source.kind == "request" for source in value.sources)


def _to_whole(found: Clearances) -> Clearances:
    """What holds for all characters or items holds for what they are taken from."""
    return frozenset(
        Clearance(one.source._replace(name=one.source.name.removesuffix("[*]")), one.weakness) for one in found
    )
