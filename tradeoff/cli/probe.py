"""`tradeoff probe`: attack one arm, or a running target."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import typer

from tradeoff.cli.console import shown_progress
from tradeoff.cli.options import DEFAULT_TARGET, JsonOption, TargetOption
from tradeoff.cli.stranger import Orders, attack_stranger, replay_findings


def probe(
    arm: Annotated[str | None, typer.Argument(metavar="[ARM]", help="PROFILE[,factor=level…][@gitref]")] = None,
    url: Annotated[str | None, typer.Option("--url", help="Attack a target that runs already.")] = None,
    openapi: Annotated[
        str | None, typer.Option("--openapi", metavar="FILE|URL", help="Attack an unknown backend by its document.")
    ] = None,
    identities: Annotated[
        Path | None, typer.Option("--identities", metavar="FILE", help="Two identities, where none can register.")
    ] = None,
    replay: Annotated[
        str | None,
        typer.Option("--replay", metavar="FINDING", help="Repeat one: a probe's name, or RESULT.json#ID of --openapi."),
    ] = None,
    pytest: Annotated[
        Path | None, typer.Option("--pytest", metavar="FILE", help="Write the findings of --openapi as tests.")
    ] = None,
    destructive: Annotated[
        bool, typer.Option("--destructive", help="Try deleting outside loopback too (its own objects alone).")
    ] = False,
    load: Annotated[
        int, typer.Option("--load", min=0, max=1000, help="Hold so many per cent of the arm's capacity meanwhile.")
    ] = 0,
    workers: Annotated[int | None, typer.Option("--workers", min=1, max=64, help="Serve with so many workers.")] = None,
    articles: Annotated[
        int | None, typer.Option("--articles", min=0, help="Articles in the database (1000: the target's own number).")
    ] = None,
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
    if openapi is None and (identities or pytest or destructive):
        raise TradeoffError("--identities, --pytest and --destructive go with --url and --openapi")
    if openapi is not None or (replay is not None and url is not None and not _is_probe(replay)):
        if url is None:
            raise TradeoffError("--openapi goes with the --url of a backend that runs")
        return _probe_stranger(Orders(url, openapi, identities, pytest, destructive), replay, target, json=json)
    if replay is not None and not _is_probe(replay):
        raise TradeoffError(f"there is no probe {replay}: `tradeoff list probes` names them")
    description = read_target(target)
    harder = bool(load) or workers is not None or articles is not None
    if harder and (url is not None or waf):
        raise TradeoffError("--load, --workers and --articles go with an ARM that is started to be probed")
    if waf:
        return _score_waf(description, arm, url, json=json)
    if url is not None:
        return _probe_url(description, url, replay, json=json)
    assert arm is not None
    catalog = describe(description)
    spec = parse_arm(arm, catalog)
    if harder:
        from tradeoff.cli.probe_under import probe_under
        from tradeoff.plan.conditions import Conditions

        under = Conditions(
            load=load,
            workers=workers or 1,
            articles=description.database.articles if articles is None else articles,
        )
        return probe_under(description, catalog, spec, under, (replay,) if replay else (), json=json)
    articles = description.database.articles
    events: list[Event] = []
    with shown_progress() as progress:
        attack_arms(
            description,
            catalog,
            [spec],
            probes=[replay] if replay else "all",
            templates=Templates(description, articles=articles),
            articles=articles,
            emit=events.append,
            progress=progress,
        )
    return _judge_arm(events, spec, catalog, json=json) if replay is None else _judge_replay(events, spec, json=json)


def _is_probe(name: str) -> bool:
    from security.probe.catalog import CATALOG

    return name in {probe.name for probe in CATALOG}


def _probe_stranger(orders: Orders, replay: str | None, target: Path, *, json: bool) -> int:
    if replay is not None:
        result = replay_findings(orders.url, replay, target)
    else:
        with shown_progress() as progress:
            result = attack_stranger(orders, target, progress)
    return finish(result, [one["probe"] for one in result["outcomes"] if one["result"] == "succeeded"], json=json)


def _judge_replay(events: list[Any], spec: Any, *, json: bool) -> int:
    result = _as_result(events, spec)
    return finish(result, [one["probe"] for one in result["outcomes"] if one["result"] == "succeeded"], json=json)


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

    result = _as_result(events, spec)
    (attacked,) = judge_attacks(events, [spec], catalog)
    found = surprises(attacked, catalog)
    return finish(result | {"undeclared": found}, found, json=json)


def _as_result(events: list[Any], spec: Any) -> dict[str, Any]:
    from tradeoff.record.events import Attack, AttacksEnded, NotMeasured
    from tradeoff.target.errors import TradeoffError

    for event in events:
        if isinstance(event, NotMeasured):
            raise TradeoffError(f"{event.subject}: {event.reason}")
    (ended,) = [event for event in events if isinstance(event, AttacksEnded)]
    outcomes = [event.model_dump(exclude={"event", "arm", "at"}) for event in events if isinstance(event, Attack)]
    return {"target": spec.label, "requests": ended.requests, "seconds": ended.seconds, "outcomes": outcomes}


def _probe_url(description: Any, url: str, replay: str | None, *, json: bool) -> int:
    import time

    from security.guard import Refused
    from security.probe.suite import run_suite
    from tradeoff.measure.attacks import probe_target
    from tradeoff.target.errors import TradeoffError

    began = time.monotonic()
    try:
        outcomes = [
            outcome.as_json() for outcome in run_suite(probe_target(description, url), [replay] if replay else None)
        ]
    except Refused as refused:
        raise TradeoffError(str(refused)) from None
    result = {
        "target": url,
        "requests": sum(outcome["requests"] for outcome in outcomes),
        "seconds": time.monotonic() - began,
        "outcomes": outcomes,
    }
    return finish(result, [one["probe"] for one in outcomes if one["result"] == "succeeded"], json=json)


def finish(result: dict[str, Any], failures: list[str], *, json: bool) -> int:
    """Print a result; the exit code: 1 with failures, 3 where a probe could not run."""
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


def _notes(result: dict[str, Any]) -> list[str]:
    """What a run against a stranger reached, and where its tests were written."""
    notes = list(result.get("notes", ()))
    if coverage := result.get("coverage"):
        reached = ", ".join(f"{who} {len(names)}" for who, names in coverage["reached"].items())
        notes.append(f"Of {coverage['operations']} operations answered: {reached or 'none'}.")
    if tests := result.get("tests"):
        notes.append(f"{tests['count']} tests in {tests['file']}.")
    return notes


def _print(result: dict[str, Any], failures: list[str]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("probe", "control", "OWASP", "result", "evidence")
    for one in result["outcomes"]:
        table.add_row(one["probe"], one["control"], one["api"] or "", MARKS[one["result"]], escape(one["evidence"]))
    console = Console()
    console.print(table)
    for one in result.get("findings", ()):
        ids = ", ".join([*one["owasp"], *(f"CWE-{cwe}" for cwe in one["cwe"])])
        line = f"{one['id']} {ids} {one['method']} {one['path']}: {one['title']}"
        console.print(line, markup=False, soft_wrap=True)
    for note in _notes(result):
        console.print(note, markup=False, soft_wrap=True)
    console.print(f"{result['target']}: {result['requests']} requests in {result['seconds']:.1f} s", markup=False)
    for failure in failures:
        console.print(failure, style="bold red", markup=False)
