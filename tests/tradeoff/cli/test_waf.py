"""Arms behind nginx and the OWASP rules, by the command: scored, priced, and ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request

import psutil
import pytest

from tests.parts.require import require
from tests.tradeoff.cli.command import TOY, all_gone, children, running, tradeoff

FRONTED = TOY.with_name("fronted.toml")


@pytest.fixture(autouse=True)
def _parts() -> None:
    require("nginx")
    require("crs")


def test_the_reference_backend_is_scored_behind_the_rules() -> None:
    """The whole corpus is played against the real backend: about half of the attacks, most of the benign."""
    done = tradeoff("probe", "hardened,waf=crs_pl1", "--waf", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["target"], found["unreachable"]) == ("hardened,waf=crs_pl1", 0)
    assert found["requests"] == found["blocked"]["total"] + found["let_pass"]["total"] > 1000
    assert 0.4 < found["blocked"]["low"] < found["blocked"]["high"] < 0.7
    assert 0.7 < found["let_pass"]["low"] < found["let_pass"]["high"] < 0.95
    assert {group["by"] for group in found["groups"]} == {"class", "place", "encoding"}


def test_the_light_rules_beat_the_first_paranoia_level() -> None:
    """More attacks refused and more benign requests let pass, in the same corpus."""
    done = tradeoff("probe", "hardened,waf=light", "--waf", "--json")
    found = json.loads(done.stdout)
    assert found["blocked"]["low"] > 0.9
    assert found["let_pass"]["low"] > 0.95


def test_a_target_that_names_no_mark_is_one_sentence() -> None:
    """What is missing in its description is named."""
    done = tradeoff("probe", "--url", "http://127.0.0.1:9", "--waf", "--target", TOY)
    assert (done.returncode, done.stdout) == (2, "")
    assert "[waf] is missing" in done.stderr


def test_a_target_that_does_not_answer_has_no_score() -> None:
    """Exit code 2: nothing was blocked, and nothing let pass."""
    done = tradeoff("probe", "--url", "http://127.0.0.1:9", "--waf")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing is known of its WAF" in done.stderr


def test_a_duet_prices_the_rules() -> None:
    """nginx is among the arm's processes: the rules cost what no other part of the toy does."""
    done = tradeoff("duet", "hardened", "hardened,lock=open", "--seconds", "5", "--target", FRONTED, "--json")
    assert done.returncode == 0, done.stderr
    (arm,) = json.loads(done.stdout)["arms"]
    assert arm["cpu_per_request"]["journeys"]["anonymous_reader"]["low"] > 200


def served(process: subprocess.Popen[str]) -> tuple[str, list[psutil.Process]]:
    """The URL of `tradeoff serve`, and everything that it started."""
    assert process.stdout
    (url,) = [word for word in process.stdout.readline().split() if word.startswith("http://")]
    return url, children(process.pid)


def masters(started: list[psutil.Process]) -> list[psutil.Process]:
    """nginx among them, without its workers."""
    return [one for one in started if "nginx: master" in " ".join(one.cmdline())]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_serving_behind_the_rules_leaves_no_orphan(number: signal.Signals) -> None:
    """However it is ended, nginx and its worker end too."""
    with running("serve", "--set", "waf=crs_pl2", "--target", TOY.parents[3] / "target.toml") as process:
        url, started = served(process)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{url}/api/articles?tag=%3Cscript%3E")
        assert len(masters(started)) == 1
        process.send_signal(number)
        process.wait(20)
    assert all_gone(started, seconds=15)  # a backend whose parent was killed is asked by the kernel, and drains first


def test_killed_nginx_is_noticed() -> None:
    """The command ends with the sentence that says what died, and takes the backend along."""
    with running("serve", "--set", "waf=proxy") as process:
        _, started = served(process)
        (master,) = masters(started)
        os.kill(master.pid, signal.SIGKILL)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "the front of hardened,waf=proxy was killed by signal 9" in errors
    assert "Traceback" not in errors
    assert all_gone(started)
