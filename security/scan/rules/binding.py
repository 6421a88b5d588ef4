"""Rules on which fields a client may set."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.entries import seeds
from security.scan.rules.flow import flow_of
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function,
    Module,
    keyword,
    own_nodes,
    terminal,
    words_in,
)
from security.scan.rules.values import State, Value

UNPACKED = Rule(
    "R281", "A whole request body becomes the fields of an object", "mass_assignment", "915", "high", "high",
    "Name the fields that a client may set.",
)  # fmt: skip
EXTRA = Rule(
    "R282", "An input model takes fields that it does not declare", "mass_assignment", "915", "medium", "medium",
    "Leave extra at ignore, or set it to forbid.",
)  # fmt: skip
CONSTRUCTED = Rule(
    "R283", "An input model is made without validation", "mass_assignment", "915", "medium", "medium",
    "Use model_validate.",
)  # fmt: skip
PRIVILEGED = Rule(
    "R284", "A client's model has a field that only the server may set", "mass_assignment", "915", "high", "medium",
    "Keep role, balance, owner and the like out of models that clients fill.",
)  # fmt: skip
EVERYTHING = Rule(
    "R285", "A form or serializer offers every field of its model", "mass_assignment", "915", "medium", "high",
    "List the fields.",
)  # fmt: skip
RIGHTS = re.compile(
    r"^(role|roles|is_?(admin|staff|superuser|moderator|verified|active)|admin|superuser|balance|credit|credits|permissions?|owner_?id|author_?id|user_?id|email_verified|verified|password_hash|account_type|plan|tier)$",
    re.I,
)
INPUT_NAME = re.compile(
    r"(Create|Update|Register|Patch|In|Input|Request|Payload|Form|Signup|SignUp|Edit|Body|New|Registration|Settings|Profile\w*)$|^(New|Update|Create|Edit|Register)"
)
DUMPS = frozenset({"model_dump", "dict", "to_dict", "dump"})
SAFE_BUILDERS = re.compile(
    r"Schema$|Response$|^(dict|str|print|HTTPException|TypedDict|sorted|map|format|render\w*|jsonify|JSONResponse|Template\w*)$"
)
STORES = frozenset(
    {
        "create",
        "values",
        "update",
        "insert",
        "insert_one",
        "update_one",
        "replace_one",
        "get_or_create",
        "update_or_create",
        "bulk_create",
        "save",
        "insert_many",
        "replace",
        "evolve",
        "from_dict",
    }
)


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    entries = seeds(module)
    for call in module.calls:
        yield from _unpacked(module, call, entries)
        if terminal(call.func) in {"model_construct", "construct"} and _takes_request(module, call, entries):
            yield hit(CONSTRUCTED, call)
    used = input_models(module, entries)
    for owner in module.classes.values():
        yield from _models(owner, used)


def _names_of(
    entries: dict[Function, dict[str, Value]], module: Module, node: ast.AST
) -> tuple[Function | None, dict[str, Value]]:
    function = module.function_around(node)
    return function, entries.get(function, {}) if function is not None else {}


def _value(module: Module, node: ast.expr, entries: dict[Function, dict[str, Value]]) -> Value:
    """The value of an expression in an entry, its local names looked up."""
    function, names = _names_of(entries, module, node)
    state = State(dict(names))
    flow = flow_of(module)
    for one in (
        sorted((one for one in own_nodes(function) if isinstance(one, ast.Assign)), key=lambda one: one.lineno)
        if function is not None
        else ()
    ):
        if one.lineno <= node.lineno:
            flow.bind(one.targets[0], flow.evaluate(one.value, state), state)
    return flow.evaluate(node, state)


def _takes_request(module: Module, call: ast.Call, entries: dict[Function, dict[str, Value]]) -> bool:
    values = [_value(module, word.value, entries) for word in call.keywords if word.arg is None]
    return any(source.kind == "request" for value in values for source in value.sources)


def _unpacked(module: Module, call: ast.Call, entries: dict[Function, dict[str, Value]]) -> Iterator[Hit]:
    name = terminal(call.func)
    spreads = [word.value for word in call.keywords if word.arg is None]
    stores = name[:1].isupper() or name in STORES
    if stores and not SAFE_BUILDERS.search(name):
        schema = module.classes.get(name)
        is_schema = schema is not None and any(
            terminal(base) in {"BaseModel", "Schema", "Struct", "TypedDict", "Serializer"}
            or (terminal(base) in module.classes and _is_model(module.classes[terminal(base)]))
            for base in schema.bases
        )
        for spread in spreads if not is_schema else ():
            if _is_whole(module, spread, entries):
                yield hit(UNPACKED, call, name)
                return
    if (
        name == "update"
        and isinstance(call.func, ast.Attribute)
        and "__dict__" in ast.unparse(call.func.value)
        and call.args
    ):
        if any(source.kind == "request" for source in _value(module, call.args[0], entries).sources):
            yield hit(UNPACKED, call)
    elif name in {
        "insert_one",
        "update_one",
        "values",
        "replace_one",
        "insert",
        "update",
        "insert_many",
    } and isinstance(call.func, ast.Attribute):
        for one in call.args:
            inner = (
                next(
                    (
                        value
                        for key, value in zip(one.keys, one.values, strict=True)
                        if isinstance(key, ast.Constant) and key.value == "$set"
                    ),
                    one,
                )
                if isinstance(one, ast.Dict)
                else one
            )
            chained = (
                isinstance(call.func.value, ast.Call)
                or "collection" in ast.unparse(call.func.value).lower()
                or name.endswith("_one")
            )
            if chained and _is_whole(module, inner, entries) and not isinstance(inner, ast.Dict | ast.Compare):
                yield hit(UNPACKED, call)
                return


def _is_whole(module: Module, node: ast.expr, entries: dict[Function, dict[str, Value]]) -> bool:
    """Whether keys that nobody declared may stand in it."""
    function, _ = _names_of(entries, module, node)
    dumped = node
    if isinstance(node, ast.Name) and function is not None:
        made = [
            one.value
            for one in own_nodes(function)
            if isinstance(one, ast.Assign) and terminal(one.targets[0]) == node.id
        ]
        dumped = made[-1] if made else node
    if isinstance(dumped, ast.Call) and terminal(dumped.func) in DUMPS and isinstance(dumped.func, ast.Attribute):
        return _declares_rights(module, dumped, entries)
    if isinstance(dumped, ast.Dict | ast.DictComp) or (
        isinstance(dumped, ast.Attribute) and dumped.attr in {"cleaned_data", "validated_data"}
    ):
        return isinstance(dumped, ast.Dict) and any(
            key is None and _is_whole(module, value, entries)
            for key, value in zip(dumped.keys, dumped.values, strict=True)
        )
    value = _value(module, node, entries)
    return (
        any(source.kind == "request" for source in value.sources)
        and "mass_assignment" not in value.safe
        and not value.role.startswith("model:")
    )


def _declares_rights(module: Module, dumped: ast.Call, entries: dict[Function, dict[str, Value]]) -> bool:
    """Whether a dumped model of this module is open, or has a field of the server's."""
    if keyword(dumped, "include") is not None:
        return False
    held = dumped.func.value if isinstance(dumped.func, ast.Attribute) else dumped
    role = _value(module, held, entries).role
    owner = module.classes.get(role.partition(":")[2]) if role.startswith("model:") else None
    excluded = words_in(keyword(dumped, "exclude") or ast.Constant(0))
    return owner is not None and any(RIGHTS.match(name) and name.lower() not in excluded for name in _fields(owner))


def _fields(owner: ast.ClassDef) -> list[str]:
    return [terminal(one.target) for one in owner.body if isinstance(one, ast.AnnAssign)]


def _is_model(owner: ast.ClassDef) -> bool:
    return any(terminal(base) in {"BaseModel", "Schema", "Struct"} for base in owner.bases)


def input_models(module: Module, entries: dict[Function, dict[str, Value]]) -> set[str]:
    """Models that clients fill: parameters of routes, and what is validated from a request."""
    used = {
        value.role.partition(":")[2]
        for values in entries.values()
        for value in values.values()
        if value.role.startswith("model:")
    }
    for call in module.calls:
        if terminal(call.func) in {
            "model_validate",
            "parse_obj",
            "validate_python",
            "model_validate_json",
        } and isinstance(call.func, ast.Attribute):
            used.add(terminal(call.func.value))
    return used


def _models(owner: ast.ClassDef, used: set[str]) -> Iterator[Hit]:
    bases = {terminal(base) for base in owner.bases}
    is_input = owner.name in used or INPUT_NAME.search(owner.name)
    for one in ast.walk(owner):
        if (
            isinstance(one, ast.Assign)
            and terminal(one.targets[0]) == "exclude"
            and isinstance(one.value, ast.List | ast.Tuple)
            and not one.value.elts
        ):
            yield hit(EVERYTHING, one)
        if (
            isinstance(one, ast.Assign)
            and terminal(one.targets[0]) == "fields"
            and isinstance(one.value, ast.Constant)
            and one.value.value == "__all__"
        ):
            yield hit(EVERYTHING, one)
        open_config = isinstance(one, ast.Assign) and terminal(one.targets[0]) == "extra" and _allows(one.value)
        open_dict = (
            isinstance(one, ast.Call)
            and terminal(one.func) in {"ConfigDict", "SettingsConfigDict"}
            and _allows(keyword(one, "extra"))
        )
        in_dict = (
            isinstance(one, ast.Assign)
            and terminal(one.targets[0]) == "model_config"
            and isinstance(one.value, ast.Dict)
            and any(_allows(value) for value in one.value.values)
        )
        if is_input and (open_config or open_dict or in_dict) and "BaseSettings" not in bases:
            yield hit(EXTRA, one)
    if owner.name in used and not re.search(r"Admin|Internal", owner.name):
        privileged = [
            one
            for one in owner.body
            if isinstance(one, ast.AnnAssign)
            and re.match(
                r"^(role|roles|is_?(admin|staff|superuser|verified)|balance|credits?|email_verified|password_hash)$",
                terminal(one.target),
                re.I,
            )
        ]
        if privileged:
            yield hit(PRIVILEGED, privileged[0], terminal(privileged[0].target))


def _allows(node: ast.expr | None) -> bool:
    return (isinstance(node, ast.Constant) and node.value == "allow") or terminal(node) == "allow"


FAMILY = Family((UNPACKED, EXTRA, CONSTRUCTED, PRIVILEGED, EVERYTHING), look)
