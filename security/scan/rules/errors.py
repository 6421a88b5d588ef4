"""Rules on what failures and forgotten switches tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function,
    Module,
    is_true,
    keyword,
    names_in,
    own_nodes,
    parameters,
    terminal,
)

DEBUG = Rule(
    "R251", "Debug mode is on", "error_leak", "489", "high", "high",
    "Take it from a setting that is off unless somebody turns it on.",
)  # fmt: skip
TRACE = Rule(
    "R252", "A stack trace goes into an answer", "error_leak", "209", "medium", "high",
    "Write it to the log, and answer with one sentence and an id.",
)  # fmt: skip
TEXT = Rule(
    "R253", "The text of an unexpected exception goes into an answer", "error_leak", "209", "medium", "medium",
    "Write it to the log, and answer with one sentence.",
)  # fmt: skip
SETTINGS = Rule(
    "R254", "Settings or the environment go into an answer", "error_leak", "497", "high", "medium",
    "Name the few values that a client may see.",
)  # fmt: skip

APPS = frozenset({"FastAPI", "Starlette", "Flask", "Litestar", "Sanic", "Application", "Quart"})
TRACES = frozenset(
    {"format_exc", "format_exception", "format_tb", "print_exc", "format_stack", "extract_tb", "format_list"}
)
ANSWERS = re.compile(
    r"Response$|^HTTPException$|^jsonify$|^make_response$|^abort$|^render_template|HTTP\w*Error$|^json$|^text$|^html$|^json_response$|^error_response$"
)
BROAD = frozenset({"Exception", "BaseException", ""})


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    yield from _debug(module)
    for function in module.functions:
        yield from _traced(function)
        yield from _told(function)
        yield from _settings(module, function)


def _debug(module: Module) -> Iterator[Hit]:
    for call in module.calls:
        name = terminal(call.func)
        if (
            (is_true(keyword(call, "debug")) and (name in APPS or name in {"run", "run_app", "run_simple"}))
            or (name == "update" and is_true(keyword(call, "DEBUG")))
            or (name == "run_simple" and is_true(keyword(call, "use_debugger")))
        ):
            yield hit(DEBUG, call)
    for node in module.nodes:
        if isinstance(node, ast.Assign) and is_true(node.value):
            target = node.targets[0]
            switch = terminal(target) in {"DEBUG", "PROPAGATE_EXCEPTIONS", "DEBUG_PROPAGATE_EXCEPTIONS"}
            if switch or (
                isinstance(target, ast.Attribute)
                and target.attr == "debug"
                and terminal(target.value) in {"app", "application"}
            ):
                yield hit(DEBUG, node)


def _answered(function: Function) -> Iterator[ast.expr]:
    """Expressions that become an answer: what is returned, raised with, or given to a response."""
    for node in own_nodes(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value
        elif isinstance(node, ast.Call) and (
            ANSWERS.search(terminal(node.func)) or terminal(node.func) in {"write_error", "finish"}
        ):
            yield from node.args
            yield from (word.value for word in node.keywords)
        elif (
            isinstance(node, ast.Assign)
            and terminal(node.targets[0]) in {"body", "media", "text", "data"}
            and isinstance(node.targets[0], ast.Attribute)
        ):
            yield node.value


def _traced(function: Function) -> Iterator[Hit]:
    """A trace is answered with, itself or through a name; a function that only makes text of one answers nobody."""
    if not _answers(function):
        return
    held = {
        terminal(one.targets[0])
        for one in own_nodes(function)
        if isinstance(one, ast.Assign) and any(_is_trace(part) for part in ast.walk(one.value))
    }
    for expression in _answered(function):
        for part in ast.walk(expression):
            if _is_trace(part) or (isinstance(part, ast.Name) and part.id in held):
                yield hit(TRACE, part)
                return


def _is_trace(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and terminal(node.func) in TRACES


def _answers(function: Function) -> bool:
    """Whether a function answers requests: it makes a response, is a route, or handles errors of requests."""
    if any(isinstance(one, ast.Call) and ANSWERS.search(terminal(one.func)) for one in own_nodes(function)):
        return True
    return bool(function.decorator_list) or any(arg.arg in {"request", "req", "resp"} for arg in parameters(function))


def _told(function: Function) -> Iterator[Hit]:
    """`str(error)` of a broad `except`, or in a handler of all exceptions, is answered with."""
    for node in own_nodes(function):
        if isinstance(node, ast.ExceptHandler) and node.name and _is_broad(node.type) and _answers(function):
            inside = ast.FunctionDef(name="", args=function.args, body=node.body, decorator_list=[], lineno=node.lineno)
            for expression in _answered(inside):
                if _shows(expression, node.name):
                    yield hit(TEXT, expression)
                    break
    handled = _handled(function)
    if handled:
        for expression in _answered(function):
            if _shows(expression, handled):
                yield hit(TEXT, expression)
                break


def _is_broad(node: ast.expr | None) -> bool:
    return terminal(node) in BROAD or (
        isinstance(node, ast.Tuple) and any(terminal(one) in BROAD - {""} for one in node.elts)
    )


def _handled(function: Function) -> str:
    """The parameter that holds the exception, of a handler of all exceptions."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and terminal(decorator.func) in {
            "exception_handler",
            "errorhandler",
            "exception",
            "app_errorhandler",
        }:
            argument = decorator.args[0] if decorator.args else None
            if terminal(argument) in {"Exception", "BaseException"} or (
                isinstance(argument, ast.Constant) and argument.value == 500
            ):
                return parameters(function)[-1].arg if parameters(function) else ""
    for arg in parameters(function):
        if arg.annotation is not None and terminal(arg.annotation) == "Exception" and len(parameters(function)) > 1:
            return arg.arg
    return ""


def _shows(expression: ast.expr, name: str) -> bool:
    """Whether the exception's text is in it: `str(e)`, `repr(e)`, `f"{e}"`, `e.args`, or the exception itself."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Call) and terminal(node.func) in {"str", "repr"} and names_in(list(node.args)) & {name}:
            return True
        if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name) and node.value.id == name:
            return True
        if (
            isinstance(node, ast.Attribute)
            and node.attr in {"args", "__traceback__", "orig", "statement"}
            and names_in(node) & {name}
        ):
            return True
    return False


def _settings(module: Module, function: Function) -> Iterator[Hit]:
    for expression in _answered(function) if _answers(function) or _is_added(module, function) else ():
        for node in ast.walk(expression):
            text = ast.unparse(node) if isinstance(node, ast.Call) or terminal(node) == "__dict__" else ""
            dumped = re.fullmatch(
                r"([\w.]+[._])?_?(settings|config)\.(model_dump\(.*\)|dict\(\)|json\(\)|__dict__|to_dict\(\)|items\(\))|vars\(([\w.]+\.)?(settings|config)\)",
                text,
            )
            around = re.fullmatch(
                r"dict\((os\.)?environ\)|(os\.)?environ\.(copy|items)\(\)|dict\((\w+\.)*config\)", text
            )
            kept = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and any(
                    isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == ast.unparse(node.func.value)
                    for one in own_nodes(function)
                )
            )  # something that requests themselves set
            if (dumped or around) and not kept:
                yield hit(SETTINGS, node)
                return


def _is_added(module: Module, function: Function) -> bool:
    """Whether a function is handed to a router as a route."""
    return any(
        terminal(call.func) in {"add_api_route", "add_route", "add_url_rule", "Route", "add_get"}
        and any(terminal(one) == function.name for one in call.args)
        for call in module.calls
    )


FAMILY = Family((DEBUG, TRACE, TEXT, SETTINGS), look)
