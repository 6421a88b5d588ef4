"""YAML that says no more than JSON can.

Texts, integers up to 18 digits, true, false, null, lists and mappings. Anchors and aliases (with which ten lines unfold
to gigabytes), tags, directives (whose names libyaml compares each with each) and further documents are refused by a
first pass over the events, which builds nothing and ends at the first excess.

Not imported before it is needed: it costs as much as many a small server's start.
"""

import re
from typing import Any

import yaml

#: Where a directive can stand: at the beginning of a line, whichever break ended the one before (YAML 1.1, 5.4).
DIRECTIVE = re.compile(r"(?:\A|[\n\r\x85\u2028\u2029])\ufeff*%")
STARTS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


class ExcessError(ValueError):
    """The document is too deep, has too many nodes, or something that is refused."""


class Plain(yaml.CSafeLoader):
    """The safe loader, with the scalars of JSON alone: no dates, no sexagesimal integers as long as the document."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # the library's own attribute, replaced


PLAIN_SCALARS = {
    "null": (r"(?:|~|null|Null|NULL)\Z", ["", "~", "n", "N"]),
    "bool": (r"(?:true|True|TRUE|false|False|FALSE)\Z", list("tTfF")),
    "int": (r"-?(?:0|[1-9][0-9]{0,17})\Z", list("-0123456789")),
}
for kind, (pattern, firsts) in PLAIN_SCALARS.items():
    Plain.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(pattern), firsts)


def load(content: bytes, most_nodes: int, deepest: int) -> Any:
    """The value of a document. Raises ValueError."""
    text = content.decode("utf-8-sig")
    if DIRECTIVE.search(text):
        raise ExcessError("a directive")
    loader = Plain(text)
    try:
        check(text, most_nodes, deepest)
        return loader.get_single_data()
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    finally:
        loader.dispose()


def check(text: str, most_nodes: int, deepest: int) -> None:
    """Raises ExcessError, and YAMLError for what is no YAML."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=Plain)):
        depth += isinstance(event, STARTS) - isinstance(event, ENDS)
        if number > most_nodes or depth > deepest:
            raise ExcessError("too large or too deep")
        if getattr(event, "anchor", None) is not None or getattr(event, "tag", None) is not None:
            raise ExcessError("an anchor, an alias or a tag")


def dump(value: Any) -> bytes:
    """A document that `load` reads again."""
    document: bytes = yaml.dump(
        value, Dumper=yaml.CSafeDumper, encoding="utf-8", allow_unicode=True, sort_keys=False, width=-1
    )
    return document
