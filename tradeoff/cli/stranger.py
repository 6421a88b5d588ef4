"""`tradeoff probe --url --openapi`: attack a backend that nobody here knows, and play its findings again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tradeoff.cli.options import DEFAULT_TARGET
from tradeoff.measure.progress import Progress
from tradeoff.target.errors import TradeoffError


@dataclass(frozen=True)
class Orders:
    """What the user asked for: the document, and where identities come from and tests go to."""

    url: str
    openapi: str | None = None
    identities: Path | None = None
    tests: Path | None = None
    destructive: bool = False


def attack_stranger(orders: Orders, target: Path, progress: Progress) -> dict[str, Any]:
    """Attack the backend and return the result as JSON."""
    from security.guard import Refused
    from security.regression.writer import write_tests
    from security.stranger.document import DocumentError
    from security.stranger.sources import IdentitiesError, load_document, load_identities
    from security.stranger.suite import STEPS, attack

    assert orders.openapi is not None
    leave = _leave(target)
    progress.stage("attacking", STEPS)
    try:
        document = load_document(orders.openapi, leave)
        identities = load_identities(orders.identities) if orders.identities else None
        report = attack(
            orders.url,
            document,
            identities,
            authorization=leave,
            destructive=orders.destructive,
            progress=progress.step,
        )
    except (Refused, DocumentError, IdentitiesError) as error:
        raise TradeoffError(str(error)) from None
    result = report.as_json(orders.url)
    if orders.tests:
        written = write_tests(result["findings"], orders.url, orders.tests)
        result["tests"] = {"file": str(orders.tests), "count": written}
    return result


def replay_findings(url: str, finding: str, target: Path) -> dict[str, Any]:
    """Play findings of an earlier result again and return the outcomes as JSON."""
    from security.guard import Refused
    from security.regression.replay import NoFindingError, find, replay

    began = time.monotonic()
    try:
        outcomes = [one.as_json() for one in replay(url, find(finding), _leave(target))]
    except (Refused, NoFindingError) as error:
        raise TradeoffError(str(error)) from None
    return {
        "target": url,
        "requests": sum(one["requests"] for one in outcomes),
        "seconds": time.monotonic() - began,
        "outcomes": outcomes,
    }


def _leave(target: Path) -> Any:
    """The leave of the owner in the target's description; a stranger on loopback needs neither."""
    from tradeoff.measure.attacks import authorization
    from tradeoff.target.description import read_target

    if target == DEFAULT_TARGET and not target.exists():
        return None
    return authorization(read_target(target))
