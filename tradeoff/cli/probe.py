"""`tradeoff probe`: attack one arm, or a running target."""

from __future__ import annotations

import json as json_module
from typing import Annotated, Any

import typer

from tradeoff.cli.console import shown_progress
from tradeoff.cli.options import DEFAULT_TARGET, JsonOption, TargetOption


def probe(
    arm: Annotated[str | None, typer.Argument(metavar="[ARM]", help="PROFILE[,factor=level…][@gitref]")] = None,
    url: Annotated[str | None, typer.Option("--url", help="Attack a target that runs already.")] = None,
    waf: Annotated[bool, typer.Option("--waf", help="Score its WAF on attacks and on benign requests.")] = False,
    target: TargetOption = DEFAULT_TARGET,
    json: JsonOption = False,
) -> int:
    """Attack an arm. Fails on an attack that succeeds undeclared, or a declared one that does not."""
    from tradeoff.measure.attacks import attack_arms
    from tradeoff.plan.arm import parse_arm
    from tradeoff.plan.factors import describe
    from tradeoff.record.events import Event
    from tradeoff.target.description import read_target
    from tradeoff.target.errors import TradeoffError
    from tradeoff.target.template import Templates

    if (arm is None) == (url is None):
        raise TradeoffError("name either an ARM to start and attack, or the --url of a target that runs")
    description = read_target(target)
    if waf:
        return _score_waf(description, arm, url, json=json)
    if url is not None:
        return _probe_url(description, url, json=json)
    assert arm is not None
    catalog = describe(description)
    spec = parse_arm(arm, catalog)
    articles = description.database.articles
    events: list[Event] = []
    with shown_progress() as progress:
        attack_arms(
            description,
            catalog,
            [spec],
            templates=Templates(description, articles=articles),
            articles=articles,
            emit=events.append,
            progress=progress,
        )
    return _judge_arm(events, spec, catalog, json=json)


def _score_waf(description: Any, arm: str | None, url: str | None, *, json: bool) -> int:
    from rich.console import Console

    from tradeoff.measure.waf import score_arm, score_url
    from tradeoff.plan.arm import parse_arm
    from tradeoff.plan.factors import describe
    from tradeoff.report.waf import print_score
    from tradeoff.target.errors import TradeoffError
    from tradeoff.target.template import Templates

    if arm is None:
        assert url is not None
        score = score_url(description, url)
    else:
        articles = description.database.articles
        templates = Templates(description, articles=articles)
        score = score_arm(description, parse_arm(arm, describe(description)), templates=templates, articles=articles)
    if score.unreachable == score.requests:
        raise TradeoffError(f"{score.target} answered none of {score.requests} requests: nothing is known of its WAF")
    if json:
        typer.echo(json_module.dumps(score.as_json(), indent=2))
    else:
        print_score(score, Console())
    return 3 if score.unreachable else 0


def _judge_arm(events: list[Any], spec: Any, catalog: Any, *, json: bool) -> int:
    from tradeoff.judge.attacks import judge_attacks, surprises
    from tradeoff.record.events import Attack, AttacksEnded, NotMeasured
    from tradeoff.target.errors import TradeoffError

    for event in events:
        if isinstance(event, NotMeasured):
            raise TradeoffError(f"{event.subject}: {event.reason}")
    (attacked,) = judge_attacks(events, [spec], catalog)
    (ended,) = [event for event in events if isinstance(event, AttacksEnded)]
    outcomes = [event.model_dump(exclude={"event", "arm", "at"}) for event in events if isinstance(event, Attack)]
    result = {"target": spec.label, "requests": ended.requests, "seconds": ended.seconds, "outcomes": outcomes}
    found = surprises(attacked, catalog)
    return _finish(result | {"undeclared": found}, found, json=json)


def _probe_url(description: Any, url: str, *, json: bool) -> int:
    import time

    from security.guard import Refused
    from security.probe.suite import run_suite
    from tradeoff.measure.attacks import probe_target
    from tradeoff.target.errors import TradeoffError

    began = time.monotonic()
    try:
        outcomes = [outcome.as_json() for outcome in run_suite(probe_target(description, url))]
    except Refused as refused:
        raise TradeoffError(str(refused)) from None
    result = {
        "target": url,
        "requests": sum(outcome["requests"] for outcome in outcomes),
        "seconds": time.monotonic() - began,
        "outcomes": outcomes,
    }
    return _finish(result, [one["probe"] for one in outcomes if one["result"] == "succeeded"], json=json)


def _finish(result: dict[str, Any], failures: list[str], *, json: bool) -> int:
    if json:
        typer.echo(json_module.dumps(result, indent=2))
    else:
        _print(result, failures)
    if failures:
        return 1
    return 3 if any(one["result"] == "could_not_run" for one in result["outcomes"]) else 0


MARKS = {
    "stopped": "[green]stopped[/]",
    "succeeded": "[bold red]succeeded[/]",
    "not_applicable": "[dim]not applicable[/]",
    "could_not_run": "[yellow]could not run[/]",
}


def _print(result: dict[str, Any], failures: list[str]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("probe", "control", "OWASP", "result", "evidence")
    for one in result["outcomes"]:
        table.add_row(one["probe"], one["control"], one["api"], MARKS[one["result"]], escape(one["evidence"]))
    console = Console()
    console.print(table)
    console.print(f"{result['target']}: {result['requests']} requests in {result['seconds']:.1f} s", markup=False)
    for failure in failures:
        console.print(failure, style="bold red", markup=False)
