"""What of the dashboards can be judged without any data."""

import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dashboards.dashboard import FOLDER, METRIC, load, panels, queries
from tests.parts.repository import ROOT
from tests.parts.require import require

each_panel = pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])

# Units of Grafana, by the word that a panel of this unit needs in its title, description or axis.
UNITS = {"s", "reqps", "ops", "short", "percentunit"}


@pytest.mark.parametrize(
    "check",
    [["check", "config", "prometheus.yml"], ["check", "rules", "rules.yml"], ["test", "rules", "rules.test.yml"]],
    ids=" ".join,
)
def test_promtool(check: list[str]) -> None:
    """Prometheus's own tool accepts configuration and rules, and each alert fires when it should and only then."""
    done = subprocess.run([require("promtool"), *check], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@each_panel
def test_panel_explains_itself(panel: dict[str, Any]) -> None:
    """A panel has a title, a description in sentences, a unit, and a legend for every series."""
    assert panel["title"]
    assert panel["description"].endswith(".")
    unit = panel["options"]["yAxis"] if panel["type"] == "heatmap" else panel["fieldConfig"]["defaults"]
    assert unit["unit"] in UNITS
    assert all(target["legendFormat"] not in {"", "__auto"} for target in panel["targets"])


@each_panel
def test_panel_reads_from_the_chosen_source(panel: dict[str, Any]) -> None:
    """Panels and queries take the dashboard's data source, so that it works in any Grafana."""
    assert panel["datasource"]["uid"] == "${datasource}"
    assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


@each_panel
def test_rates_follow_the_scrape_interval(panel: dict[str, Any]) -> None:
    """A window is `$__rate_interval`: a fixed one is empty or blurred at another scrape interval or zoom."""
    for target in panel["targets"]:
        assert target["expr"].count("rate(") == target["expr"].count("[$__rate_interval]")


def test_identifiers_are_unique() -> None:
    """Panels have ids and titles of their own, and queries a letter of their own within a panel."""
    everything = load()["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    shown = panels()
    titles = [panel["title"] for panel in shown if panel["type"] != "stat"]
    assert len(set(titles)) == len(titles)
    for panel in shown:
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters)


def test_panels_do_not_overlap() -> None:
    """No panel covers another, and all fit into Grafana's 24 columns."""
    places = [panel["gridPos"] for panel in load()["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


def test_every_metric_of_the_contract_is_shown() -> None:
    """Each metric that the architecture promises is read by some panel."""
    text = (ROOT / "docs/architecture.md").read_text()
    promised = set(METRIC.findall(text.partition("## Metrics of the reference backend")[2].partition("\n## ")[0]))
    shown = {name.removesuffix("_bucket").removesuffix("_count") for query in queries() for name in query.metrics}
    assert promised
    assert promised == shown


def test_grafana_finds_everything() -> None:
    """What is provisioned points at the compose file's Prometheus and at the folder where the dashboard is mounted."""
    source = yaml.safe_load((FOLDER / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]
    provider = yaml.safe_load((FOLDER / "grafana/provisioning/dashboards/service.yml").read_text())["providers"][0]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    scraping = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert source["url"] == "http://prometheus:9090"
    assert source["jsonData"]["timeInterval"] == scraping
    mounts = dict(mount.split(":")[:2] for mount in compose["grafana"]["volumes"])
    assert mounts["./dashboards/grafana/provisioning"] == "/etc/grafana/provisioning"
    assert str(Path(mounts["./dashboards/grafana/service.json"]).parent) == provider["options"]["path"]
