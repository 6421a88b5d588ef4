from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]

#: docs/architecture.md, "Metrics of the reference backend": name, type, labels.
PROMISED = {
    "target_requests": ("counter", {"method", "route", "status"}),
    "target_request_duration_seconds": ("histogram", {"method", "route"}),
    "target_requests_in_flight": ("gauge", set()),
    "target_db_statements": ("counter", set()),
    "target_db_statement_seconds": ("histogram", set()),
    "target_db_pool_checked_out": ("gauge", set()),
    "target_control_decisions": ("counter", {"control", "decision"}),
    "target_password_hash_seconds": ("histogram", set()),
    "target_cache_requests": ("counter", {"outcome"}),
}


def test_every_promised_metric_is_there(client: Make) -> None:
    """Names, types and labels are those of docs/architecture.md."""
    app = client("response_cache=per_identity")
    token = app.register("ann")
    app.call("GET", "/api/user", token)
    found = {}
    for family in text_string_to_metric_families(app.call("GET", "/metrics").text):
        labels = {name for sample in family.samples for name in sample.labels if name != "le"}
        found[family.name] = (family.type, labels)
    assert {name: found.get(name) for name in PROMISED} == PROMISED


def test_routes_are_templates(client: Make) -> None:
    """However many paths are asked for, there is one series per route; unknown paths and methods share one each."""
    app = client()
    for number in range(5):
        app.call("GET", f"/api/articles/slug-{number}")
        app.call("GET", f"/nowhere/{number}")
        app.call(f"METHOD{number}", "/api/tags")
    series = [
        line.split(" ")[0]
        for line in app.call("GET", "/metrics").text.splitlines()
        if line.startswith("target_requests_total{")
    ]
    assert sorted(series) == [
        'target_requests_total{method="GET",route="/api/articles/{slug}",status="404"}',
        'target_requests_total{method="GET",route="unmatched",status="404"}',
        'target_requests_total{method="other",route="/api/tags",status="405"}',
    ]


@pytest.mark.parametrize(("path", "status"), [("/api/tags", 200), ("/api/user", 401)])
def test_requests_are_counted_and_timed(client: Make, path: str, status: int) -> None:
    """One request is one in the counter and one in the histogram, and none is left in flight."""
    app = client()
    app.call("GET", path)
    assert app.metric(f'target_requests_total{{method="GET",route="{path}",status="{status}"}}') == 1
    assert app.metric(f'target_request_duration_seconds_count{{method="GET",route="{path}"}}') == 1
    assert app.metric("target_requests_in_flight") == 1  # the one that asks


def test_a_failure_is_counted_as_500(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that ends in an unexpected exception is a 500 in the metrics too."""
    app = client()
    monkeypatch.setattr(app.app.state.parts.articles, "tags", None)
    assert app.call("GET", "/api/tags").status_code == 500
    assert app.metric('target_requests_total{method="GET",route="/api/tags",status="500"}') == 1


def test_two_apps_count_apart(client: Make) -> None:
    """Metrics belong to an app, not to the process."""
    first, second = client(), client()
    first.call("GET", "/api/tags")
    with pytest.raises(KeyError):
        second.metric('target_requests_total{method="GET",route="/api/tags",status="200"}')
