"""Rules on which fields a client is shown."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.binding import input_models
from security.scan.rules.entries import seeds
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function,
    Module,
    own_nodes,
    terminal,
    words_in,
)

ROW = Rule(
    "R291", "An answer is made of a whole row", "excessive_data", "213", "medium", "medium",
    "Declare the answer's fields.",
)  # fmt: skip
COLUMNS = Rule(
    "R292", "All columns of a table are taken for an answer", "excessive_data", "213", "medium", "medium",
    "Select the columns that the answer declares.",
)  # fmt: skip

SHOWN = Rule(
    "R293", "An answer's model declares a secret", "excessive_data", "213", "high", "high",
    "Leave it out of models that are answered with.",
)  # fmt: skip
SECRET_FIELD = re.compile(
    r"^(password|password_hash|hashed_password|passwd|reset_token|totp_secret|mfa_secret|ssn|card_number|cvv)$", re.I
)
OUTPUT_NAME = re.compile(r"(Out|Output|Response|Read|Public|View|Shown|Dto|DTO|Representation)$|^(Public)")
EVERY_COLUMN = re.compile(
    r"select\s+\*\s+from\s+\W?(users?|accounts?|members?|customers?|employees?|patients?|profiles?)\b", re.I
)
SECRETIVE = re.compile(
    r"user|account|member|customer|owner|profile|patient|employee|person|author|row|record|result|obj|instance|order|payment|card|me$",
    re.I,
)


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    entries = seeds(module)
    used = input_models(module, entries)
    for function in module.functions:
        yield from _rows(function, function in entries)
    for owner in module.classes.values():
        yield from _shown(owner, used)
    for node in module.nodes:
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp | ast.SetComp):
            yield from _columns(node)


def _shown(owner: ast.ClassDef, used: set[str]) -> Iterator[Hit]:
    shown = [one for one in owner.body if isinstance(one, ast.AnnAssign) and SECRET_FIELD.match(terminal(one.target))]
    if (
        shown
        and OUTPUT_NAME.search(owner.name)
        and owner.name not in used
        and "exclude=True" not in ast.unparse(shown[0])
    ):
        yield hit(SHOWN, shown[0], terminal(shown[0].target))


def _rows(function: Function, is_entry: bool) -> Iterator[Hit]:
    """A returned or answered expression that shows all that an object has."""
    answers = [one.value for one in own_nodes(function) if isinstance(one, ast.Return) and one.value is not None]
    answers += [
        arg
        for one in own_nodes(function)
        if isinstance(one, ast.Call)
        and terminal(one.func) in {"jsonify", "JSONResponse", "JsonResponse", "ORJSONResponse", "json_response"}
        for arg in one.args
    ]
    if any(
        isinstance(one, ast.Call)
        and terminal(one.func) == "select"
        and any(isinstance(arg, ast.Attribute) for arg in one.args)
        for one in own_nodes(function)
    ):
        return
    starred = [
        one
        for one in own_nodes(function)
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and EVERY_COLUMN.search(one.value)
    ]
    picked = any(isinstance(one, ast.Dict) and one.keys for answer in answers for one in ast.walk(answer))
    if is_entry and starred and answers and not picked and not _trimmed(function):
        yield hit(ROW, starred[0])
        return
    held = {terminal(one.targets[0]): one.value for one in own_nodes(function) if isinstance(one, ast.Assign)}
    for answer in answers:
        for node in ast.walk(answer):
            if (
                isinstance(node, ast.Name)
                and node.id in held
                and isinstance(held[node.id], ast.Call | ast.Attribute | ast.ListComp)
                and is_entry
            ):
                inner = [one for one in ast.walk(held[node.id]) if _shows_all(one, is_entry)]
            else:
                inner = [node] if _shows_all(node, is_entry) else []
            if inner and not _trimmed(function):
                yield hit(ROW, inner[0])
                return


def _trimmed(function: Function) -> bool:
    """Whether fields are taken out again, or a schema is laid over."""
    calls = {terminal(one.func) for one in own_nodes(function) if isinstance(one, ast.Call)}
    return (
        bool(calls & {"model_validate", "from_orm", "pop"})
        or any(isinstance(one, ast.Delete) for one in own_nodes(function))
        or any(
            isinstance(one, ast.keyword) and one.arg in {"include", "exclude", "only", "fields"}
            for one in own_nodes(function)
        )
    )


def _shows_all(node: ast.AST, is_entry: bool) -> bool:
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return is_entry or SECRETIVE.search(terminal(node.value)) is not None
    if not isinstance(node, ast.Call):
        return False
    name = terminal(node.func)
    text = ast.unparse(node)
    if name in {"vars", "model_to_dict", "jsonable_encoder", "asdict"} and node.args:
        return is_entry and SECRETIVE.search(terminal(node.args[0])) is not None and len(node.args) == 1
    if name == "_asdict" and isinstance(node.func, ast.Attribute):
        return SECRETIVE.search(terminal(node.func.value)) is not None and is_entry
    if name == "dict" and node.args and isinstance(node.func, ast.Name):
        return is_entry and (
            re.search(r"\._?mapping\)?$", text) is not None
            or re.fullmatch(r"dict\((row|record|user|account)\)", text) is not None
        )
    if name == "serialize" and node.args and isinstance(node.args[0], ast.Constant) and not node.keywords:
        return is_entry
    if name == "values" and not node.args and not node.keywords:
        return is_entry and ".objects" in text
    return False


def _columns(node: ast.ListComp | ast.GeneratorExp | ast.DictComp | ast.SetComp) -> Iterator[Hit]:
    """A comprehension over all columns of a table, `x.c` or `__table__.columns`, that leaves no secret out."""
    over = node.generators[0].iter
    text = ast.unparse(over)
    if not re.search(
        r"__table__\.(columns|c)\b|__mapper__|\.column_attrs$|_meta\.(fields|get_fields)|(^|\.)(users|user|accounts|account|members|customers|people)(_table)?\.(c|columns)$|inspect\(\w+\)\.mapper",
        text,
    ):
        return
    tests = " ".join(words_in(test) for generator in node.generators for test in generator.ifs)
    if re.search(r"hidden|secret|private|password|exposed|public|visible|sensitive|allowed|hash", tests):
        return
    yield hit(COLUMNS, node)


FAMILY = Family((ROW, COLUMNS, SHOWN), look)
