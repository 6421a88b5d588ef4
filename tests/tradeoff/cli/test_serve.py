"""`tradeoff serve` with state in a Redis."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from tests.tradeoff.cli.command import ROOT, TOY, running, tradeoff
from tradeoff.target.description import read_target
from tradeoff.target.template import arm_environment, values_of


def test_a_target_is_told_of_the_redis(redis_url: str) -> None:
    """The reference backend, served with --redis-url, keeps its state there."""
    with running("serve", "--redis-url", redis_url) as process:
        assert process.stdout
        (url,) = [word for word in process.stdout.readline().split() if word.startswith("http://")]
        with urllib.request.urlopen(f"{url}/health", timeout=10) as answer:
            assert json.load(answer) == {"status": "ok", "redis": "ok"}
        process.terminate()
        process.wait(20)


def test_a_target_that_takes_no_redis_is_one_sentence() -> None:
    """A description without a place for the URL cannot do what is asked."""
    done = tradeoff("serve", "--redis-url", "redis://127.0.0.1:1/0", "--target", TOY)
    assert done.returncode == 2
    assert done.stderr.startswith("tradeoff: --redis-url: no variable of [environment]")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("redis_url", ["", "redis://127.0.0.1:6379/3"])
def test_arms_have_a_redis_only_where_one_is_named(redis_url: str, tmp_path: Path) -> None:
    """The place is empty by default, which the backend reads as none."""
    target = read_target(ROOT / "target.toml")
    values = values_of(target, work=tmp_path, setting="hardened", articles=1, redis_url=redis_url)
    places = {"url": "", "host": "", "port": 0, "workers": 1}
    assert arm_environment(target, {**values, **places})["TARGET_REDIS_URL"] == redis_url
