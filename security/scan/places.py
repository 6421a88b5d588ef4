"""Where in a file a line belongs: the statement that it is part of, and the function or class around it."""

from __future__ import annotations

import ast
import bisect
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

OWNERS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Place(NamedTuple):
    """The first line of the statement, the dotted name of what it stands in (empty at module level), and its text."""

    line: int
    symbol: str
    text: str


class Span(NamedTuple):
    """The lines of a statement, of a compound one its head alone."""

    first: int
    last: int
    symbol: str


@dataclass
class Places:
    """Looks lines up, each file read once. A file that is no Python has lines and nothing else."""

    root: Path
    _files: dict[str, tuple[list[str], list[Span]]] = field(default_factory=dict)

    def place(self, path: str, line: int) -> Place:
        """The place of a line."""
        lines, spans = self._read(path)
        # Spans do not overlap: the last that begins at or before the line is the one, if it reaches so far.
        index = bisect.bisect_right(spans, line, key=lambda span: span.first) - 1
        if index < 0 or spans[index].last < line:
            return Place(line, "", _text(lines, line, line))
        span = spans[index]
        return Place(span.first, span.symbol, _text(lines, span.first, span.last))

    def _read(self, path: str) -> tuple[list[str], list[Span]]:
        if path not in self._files:
            text = (self.root / path).read_text(encoding="utf-8", errors="replace")
            self._files[path] = (text.splitlines(), _spans(text) if path.endswith(".py") else [])
        return self._files[path]


def _text(lines: list[str], first: int, last: int) -> str:
    """The lines with their white space taken out of account."""
    return " ".join(" ".join(lines[first - 1 : last]).split())


def _spans(text: str) -> list[Span]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []
    found: list[Span] = []
    _collect(tree, "", found)
    return sorted(found)


def _collect(node: ast.AST, symbol: str, found: list[Span]) -> None:
    for child in ast.iter_child_nodes(node):
        name = f"{symbol}.{child.name}".lstrip(".") if isinstance(child, OWNERS) else symbol
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            span = _head(child, name)
            if span is not None:
                found.append(span)
        _collect(child, name, found)


def _head(node: ast.stmt | ast.ExceptHandler | ast.match_case, symbol: str) -> Span | None:
    if isinstance(node, ast.match_case):
        return None
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
    body = getattr(node, "body", None)
    last = node.end_lineno or node.lineno
    if isinstance(body, list) and body:
        inner = min([body[0].lineno, *(one.lineno for one in getattr(body[0], "decorator_list", []))])
        last = max(first, inner - 1)
    return Span(first, last, symbol)
