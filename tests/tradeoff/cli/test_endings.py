"""However a run ends: one clear sentence, the right exit code, nothing lost, no orphan."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.tradeoff.cli.command import TOY, all_gone, children, running, tradeoff, wait_for_event
from tradeoff.record.events import AnyEvent, EpochEnded, EpochStarted, RunEnded
from tradeoff.record.folder import find_run, read_events

DUET = ("duet", "hardened", "hardened,lock=open", "--seconds", "8", "--target", TOY, "--json", "--out")


def in_second_epoch(event: AnyEvent) -> bool:
    """One epoch is whole, the next has begun."""
    return isinstance(event, EpochStarted) and event.epoch == 1


def epochs_of(out: Path) -> list[int]:
    """Numbers of the whole epochs of the only run, in the order in which they were recorded."""
    return [event.epoch for event in read_events(find_run("latest", out)) if isinstance(event, EpochEnded)]


def the_sentence(process: subprocess.Popen[str]) -> str:
    """What the command said at its end: one line that begins with its name, and no traceback."""
    _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
    (sentence,) = [line for line in errors.splitlines() if line.startswith("tradeoff: ")]
    return sentence


def check_resumed(out: Path) -> None:
    """`tradeoff resume` finishes the run, and measures no epoch twice."""
    before = epochs_of(out)
    assert before
    done = tradeoff("resume", "latest", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["complete"] is True
    after = epochs_of(out)
    assert after[: len(before)] == before
    assert sorted(after) == list(range(len(after)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_orphan_and_can_be_resumed(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C (or SIGTERM) in the middle of an epoch: 130, all processes gone, and `resume` goes on."""
    with running(*DUET, tmp_path) as process:
        wait_for_event(tmp_path, in_second_epoch)
        started = children(process.pid)
        assert len(started) >= 4
        process.send_signal(number)
        sentence = the_sentence(process)
    assert process.returncode == 130
    assert number.name in sentence
    assert "tradeoff resume" in sentence
    assert all_gone(started)
    last = list(read_events(find_run("latest", tmp_path)))[-1]
    assert isinstance(last, RunEnded)
    assert last.status == "interrupted"
    check_resumed(tmp_path)


def test_sigint_is_heeded_where_the_parent_ignores_it(tmp_path: Path) -> None:
    """As under `nohup` or in a script's background job."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with running(*DUET, tmp_path) as process:
            wait_for_event(tmp_path, lambda event: isinstance(event, EpochStarted))
            process.send_signal(signal.SIGINT)
            the_sentence(process)
    finally:
        signal.signal(signal.SIGINT, before)
    assert process.returncode == 130


def test_a_killed_arm_is_named_and_the_run_can_be_resumed(tmp_path: Path) -> None:
    """kill -9 of a target process."""
    with running(*DUET, tmp_path) as process:
        event = wait_for_event(tmp_path, in_second_epoch)
        assert isinstance(event, EpochStarted)
        started = children(process.pid)
        victim = next(arm for arm in event.arms if arm.arm == "twin")
        os.kill(victim.pids[0], signal.SIGKILL)
        sentence = the_sentence(process)
    assert process.returncode == 2
    assert "twin was killed by signal 9" in sentence
    assert all_gone(started)
    check_resumed(tmp_path)


def test_a_killed_load_process_is_named_and_the_run_can_be_resumed(tmp_path: Path) -> None:
    """kill -9 of the generator."""
    with running(*DUET, tmp_path) as process:
        wait_for_event(tmp_path, in_second_epoch)
        started = children(process.pid)
        (generator,) = [child for child in started if "loadtests.process" in child.cmdline()]
        generator.kill()
        sentence = the_sentence(process)
    assert process.returncode == 2
    assert "the load process was killed by signal 9" in sentence
    assert all_gone(started)
    check_resumed(tmp_path)


def test_a_killed_command_leaves_no_orphan(tmp_path: Path) -> None:
    """kill -9 of tradeoff itself: the kernel ends what it had started."""
    with running(*DUET, tmp_path) as process:
        wait_for_event(tmp_path, in_second_epoch)
        started = children(process.pid)
        process.kill()
        process.wait()
        assert all_gone(started)
    check_resumed(tmp_path)


def test_a_run_that_is_complete_is_not_resumed(tmp_path: Path) -> None:
    """The sentence names the command that shows it."""
    done = tradeoff(*DUET, tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["valid"] is True
    (arm,) = result["arms"]
    assert arm["arm"] == "hardened,lock=open"
    feed = arm["cpu_per_request"]["journeys"]["signed_in_reader"]
    assert feed["high"] < 0, "the toy burns 500 µs a feed, one request of its journey's seven"
    again = tradeoff("resume", "latest", "--out", tmp_path)
    assert again.returncode == 2
    assert "is complete: `tradeoff report" in again.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("duet", "hardened", "hardened,lok=open", "--target", TOY), "did you mean lock"),
        (("duet", "hardened", "--target", TOY), "two arms"),
        (("duet", "hardened", "hardened@no-such-ref", "--target", TOY), "git reference"),
        (("run", "--plan", "no-such-plan", "--target", TOY), "there is no plan"),
        (("run", "--target", "absent.toml"), "absent.toml does not exist"),
        (("report", "no-such-run"), "there is no run"),
        (("probe", "--target", TOY), "either an ARM"),
        (("scan", "no-such-path"), "nothing to scan"),
    ],
)
def test_a_slip_ends_in_one_sentence(words: tuple[str, ...], says: str) -> None:
    """Exit code 2, the sentence on standard error, no traceback."""
    done = tradeoff(*words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_an_unknown_option_is_a_usage_error() -> None:
    """Exit code 2, like every slip."""
    done = tradeoff("duet", "--no-such-option")
    assert done.returncode == 2
    assert "No such option" in done.stderr
