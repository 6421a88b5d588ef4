"""Odd bodies, 10,000 a try."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from target_app.app import document
from tests.parts.templates import SqliteTemplates
from tests.target_app.openapi.fuzz import fuzz
from tests.target_app.openapi.served import served

BODIES = 10_000
Try = dict[str, Any]


def odd_bodies(number: int) -> Try:
    """A server of its own, and bodies of a seed of their own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(SqliteTemplates(folder), folder) as there:
            server = there.server
            tally = fuzz(
                server.host, server.port, document(), there.signed, there.existing, count=BODIES, seed=1000 + number
            )
    return {"sent": tally.sent, "wrongs": tally.wrongs, "wrong": tally.wrong, "statuses": dict(tally.statuses)}


def judge_odd_bodies(tries: list[Try]) -> tuple[bool, str]:
    """Nothing wrong at all."""
    statuses: Counter[str] = Counter()
    for one in tries:
        statuses.update(one["statuses"])
    wrongs = sum(one["wrongs"] for one in tries)
    first = next((one["wrong"][0] for one in tries if one["wrong"]), "")
    sent = sum(one["sent"] for one in tries)
    told = f"{sent:,} bodies, {wrongs} answered wrongly{f', such as {first}' if first else ''}; {dict(statuses)}"
    return not wrongs, told
