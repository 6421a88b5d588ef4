"""What a route says about itself: its paths, and what guards stand around it."""

from __future__ import annotations

import ast
import re

from security.scan.rules.source import (
    Function,
    Module,
    terminal,
)  # fmt: skip

LOGIN_DECORATORS = re.compile(
    r"login_required|jwt_required|authenticated|requires_auth|auth_required|token_required|IsAuthenticated", re.I
)
ROLE_WORDS = re.compile(
    r"admin_?(user|required|only|dep|session|guard)|require|role|permission|is_(admin|staff|superuser|moderator)|staff_member|"
    r"superuser|scope|authoriz|authoris|roles_(allowed|accepted|required)|user_passes_test|has_perm|IsAdmin|privilege|get_current_admin|moderator_|guard|policy|Security\b|allow_\w+|"
    r"current_admin|admin_auth|verify_admin|check_admin|only_admin|acl",
    re.I,
)


def paths_of(module: Module, function: Function) -> str:
    """The paths of a route: its decorators', its router's prefix, or a registrar's."""
    texts = [
        text
        for decorator in function.decorator_list
        for one in ast.walk(decorator)
        if isinstance(one, ast.Constant)
        for text in [one.value]
    ]
    for call in module.calls:
        if any(terminal(one) == function.name for one in call.args):
            texts += [one.value for one in call.args if isinstance(one, ast.Constant)]
    for decorator in function.decorator_list:
        router = (
            decorator.func.value
            if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)
            else None
        )
        made = module.constants.get(terminal(router)) if router is not None else None
        if isinstance(made, ast.Call):
            texts += [
                word.value.value
                for word in made.keywords
                if word.arg in {"prefix", "url_prefix"} and isinstance(word.value, ast.Constant)
            ]
    return " ".join(text for text in texts if isinstance(text, str))


def guards_around(module: Module, function: Function) -> str:
    """What stands around a route's body: decorators, parameters, its class's settings, its router's making."""
    parts = [LOGIN_DECORATORS.sub("", ast.unparse(one)) for one in function.decorator_list]
    parts += [ast.unparse(function.args)]
    owner = module.class_of(function)
    if owner is not None:
        settings = [*owner.bases, *owner.decorator_list, *(line for line in owner.body if isinstance(line, ast.Assign))]
        parts += [re.sub(r"permission_classes", "", LOGIN_DECORATORS.sub("", ast.unparse(one))) for one in settings]
    for decorator in function.decorator_list:
        router = (
            decorator.func.value
            if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)
            else None
        )
        made = module.constants.get(terminal(router)) if router is not None else None
        parts += (
            [
                " ".join(
                    ast.unparse(word) for word in made.keywords if word.arg in {"dependencies", "guards", "decorators"}
                )
            ]
            if isinstance(made, ast.Call)
            else []
        )
        name = terminal(router) if router is not None else ""
        parts += [
            ast.unparse(one)
            for one in module.functions
            for deco in one.decorator_list
            if terminal(deco) == "before_request" and name and name in ast.unparse(deco)
        ]
    return " ".join(parts)
