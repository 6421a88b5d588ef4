"""The table of places where a client's data does harm, and the rule that each breaks."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from security.scan.rules import harm
from security.scan.rules.rule import Rule
from security.scan.rules.values import Value

TABLE = Path(__file__).with_name("sinks.toml")


@dataclass(frozen=True)
class Sink:
    """Calls that do harm with an argument: by full dotted name, or by a method's name on anything.

    `position` -1 is the receiver, -2 any argument; `words` are the argument's names. `harmful` looks at the value
    itself. `caller`: data of whoever calls a public function counts as well, where `harmful_to_callers` says so.
    """

    rule: Rule
    names: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    position: int = 0
    words: tuple[str, ...] = ()
    harmful: Callable[[Value], bool] = harm.text_itself
    caller: Callable[[Value], bool] = harm.nothing


RULES: dict[str, Rule] = {}


def _rule(identifier: str, title: str, weakness: str, cwe: str, severity: str, advice: str) -> Rule:
    rule = Rule(identifier, title, weakness, cwe, severity, "high", advice)  # type: ignore[arg-type]  # grades below
    RULES[identifier] = rule
    return rule


SQL = _rule(
    "T101",
    "Input becomes SQL text",
    "sql_injection",
    "89",
    "high",
    "Bind values as parameters; take names of columns and directions from a table of constants.",
)
PATH = _rule(
    "T102",
    "Input chooses a path",
    "path_traversal",
    "22",
    "high",
    "Resolve the joined path and require that it is_relative_to the folder, or look the name up.",
)
COMMAND = _rule(
    "T103",
    "Input becomes a command",
    "command_injection",
    "78",
    "high",
    "Give a list of words without a shell, and the client's words after `--`, from an allow-list.",
)
REQUEST = _rule(
    "T104",
    "Input chooses where a request is sent",
    "server_side_request_forgery",
    "918",
    "high",
    "Take the host from an allow-list, or resolve it once, judge every address, and connect to that.",
)
TEMPLATE = _rule(
    "T105",
    "Input becomes a template's source",
    "template_injection",
    "1336",
    "high",
    "Keep templates in files and hand the input over as a variable.",
)
OBJECTS = _rule(
    "T106",
    "Input is deserialised",
    "deserialization",
    "502",
    "high",
    "Use JSON and a schema, or a loader that makes plain data alone.",
)
REDIRECT = _rule(
    "T107",
    "Input chooses a redirect",
    "open_redirect",
    "601",
    "medium",
    "Redirect to names that are looked up, or to paths of this host alone.",
)
LOG = _rule(
    "T108",
    "Input is written to a log with its line ends",
    "log_injection",
    "117",
    "low",
    "Write it with %r, as JSON, or without line ends.",
)
EVAL = _rule(
    "T109",
    "Input is run as code",
    "code_injection",
    "95",
    "high",
    "Parse it (ast.literal_eval, json) or look it up in a table.",
)
MARKUP = _rule(
    "T110",
    "Input becomes markup",
    "cross_site_scripting",
    "79",
    "high",
    "Escape it, or use a template with autoescape.",
)
QUERY = _rule(
    "T111",
    "Input becomes a query's text or operators",
    "query_injection",
    "943",
    "high",
    "Escape it for its language, or cast it to a string before it becomes a value.",
)
ATTRIBUTE = _rule(
    "T112",
    "Input chooses which attributes are set",
    "mass_assignment",
    "915",
    "high",
    "Copy the fields that a client may set, one by one or by an allow-list.",
)
XML = _rule(
    "T113",
    "Input is parsed by a parser that follows entities",
    "xml_entities",
    "611",
    "high",
    "Use defusedxml, or switch entities and networks off.",
)
PATTERN = _rule(
    "T114",
    "Input becomes a regular expression",
    "slow_regex",
    "1333",
    "medium",
    "Use re.escape, or search for plain text.",
)
BOMB = _rule(
    "T116",
    "Input is unpacked whatever it grows to",
    "unbounded_input",
    "409",
    "medium",
    "Unpack in pieces up to a limit.",
)
REFLECTION = _rule(
    "T115",
    "Input chooses what is imported or called",
    "code_injection",
    "470",
    "high",
    "Look the name up in a table of what may be called.",
)


def _read_sinks() -> list[Sink]:
    """The table; KeyError or AttributeError where a row names a rule or predicate that is not there."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["sink"]
    return [
        Sink(
            rule=RULES[row["rule"]],
            names=tuple(row.get("names", ())),
            methods=tuple(row.get("methods", ())),
            position=row.get("position", 0),
            words=tuple(row.get("words", ())),
            harmful=getattr(harm, row.get("harmful", "text_itself")),
            caller=getattr(harm, row.get("caller", "nothing")),
        )
        for row in rows
    ]


SINKS = _read_sinks()
CLIENT_VERBS = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "send", "ws_connect", "urlopen"}
)
CLIENT_NAMES = re.compile(r"^_?(.*_)?(http|https|client|requests|session|httpx|aiohttp|web|fetcher|outbound)$|^http")
LOG_VERBS = frozenset({"debug", "info", "warning", "warn", "error", "critical", "exception", "log", "fatal", "syslog"})
LOG_NAMES = re.compile(r"log|audit|syslog", re.I)
BY_NAME: dict[str, list[Sink]] = {}
BY_METHOD: dict[str, list[Sink]] = {}
for _sink in SINKS:
    for _name in _sink.names:
        BY_NAME.setdefault(_name, []).append(_sink)
    for _name in _sink.methods:
        BY_METHOD.setdefault(_name, []).append(_sink)
