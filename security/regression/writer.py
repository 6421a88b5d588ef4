"""Writes findings as a pytest file for the owner's suite: it needs httpx and pytest, and nothing of ours."""

from __future__ import annotations

import inspect
import json
import pprint
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from security.regression import player

HEAD = '''"""Flaws that `tradeoff probe` found: each test plays what proved one and fails while it is there.

Run with BASE_URL=http://127.0.0.1:8000 pytest {name}. Places that name the environment hold what must not stand here.
"""
'''
TAIL = '''

BASE_URL = os.environ.get("BASE_URL", {url!r})
FINDINGS: dict[str, dict[str, Any]] = {findings}


def connect(_: str) -> httpx.Client:
    """A client for one actor; on loopback from an address of its own, so that limits on addresses do not join them."""
    local = BASE_URL.split("//")[-1].startswith(("127.", "localhost"))
    numbers = random.randrange(128, 255), random.randrange(256), random.randrange(1, 255)
    transport = httpx.HTTPTransport(local_address="127.{{}}.{{}}.{{}}".format(*numbers) if local else None)
    return httpx.Client(base_url=BASE_URL, timeout=10.0, transport=transport)


@pytest.mark.parametrize("name", FINDINGS)
def test_the_flaw_is_gone(name: str) -> None:
    """The requests that proved the flaw no longer show it."""
    finding = FINDINGS[name]
    assert not play(finding["script"], connect), finding["evidence"]
'''


def write_tests(findings: Iterable[Mapping[str, Any]], url: str, file: Path) -> int:
    """Write a test for each finding that has a script, and return how many there are."""
    chosen = {
        f"{one['check']}-{one['id']}": {"evidence": one["evidence"], "script": one["script"]}
        for one in findings
        if one.get("script")
    }
    table = pprint.pformat(json.loads(json.dumps(chosen)), width=110, sort_dicts=False)
    source = _without_docstring(inspect.getsource(player)).replace("import httpx\n", "import httpx\nimport pytest\n", 1)
    file.write_text(HEAD.format(name=file.name) + source + TAIL.format(url=url, findings=table), encoding="utf-8")
    return len(chosen)


def _without_docstring(source: str) -> str:
    return re.sub(r'\A""".*?"""\n', "", source, count=1, flags=re.DOTALL)
