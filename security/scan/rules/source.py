"""A parsed module, and what can be read off it without following data: names, functions, classes, constants."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Nodes whose vocabulary is remembered: about those of one file.
CACHED = 4096
SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda)


@dataclass(eq=False)
class Module:
    """One file. Everything derived is worked out once, when first asked for."""

    path: str
    tree: ast.Module
    text: str
    #: What the taint interpreter found, filled in by it: see `flow`.
    notes: dict[str, object] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node, breadth first."""
        return list(ast.walk(self.tree))

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node that each node stands in."""
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    @cached_property
    def imports(self) -> dict[str, str]:
        """Local name to dotted name, for every import wherever it stands."""
        names: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    names[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    names[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}".lstrip(".")
        return names

    @cached_property
    def functions(self) -> list[Function]:
        """All functions and methods."""
        return [node for node in self.nodes if isinstance(node, FUNCTIONS)]

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """Classes by name."""
        return {node.name: node for node in self.nodes if isinstance(node, ast.ClassDef)}

    @cached_property
    def calls(self) -> list[ast.Call]:
        """All calls."""
        return [node for node in self.nodes if isinstance(node, ast.Call)]

    @cached_property
    def plain_functions(self) -> dict[str, Function]:
        """Functions that are no methods, by name."""
        return {node.name: node for node in self.functions if self.class_of(node) is None}

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        """Module-level names that are assigned once, with the expression."""
        found: dict[str, ast.expr] = {}
        twice: set[str] = set()
        for node in self.tree.body:
            for name, value in assigned(node):
                twice |= {name} & found.keys()
                found[name] = value
        return {name: value for name, value in found.items() if name not in twice}

    def class_of(self, function: ast.AST) -> ast.ClassDef | None:
        """The class that a method belongs to."""
        parent = self.parents.get(function)
        return parent if isinstance(parent, ast.ClassDef) else None

    def methods(self, owner: ast.ClassDef) -> dict[str, Function]:
        """A class's methods by name, with those of its bases in this module."""
        found: dict[str, Function] = {}
        for base in owner.bases:
            parent = self.classes.get(base.id) if isinstance(base, ast.Name) else None
            if parent is not None and parent is not owner:
                found |= self.methods(parent)
        return found | {node.name: node for node in owner.body if isinstance(node, FUNCTIONS)}

    def function_around(self, node: ast.AST) -> Function | None:
        """The innermost function that a node stands in."""
        at: ast.AST | None = self.parents.get(node)
        while at is not None and not isinstance(at, FUNCTIONS):
            at = self.parents.get(at)
        return at

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, innermost first."""
        at = self.parents.get(node)
        while at is not None:
            yield at
            at = self.parents.get(at)

    def dotted(self, node: ast.AST) -> str:
        """`a.b.c` with the first name resolved through imports; `?.c` where it begins with something else."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            return f"{self.dotted(node.value)}.{node.attr}"
        return "?"

    def callee(self, call: ast.Call) -> str:
        """The dotted name of what is called."""
        return self.dotted(call.func)

    def literal(self, node: ast.AST | None) -> object:
        """The constant that an expression is, also by a module-level name or simple arithmetic; else None."""
        if isinstance(node, ast.Name) and node.id in self.constants:
            return self.literal(self.constants[node.id])
        if isinstance(node, ast.BinOp):
            return arithmetic(node.op, self.literal(node.left), self.literal(node.right))
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self.literal(node.operand)
            return -value if isinstance(value, int | float) else None
        return None

    def strings(self, node: ast.AST | None) -> list[str]:
        """Constant strings in a list, tuple, set or the keys of a dictionary, also by name; of a string, itself."""
        if isinstance(node, ast.Name) and node.id in self.constants:
            return self.strings(self.constants[node.id])
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [node.value]
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return [text for item in node.elts for text in self.strings(item)]
        if isinstance(node, ast.Dict):
            return [text for key in node.keys if key is not None for text in self.strings(key)]
        if isinstance(node, ast.Call) and terminal(node.func) in {"frozenset", "set", "tuple", "list"} and node.args:
            return self.strings(node.args[0])
        return []


def assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Plain names that a statement assigns, with the expression."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value


def arithmetic(operator: ast.operator, left: object, right: object) -> object:
    """Products, sums, powers and shifts of constant numbers, and sums of constant strings."""
    if isinstance(left, str) and isinstance(right, str) and isinstance(operator, ast.Add):
        return left + right
    if not isinstance(left, int) or not isinstance(right, int) or not -64 <= right <= 1 << 40:
        return None
    if isinstance(operator, ast.Pow | ast.LShift):
        if not 0 <= right <= 64:
            return None
        return left**right if isinstance(operator, ast.Pow) else left << right
    table = {ast.Mult: left * right, ast.Add: left + right, ast.Sub: left - right}
    return table.get(type(operator))


def terminal(node: ast.AST | None) -> str:
    """The last name of an expression: `x` of `x`, `a.x`, `a[…].x()`, `a["x"]`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return terminal(node.func)
    if isinstance(node, ast.Subscript):
        key = node.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else terminal(node.value)
    if isinstance(node, ast.Await):
        return terminal(node.value)
    return ""


def keyword(call: ast.Call, *names: str) -> ast.expr | None:
    """The argument given under one of these names."""
    return next((word.value for word in call.keywords if word.arg in names), None)


def argument(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    """The argument at a position, or under one of these names."""
    if position < len(call.args) and not any(isinstance(one, ast.Starred) for one in call.args[: position + 1]):
        return call.args[position]
    return keyword(call, *names)


def texts_in(nodes: Iterable[ast.AST]) -> list[tuple[str, ast.Constant]]:
    """All constant strings among some nodes (bytes as Latin-1), with the nodes."""
    found = []
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            text = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
            found.append((text, node))
    return found


def is_true(node: ast.AST | None) -> bool:
    """Whether it is the constant True."""
    return isinstance(node, ast.Constant) and node.value is True


def is_false(node: ast.AST | None) -> bool:
    """Whether it is the constant False."""
    return isinstance(node, ast.Constant) and node.value is False


def is_none(node: ast.AST | None) -> bool:
    """Whether it is the constant None."""
    return isinstance(node, ast.Constant) and node.value is None


def parameters(function: Function | ast.Lambda) -> list[ast.arg]:
    """All parameters but `*args` and `**kwargs`, in order."""
    args = function.args
    return [*args.posonlyargs, *args.args, *args.kwonlyargs]


def default_of(function: Function, name: str) -> ast.expr | None:
    """The default of a parameter."""
    args = function.args
    plain = [*args.posonlyargs, *args.args]
    with_default: list[tuple[ast.arg, ast.expr | None]] = [
        *zip(plain[len(plain) - len(args.defaults) :], args.defaults, strict=True),
        *zip(args.kwonlyargs, args.kw_defaults, strict=True),
    ]
    return next((value for arg, value in with_default if arg.arg == name), None)


def names_in(nodes: ast.AST | Sequence[ast.AST]) -> set[str]:
    """All plain names and attribute names in some nodes."""
    return {name for top in ([nodes] if isinstance(nodes, ast.AST) else nodes) for name in _names(top)}


@lru_cache(maxsize=CACHED)
def _names(top: ast.AST) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(top):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return frozenset(found)


@lru_cache(maxsize=CACHED)
def words_in(node: ast.AST) -> str:
    """All names and constant strings of a node, in lower case, blank between: for patterns over vocabulary."""
    words = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    words += [one.arg for one in ast.walk(node) if isinstance(one, ast.keyword) and one.arg]
    return " ".join([*sorted(names_in(node)), *words]).lower()


@lru_cache(maxsize=CACHED)
def own_nodes(function: ast.AST) -> tuple[ast.AST, ...]:
    """The nodes of a function's body without those of functions, classes and lambdas inside it, in no fixed order."""
    waiting: list[ast.AST] = list(function.body) if isinstance(function, FUNCTIONS) else [function]
    found = []
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, SCOPES)]
    return tuple(found)


def body_of(function: Function) -> list[ast.stmt]:
    """The statements of a function without its docstring."""
    body = function.body
    first = body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if has_docstring and isinstance(first.value.value, str) else body  # type: ignore[attr-defined]
