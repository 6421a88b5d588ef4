"""Which constant numbers an expression may be: through names, parameters with their calls, and attributes."""

from __future__ import annotations

import ast

from security.scan.rules.source import Function, Module, default_of, keyword, own_nodes, parameters, terminal


def numbers(module: Module, node: ast.expr | None, depth: int = 4) -> set[int]:
    """All integers that `node` is known to be; empty where nothing is known."""
    if node is None or depth == 0:
        return set()
    value = module.literal(node)
    if isinstance(value, int) and not isinstance(value, bool):
        return {value}
    if isinstance(node, ast.Name):
        function = module.function_around(node)
        return _of_name(module, node.id, function, depth) if function is not None else set()
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
        return _of_attribute(module, node, depth)
    return set()


def _of_name(module: Module, name: str, function: Function, depth: int) -> set[int]:
    found: set[int] = set()
    for one in own_nodes(function):
        if isinstance(one, ast.Assign) and terminal(one.targets[0]) == name:
            found |= numbers(module, one.value, depth - 1)
    names = [arg.arg for arg in parameters(function)]
    if name not in names:
        return found
    owner = module.class_of(function)
    made = owner.name if owner is not None and function.name == "__init__" else function.name
    position = names.index(name) - (owner is not None)
    for call in module.calls:
        if terminal(call.func) == made:
            given = call.args[position] if 0 <= position < len(call.args) else keyword(call, name)
            found |= numbers(module, given, depth - 1)
    return found | numbers(module, default_of(function, name), depth - 1)


def _of_attribute(module: Module, node: ast.Attribute, depth: int) -> set[int]:
    function = module.function_around(node)
    owner = module.class_of(function) if function is not None else None
    found: set[int] = set()
    for one in ast.walk(owner) if owner is not None else ():
        if (isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) in {ast.unparse(node), node.attr}) or (
            isinstance(one, ast.AnnAssign) and one.value is not None and terminal(one.target) == node.attr
        ):
            found |= numbers(module, one.value, depth - 1)
    return found
