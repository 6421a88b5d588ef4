"""The Grafana dashboard as its queries: what a person would see, asked of Prometheus directly."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parents[2] / "dashboards"

# What Grafana puts in: "all" of a variable is `.+` there too; the interval is four scrapes of the tests' Prometheus.
SUBSTITUTES: Final = {"$__rate_interval": "4s", "$job": ".+", "$route": ".+"}
METRIC: Final = re.compile(r"\btarget_[a-z_]+")


@dataclass(frozen=True)
class Query:
    """One query of one panel."""

    panel: str
    expression: str

    @property
    def metrics(self) -> set[str]:
        """The names of the metrics it reads."""
        return set(METRIC.findall(self.expression))


def load() -> dict[str, Any]:
    """The dashboard."""
    loaded: dict[str, Any] = json.loads((FOLDER / "grafana/service.json").read_text())
    return loaded


def panels() -> list[dict[str, Any]]:
    """The panels that show data."""
    return [panel for panel in load()["panels"] if panel["type"] != "row"]


def substituted(expression: str) -> str:
    """An expression as Grafana would send it."""
    for name, value in SUBSTITUTES.items():
        expression = expression.replace(name, value)
    return expression


def queries() -> list[Query]:
    """Every query of every panel, in the order of the page."""
    return [Query(panel["title"], substituted(target["expr"])) for panel in panels() for target in panel["targets"]]
