"""What the reports say of capacities and scaling."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from tests.tradeoff.report import builder
from tradeoff.judge.scaling import cores_needed, fit_law
from tradeoff.judge.summary import (
    ArmCapacity,
    ArmScaling,
    CapacityPoint,
    DataPoint,
    Interval,
    RatePoint,
    ScalePoint,
    ScalingFit,
    Summary,
)
from tradeoff.plan.objective import Objective
from tradeoff.report.capacity import capacity_result
from tradeoff.report.capacity_view import capacity_view
from tradeoff.report.chart import running_median, spanning
from tradeoff.report.html import render_html
from tradeoff.report.markdown import render_markdown
from tradeoff.report.scaling import print_scaling
from tradeoff.report.scaling_view import scaling_view

USERS = (1, 2, 4, 8, 16, 32)


def interval(value: float, share: float = 0.03) -> Interval:
    return Interval(value=value, low=value * (1 - share), high=value * (1 + share))


def capacity(arm: str, rate: float, first: float) -> ArmCapacity:
    curve = [
        RatePoint(rate=rate * part, tail_ms=10 + 90 * part**8, kept=part <= 1) for part in (0.7, 0.8, 0.9, 1.0, 1.1)
    ]
    point = CapacityPoint(
        requests_per_s=interval(rate * 6), tail_ms=88.0, error_rate=0.0, cpu=0.93, generator_cpu=0.3, others=0.06,
        seconds=20.0,
    )  # fmt: skip
    return ArmCapacity(
        group="profiles", arm=arm, objective=Objective(), rate=interval(rate), rounds=[rate, rate * 1.02],
        repeatability=0.014, against=None if rate == first else "hardened",
        ratio=None if rate == first else interval(rate / first, 0.04), at_capacity=point, curve=curve, slices=20,
        void=None,
    )  # fmt: skip


def scaling() -> ArmScaling:
    points = [
        ScalePoint(
            workers=1, articles=articles, users=users,
            requests_per_s=interval(1000.0 * users / (1 + 0.4 * (users - 1)) * share),
            tail_ms=5.0 * users, error_rate=0.0, cpu=min(0.95, 0.4 * users), generator_cpu=0.3, others=0.0,
            limit="CPU" if users > 2 else "waiting",
        )
        for articles, share in ((1000, 1.0), (100_000, 0.9))
        for users in USERS
    ]  # fmt: skip
    fit = fit_law({point.users: [point.requests_per_s.value] * 2 for point in points[: len(USERS)]})
    return ArmScaling(
        arm="hardened", cores=1, points=points, users_fit=fit,
        workers_fit=ScalingFit(void="not measurable here: 2 workers on 1 core"),
        data=[DataPoint(articles=100_000, against=1000, ratio=interval(0.9))],
    )  # fmt: skip


@pytest.fixture
def summary() -> Summary:
    capacities = [capacity("hardened", 210.0, 210.0), capacity("none", 340.0, 210.0)]
    return builder.quick_summary().model_copy(
        update={"capacities": capacities, "scalings": [scaling()], "cores_needed": cores_needed(capacities)}
    )


def test_capacities_by_arm(summary: Summary) -> None:
    """A row each with interval, repeatability and ratio, and the title names the one that differs most."""
    view = capacity_view(summary)
    assert view.title == "hardened carries 210 [204, 216] visits/s at p99=100ms,errors=0.1%; none 1.62 times as many"
    assert view.rows[1].cells == [
        "340 [330, 350]",
        "2,040 [1,979, 2,101]",
        "p99 88 ms, 93 % of a core, others 6 %",
        "± 1.4 % over 2 rounds",
        "× 1.62 [1.55, 1.68] of hardened",
    ]


def test_latency_against_rate_rises_in_the_picture(summary: Summary) -> None:
    """Each arm has a curve whose dots move right and up, and the objective is a line between the lowest and highest."""
    chart = capacity_view(summary).chart
    assert chart
    assert [one.label for one in chart.curves] == ["hardened", "none"]
    for one in chart.curves:
        assert [at for at, _ in one.dots] == sorted(at for at, _ in one.dots)
        assert [down for _, down in one.dots] == sorted((down for _, down in one.dots), reverse=True)
    assert chart.bound is not None
    assert 0 < chart.bound < 100


def test_cores_are_labelled_as_an_extrapolation(summary: Summary) -> None:
    """Up to a million requests a second, beside a sentence that says what it is."""
    view = capacity_view(summary)
    assert view.rates == ["1,000/s", "10,000/s", "100,000/s", "1,000,000/s"]
    assert [arm for arm, _ in view.cores] == ["hardened", "none"]
    page = render_html(summary)
    assert "(extrapolated)" in page
    assert "Extrapolation, not a measurement" in page


def test_scaling_is_drawn_with_its_law(summary: Summary) -> None:
    """A curve for each amount of data; the first is the fitted law, close to its dots; what was not fitted says why."""
    (one,) = scaling_view(summary).arms
    assert [curve.label for curve in one.chart.curves] == ["1 worker, 1,000 articles", "1 worker, 100,000 articles"]
    pairs = [point.split(",") for point in one.chart.curves[0].line.split()]
    line = {float(at): float(down) for at, down in pairs}
    for at, down in one.chart.curves[0].dots:
        nearest = min(line, key=lambda x, at=at: abs(x - at))  # type: ignore[misc]  # mypy takes the default for Any
        assert line[nearest] == pytest.approx(down, abs=4)
    assert "contention 40" in one.said[0]
    assert "not measurable here" in one.said[1]
    assert one.said[2] == "100,000 articles against 1,000: throughput × 0.90 [0.87, 0.93]"


def test_every_report_tells_of_both(summary: Summary) -> None:
    """The page has both sections with pictures in it, Markdown and terminal their sentences."""
    page, text = render_html(summary), render_markdown(summary)
    assert len(re.findall("<polyline", page)) == 4
    assert 'id="capacity"' in page
    assert "carries 210" in text
    assert "contention" in text
    console = Console(width=200, record=True, file=io.StringIO())
    print_scaling(summary, console)
    assert "limited by" in console.export_text()


def test_json_is_of_the_first_arm_and_of_all(summary: Summary) -> None:
    """The keys that others build on stand on top."""
    result = capacity_result(summary)
    assert {"rate", "p99_ms", "error_rate", "void"} <= result.keys()
    assert result["rate"] == pytest.approx(210)
    assert [one["arm"] for one in result["arms"]] == ["hardened", "none"]


def test_a_single_slice_bends_no_line() -> None:
    """Of four neighbours one is far off: the line stays with the others."""
    dots = [(1.0, 10.0), (1.1, 11.0), (1.2, 900.0), (1.3, 12.0), (2.0, 20.0), (2.1, 20.0), (2.2, 20.0), (2.3, 21.0)]
    assert [value for _, value in running_median(dots, 4)] == [12.0, 20.0]


def test_axes_have_few_round_labels() -> None:
    """Over one decade and over five."""
    assert [label.text for label in spanning([1.0, 32.0]).labels()] == ["1", "2", "5", "10", "20"]
    assert [label.text for label in spanning([1.0, 1e5]).labels()] == ["1", "10", "100", "1,000", "10,000", "100,000"]
