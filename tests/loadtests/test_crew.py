"""What counts as one arrival of any locustfile: its users, task sets and defects."""

from __future__ import annotations

import json
from pathlib import Path

from tests.loadtests.engine_run import ended, known_server, locust, summary

LOCUSTFILE = """
from locust import FastHttpUser, SequentialTaskSet, TaskSet, tag, task

from loadtests.extension import extend


class Checkout(SequentialTaskSet):
    @task
    def first(self):
        self.client.get("/first")

    @task
    def second(self):
        self.client.get("/second")


class Nested(TaskSet):
    @task
    def inner(self):
        self.client.get("/inner")

    @task(0)
    def never(self):
        self.client.get("/never")


class Shopper(FastHttpUser):
    weight = 3
    tasks = [Checkout]


class Browser(FastHttpUser):
    weight = 1
    tasks = {Nested: 1}

    def on_start(self):
        self.client.get("/start")


class Broken(FastHttpUser):
    weight = 1

    @task
    def fail(self):
        raise RuntimeError("a defect of the task")


extend()
"""


def test_an_arrival_is_one_task_of_one_user(tmp_path: Path) -> None:
    """A sequence is walked wholly, a task set gives one task, weights hold, a defect ends neither schedule nor user."""
    (tmp_path / "locustfile.py").write_text(LOCUSTFILE)
    written = tmp_path / "summary.json"
    with known_server() as known:
        options = ("--arrivals", "100/s for 2s", "--open-users", "2", "--summary", str(written))
        _, output = ended(locust("--headless", "--host", known.url, *options, locustfile=tmp_path / "locustfile.py"))
    content = summary(written)
    counts = {(one["journey"], one["step"]): one["latency"]["count"] for one in content["series"]}
    assert content["arrivals"]["due"] == 200, output
    assert content["arrivals"]["unanswered"] == 0
    assert counts["Shopper", "GET /first"] == counts["Shopper", "GET /second"]
    assert abs(counts["Shopper", "GET /first"] - 120) <= 2
    assert abs(counts["Browser", "GET /inner"] - 40) <= 2
    assert "GET /never" not in json.dumps(content)
    assert "a defect of the task" in output
    stages = {one["stage"] for one in content["series"] if one["step"] == "GET /start"}
    assert stages <= {"warm-up", "100/s for 2s"}
