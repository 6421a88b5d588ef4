"""Templates of the reports. All of them escape what they are given, HTML and XML alike."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from tradeoff.report import units, words

TEMPLATES = Path(__file__).parent / "templates"
NO_BREAK = "\u00a0"


def template(name: str) -> Template:
    """A template of the folder `templates`."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "numbers": set_numbers,
        "elapsed": units.elapsed,
        "count": units.count,
        "percent": units.percent,
        "duration": units.duration,
        "plain": words.plain,
        "sentence": words.sentence,
        "listed": words.listed,
    }
    return environment


def set_numbers(text: str) -> str:
    """The text with true minus signs before its numbers, and no line break within a figure or an interval."""
    text = re.sub(r"(?<![\w-])-(?=\d)", "−", text)
    text = re.sub(r"(?<=\d) (?=(?:ns|µs|ms|s|min|h|%)(?!\w))", NO_BREAK, text)
    return re.sub(r"\[[^\]]*\]", lambda found: found.group().replace(" ", NO_BREAK), text)
