"""Statements that grow with the length of a list (OWASP API4: resource consumption)."""

from __future__ import annotations

import re

from security.probe.client import Client
from security.probe.outcome import CouldNotRunError, Verdict, stopped, succeeded
from security.probe.scene import Scene, field_of, require

METRICS_PATH = "/metrics"
COUNTER = re.compile(r"^target_db_statements_total(?:\{[^}]*\})?\s+(\S+)", re.MULTILINE)
SHORT, LONG = 5, 20
REPEATS = 3


def statements_grow(scene: Scene) -> Verdict:
    """Count SQL statements around lists of 5 and of 20 articles.

    Other traffic on the target adds statements and never takes any away, so the smallest of several counts is taken.
    """
    client = scene.people.visitor()
    _warm_up(scene, client)
    short = min(_statements(scene, client, SHORT) for _ in range(REPEATS))
    long = min(_statements(scene, client, LONG) for _ in range(REPEATS))
    seen = f"A list of {SHORT} articles takes {short:g} SQL statements, a list of {LONG} takes {long:g}"
    if long > short:
        return succeeded(f"{seen}: they grow with the list.")
    require(long > 0, "No statement was counted around a list: an answer was kept, or the counter stands still.")
    return stopped(f"{seen}.")


def _warm_up(scene: Scene, client: Client) -> None:
    listed = field_of(scene.articles(client, limit=LONG), "articles")
    require(isinstance(listed, list) and len(listed) == LONG, f"The target has no {LONG} articles to list.")


def _statements(scene: Scene, client: Client, limit: int) -> float:
    before = _counter(client)
    answer = scene.articles(client, limit=limit)
    after = _counter(client)
    listed = field_of(answer, "articles")
    require(
        isinstance(listed, list) and len(listed) == limit, f"A list of {limit} articles answered {answer.status_code}."
    )
    return after - before


def _counter(client: Client) -> float:
    answer = client.get(METRICS_PATH)
    values = [float(value) for value in COUNTER.findall(answer.text)]
    if answer.status_code != 200 or not values:
        raise CouldNotRunError(f"{METRICS_PATH} ({answer.status_code}) holds no target_db_statements_total.")
    return sum(values)
