"""Every query of the dashboard and every rule, asked of a real Prometheus that scraped real backends under traffic."""

import math
import time
from typing import Any

import pytest
import yaml

from tests.dashboards.dashboard import FOLDER, Query, load, queries, substituted
from tests.parts.prometheus import Prometheus

PATIENCE_S = 20.0
"""Scrapes and rules follow each other at a second's distance, or later on a busy machine."""

# One Prometheus and two backends serve all of these tests: one worker runs them.
pytestmark = pytest.mark.xdist_group("dashboards")


def _finite(series: list[dict[str, Any]]) -> list[float]:
    """The values of the last half minute that are numbers."""
    values = [float(value) for one in series for _, value in one["values"]]
    return [value for value in values if math.isfinite(value)]


def _range(prometheus: Prometheus, expression: str) -> list[dict[str, Any]]:
    now = time.time()
    data = prometheus.get("query_range", query=expression, start=str(now - 30), end=str(now), step="1")
    series: list[dict[str, Any]] = data["result"]
    return series


@pytest.mark.parametrize("query", queries(), ids=lambda query: f"{query.panel}: {query.expression}")
def test_panel_shows_something(query: Query, watched: Prometheus) -> None:
    """The query is answered with series that hold numbers, and every metric in it exists."""
    for metric in query.metrics:
        assert watched.query(f"count({metric})"), f"{metric} was never scraped"
    values = _finite(_range(watched, query.expression))
    assert values
    assert all(value >= 0 for value in values)


def test_variables_offer_choices(watched: Prometheus) -> None:
    """The lists above the dashboard hold the jobs and the routes; a route is a template, never a path."""
    definitions = {
        variable["name"]: variable["definition"]
        for variable in load()["templating"]["list"]
        if variable["type"] == "query"
    }
    choices = {}
    for name, definition in definitions.items():
        selector, _, label = substituted(definition).removeprefix("label_values(").removesuffix(")").rpartition(", ")
        choices[name] = set(watched.get(f"label/{label}/values", **{"match[]": selector}))
    assert choices["job"] == {"target"}
    assert "/api/articles/{slug}" in choices["route"]
    assert not [route for route in choices["route"] if "no-such-article" in route]


def test_dashboard_tells_what_happened(watched: Prometheus) -> None:
    """The failures, the denials and the cache hits of the traffic are in the figures."""
    expected = {
        'sum(target_requests_total{status="500", route="/api/tags"})': 1,
        'sum(target_control_decisions_total{control="object_authz", decision="deny"})': 1,
        'sum(target_cache_requests_total{outcome="hit"})': 1,
        "sum(target_password_hash_seconds_count)": 8,
    }
    for expression, least in expected.items():
        (answer,) = watched.query(expression)
        assert float(answer["value"][1]) >= least, expression


@pytest.mark.parametrize(
    "rule",
    [
        rule["record"]
        for group in yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
        for rule in group["rules"]
        if "record" in rule
    ],
)
def test_rule_records_something(rule: str, watched: Prometheus) -> None:
    """Every recording rule has recorded numbers."""
    assert _finite(_range(watched, rule))


def test_no_rule_fails(watched: Prometheus) -> None:
    """Every rule, alerts included, is evaluated without an error."""
    rules = [rule for group in watched.get("rules")["groups"] for rule in group["rules"]]
    assert len(rules) >= 10
    assert {rule["health"] for rule in rules} == {"ok"}


def test_alert_speaks_of_the_failures(watched: Prometheus) -> None:
    """The share of failures is above its alert's threshold, so that the alert is at least pending a few looks later."""
    deadline = time.monotonic() + PATIENCE_S
    while (states := _alert_states(watched))["ErrorRateHigh"] == "inactive" and time.monotonic() < deadline:
        time.sleep(0.5)
    assert states["ErrorRateHigh"] in {"pending", "firing"}
    assert states["TargetDown"] == "inactive"


def _alert_states(prometheus: Prometheus) -> dict[str, str]:
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    return {rule["name"]: rule["state"] for rule in rules if rule["type"] == "alerting"}
