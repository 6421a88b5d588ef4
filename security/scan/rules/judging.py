"""Holds calls, redirects and answers against the table of sinks, for a flow."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from security.scan.rules.guards import clear
from security.scan.rules.harm import free_host, free_place, named_url
from security.scan.rules.sinks import (
    BY_METHOD,
    BY_NAME,
    CLIENT_NAMES,
    CLIENT_VERBS,
    LOG_NAMES,
    LOG_VERBS,
    Sink,
)  # fmt: skip
from security.scan.rules.source import is_true, keyword, terminal
from security.scan.rules.tables import FILE, HTTP_CLIENTS, SHELL
from security.scan.rules.values import (
    ANY,
    Source,
    State,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from security.scan.rules.flow import Flow

CONVERSIONS = frozenset({"int", "float", "UUID", "Decimal", "ObjectId"})
SUBPROCESS = frozenset({"run", "call", "check_call", "check_output", "Popen", "create_subprocess_exec"})


class Report(NamedTuple):
    """Data of a source reaches a sink."""

    rule: str
    line: int
    source: Source


class Judge:
    """Notes what reaches a sink. `reports` are what it found."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self.reports: set[Report] = set()
        #: Lines of SQL text that was put together: whether all of its pieces are known to be harmless.
        self.sql_texts: dict[int, bool] = {}

    def report(self, rule: str, node: ast.AST, sources: list[Source]) -> None:
        """Note that data of these sources reaches a sink at this node."""
        if sources:
            self.reports.add(Report(rule, getattr(node, "lineno", 1), sources[0]))

    def built_text(self, node: ast.AST, value: Value) -> None:
        """Note text that was put together: where it is SQL, whether it can hold anything that is not known."""
        if value.like_sql and value.built:
            line = getattr(node, "lineno", 1)
            harmless = value.known and not value.sources
            self.sql_texts[line] = self.sql_texts.get(line, True) and harmless

    def called(
        self, node: ast.Call, receiver: Value, arguments: list[Value], words: dict[str | None, Value], state: State
    ) -> None:
        """Hold a call against the table of sinks."""
        name, dotted = terminal(node.func), self._flow.module.callee(node)
        sinks = BY_NAME.get(dotted, []) + (
            BY_METHOD.get(name, []) if isinstance(node.func, ast.Attribute) or name[:1].isupper() else []
        )
        for sink in sinks:
            if not _is_tame(node, dotted):
                for value in self._judged(sink, receiver, arguments, words):
                    self._sink(sink, node, value, state)
        self._command(node, dotted, arguments, state)
        self._client(node, name, receiver, arguments, words, state)
        self._logged(node, name, arguments, state)
        self._converted(node, name, arguments, state)

    @staticmethod
    def _judged(sink: Sink, receiver: Value, arguments: list[Value], words: dict[str | None, Value]) -> list[Value]:
        if sink.position == -1:
            return [receiver]
        named = [value for word, value in words.items() if word in sink.words]
        if sink.position == -2:
            return [*arguments, *(named or [value for word, value in words.items() if not sink.words])]
        return [*arguments[sink.position : sink.position + 1], *named]

    def _sink(self, sink: Sink, node: ast.Call, value: Value, state: State) -> None:
        sources = state.unsafe(value, sink.rule.weakness)
        asked = [source for source in sources if source.kind == "request"]
        if asked and sink.harmful(value):
            self.report(sink.rule.id, node, asked)
        elif sources and not asked and sink.caller(value):
            self.report(sink.rule.id, node, sources)

    def _command(self, node: ast.Call, dotted: str, arguments: list[Value], state: State) -> None:
        """A process: text for a shell, or a client's word as the program itself."""
        module, _, name = dotted.rpartition(".")
        if name not in SUBPROCESS or module not in {"subprocess", "asyncio", "asyncio.subprocess"} or not arguments:
            return
        command, shell = arguments[0], keyword(node, "shell")
        if name == "create_subprocess_exec" and _through_shell(ast.List(elts=node.args)):
            self.report(
                "T103",
                node,
                [one for value in arguments for one in state.unsafe(value, SHELL) if one.kind == "request"],
            )
        sources = state.unsafe(command, SHELL)
        asked = [source for source in sources if source.kind == "request"]
        listed = isinstance(node.args[0], ast.List | ast.Tuple)
        if is_true(shell) and sources and (asked or command.built or command.whole):
            self.report("T103", node, asked or sources)
        elif asked and (
            not listed or (command.sources and self._first_word(node.args[0], state)) or _through_shell(node.args[0])
        ):
            self.report("T103", node, asked)

    def _first_word(self, words: ast.expr, state: State) -> bool:
        first = words.elts[0] if isinstance(words, ast.List | ast.Tuple) and words.elts else None
        return bool(state.unsafe(self._flow.evaluate(first, state), SHELL))

    def _client(
        self,
        node: ast.Call,
        name: str,
        receiver: Value,
        arguments: list[Value],
        words: dict[str | None, Value],
        state: State,
    ) -> None:
        """A method of an HTTP client, known by how it was made or by its name."""
        if name not in CLIENT_VERBS or not isinstance(node.func, ast.Attribute) or receiver.sources:
            return
        made = receiver.role.partition(":")[2]
        known = made in HTTP_CLIENTS
        if not known and ((made and not made.startswith("?")) or not CLIENT_NAMES.search(terminal(node.func.value))):
            return
        for value in [*arguments[:2], *(value for word, value in words.items() if word == "url")]:
            sources = [one for one in state.unsafe(value, "server_side_request_forgery") if one.kind == "request"]
            if sources and (free_host(value) if known else named_url(value)):
                self.report("T104", node, sources)

    def _logged(
        self,
        node: ast.Call,
        name: str,
        arguments: list[Value],
        state: State,
    ) -> None:
        """A message for a log, its arguments included, or a line for a file that is one."""
        if not isinstance(node.func, ast.Attribute):
            return
        log = terminal(node.func.value)
        is_log = LOG_NAMES.search(log) or log == "logging"
        if not is_log or (name not in LOG_VERBS and name not in {"write", "writelines"}):
            return
        values = arguments
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            values = [
                one
                for one, shown in zip(arguments[1:], _placeholders(node.args[0].value), strict=False)
                if shown == "s"
            ]
        for value in values:
            sources = [one for one in state.unsafe(value, "log_injection") if one.kind == "request"]
            if sources and value.text:
                self.report("T108", node, sources)

    def _converted(self, node: ast.Call, name: str, arguments: list[Value], state: State) -> None:
        """A conversion that raises unless its argument is a number; a check of another module, named so."""
        if name in CONVERSIONS and arguments and arguments[0].whole:
            state.cleared |= clear(arguments[0], ANY)
        elif name in {"ip_address", "ip_network"} and arguments:
            state.cleared |= clear(arguments[0], SHELL, FILE, "sql_injection")
        elif name == "relative_to" and isinstance(node.func, ast.Attribute):
            value = self._flow.evaluate(node.func.value, state)
            state.cleared |= clear(value, FILE) if value.resolved else frozenset()

    def moved(self, node: ast.AST, value: Value, state: State) -> None:
        """Hold the value of a Location header against the rule on redirects."""
        sources = [one for one in state.unsafe(value, "open_redirect") if one.kind == "request"]
        if sources and free_place(value):
            self.report("T107", node, sources)

    def answered(self, node: ast.Return, value: Value, state: State) -> None:
        """Markup that a view of a framework which sends text as HTML returns."""
        html = any(
            name.startswith(("flask", "bottle", "quart", "cherrypy")) for name in self._flow.module.imports.values()
        )
        if html and self._flow.follower.depth == 1 and value.text and value.built and "<" in value.prefix:
            self.report(
                "T110", node, [one for one in state.unsafe(value, "cross_site_scripting") if one.kind == "request"]
            )


def _through_shell(words: ast.expr) -> bool:
    """`["sh", "-c", …]` is a shell."""
    texts = [one.value for one in getattr(words, "elts", []) if isinstance(one, ast.Constant)]
    return "-c" in texts and bool({"sh", "bash", "/bin/sh", "/bin/bash", "cmd", "zsh"} & set(texts))


def _is_tame(node: ast.Call, dotted: str) -> bool:
    """Calls that an option makes harmless."""
    if dotted in {"yaml.load", "yaml.load_all"}:
        loader = keyword(node, "Loader") or (node.args[1] if len(node.args) > 1 else None)
        return terminal(loader) in {"SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader"}
    if dotted == "torch.load":
        return is_true(keyword(node, "weights_only"))
    if dotted == "numpy.load":
        return not is_true(keyword(node, "allow_pickle"))
    if terminal(node.func) == "extractall":
        return keyword(node, "filter") is not None
    if dotted.startswith("lxml.etree"):
        return keyword(node, "parser") is not None or len(node.args) > 1
    return False


def _placeholders(template: str) -> list[str]:
    """The letters of a template's placeholders, in order."""
    import re

    return re.findall(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?([srdiufgxX])", template)
