"""Runs the rules over a snippet."""

from textwrap import dedent

from security.scan.own import hits, read_module


def reported(code: str) -> list[tuple[str, int]]:
    """Rules and lines, in order; the snippet's first line of code is 1."""
    return [(hit.rule.id, hit.line) for hit in hits(read_module(dedent(code).lstrip("\n"), "snippet.py"))]


def rules(code: str) -> set[str]:
    """The rules that a snippet breaks."""
    return {rule for rule, _ in reported(code)}
