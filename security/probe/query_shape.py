"""Statements that grow with the length of a list (OWASP API4: resource consumption)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from security.probe.client import Client
from security.probe.outcome import CouldNotRunError, Verdict, stopped, succeeded
from security.probe.paired import Differences
from security.probe.scene import Scene, field_of, require

METRICS_PATH = "/metrics"
COUNTER = re.compile(r"^target_db_statements_total(?:\{[^}]*\})?\s+(\S+)", re.MULTILINE)
SHORT, LONG = 5, 20
PAIRS, ROUNDS = 9, 4
# Half a statement for each article more: whole ones are the fewest by which a list can grow.
LEAST_MORE = (LONG - SHORT) / 2


def statements_grow(scene: Scene) -> Verdict:
    """Count SQL statements around lists of 5 and of 20 articles, in turn.

    Other traffic adds statements to both alike, so that pairs are compared, as many as it takes to tell.
    """
    client, pairs = scene.people.visitor(), list[tuple[float, float]]()
    _warm_up(scene, client)
    for _ in range(ROUNDS):
        pairs += [(_statements(scene, client, SHORT), _statements(scene, client, LONG)) for _ in range(PAIRS)]
        found = Differences([long - short for short, long in pairs], LEAST_MORE)
        if found.decision != "open":
            return _judge(pairs, found)
    raise CouldNotRunError(f"Other traffic takes too many statements to tell: {_shown(pairs, found)}.")


def _judge(pairs: Sequence[tuple[float, float]], found: Differences) -> Verdict:
    seen = _shown(pairs, found)
    if found.median >= LEAST_MORE:
        return succeeded(f"{seen}: they grow with the list.")
    fewest = min(long for _, long in pairs)
    require(fewest > 0, "No statement was counted around a list: an answer was kept, or the counter stands still.")
    return stopped(f"{seen}.")


def _shown(pairs: Sequence[tuple[float, float]], found: Differences) -> str:
    fewest = tuple(min(counts) for counts in zip(*pairs, strict=True))
    low, high = found.interval
    return (
        f"A list of {SHORT} articles takes {fewest[0]:g} SQL statements at the fewest, a list of {LONG} {fewest[1]:g}; "
        f"{len(pairs)} pairs differ by {found.median:g} [{low:g}, {high:g}]"
    )


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
