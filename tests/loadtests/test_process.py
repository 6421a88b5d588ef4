import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from loadtests.histogram import LatencyHistogram
from loadtests.journeys import JOURNEYS
from tests.loadtests.load_process import LoadProcess, load_process, specification
from tests.loadtests.small_conduit import SmallConduit, small_conduit
from tests.parts.loopback import free_port, random_address


def ready(process: LoadProcess, conduit: SmallConduit, **changes: object) -> LoadProcess:
    assert process.ask(specification({"one": conduit.url}, **changes)) == {"event": "ready", "journeys": list(JOURNEYS)}
    return process


def failure(process: LoadProcess, message: object) -> str:
    """What the process says when it fails: one sentence, exit status 2, nothing else."""
    heard = process.ask(message)
    assert heard.keys() == {"event", "message"}
    assert heard["event"] == "failed"
    assert process.end() == (2, "")
    sentence: str = heard["message"]
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def test_a_whole_conversation(conduit: SmallConduit, process: LoadProcess) -> None:
    """Ready, signed in, a window of each journey with its counts, stopped with exit status 0."""
    ready(process, conduit)
    signed = process.ask({"command": "sign_in"})
    assert signed["sessions"]["one"] == {f"reader000{n}": f"token.of.reader000{n}" for n in range(1, 5)}
    steps = {"anonymous_reader": 6, "signed_in_reader": 7, "author": 6, "log_in": 1}
    for journey, requests in steps.items():
        window = process.window(journey, rate=100.0, count=12)
        arm = window["arms"]["one"]
        assert (window["event"], window["id"], window["journey"]) == ("window", 3, journey)
        assert (arm["arrivals"], arm["completed"], arm["errors"]) == (12, 12, 0)
        assert arm["requests"] == 12 * requests
        assert sum(sum(counts.values()) for counts in arm["statuses"].values()) == arm["requests"]
        assert LatencyHistogram.decode(arm["histogram"]).count == arm["requests"]
        assert arm["bytes"] > 0
        assert window["lag_ns"].keys() == {"p50", "p99", "max"}
        assert window["ended_ns"] - window["started_ns"] > 11 * 10_000_000
    assert process.ask({"command": "stop"}) == {"event": "stopped"}
    assert process.end() == (0, "")


def test_every_arm_gets_the_same_requests(process: LoadProcess) -> None:
    """Two arms with the same data are asked for the same paths from the same addresses, side by side."""
    with small_conduit() as one, small_conduit() as two:
        process.ask(specification({"one": one.url, "two": two.url}))
        process.ask({"command": "sign_in"})
        one.seen.clear()
        two.seen.clear()
        window = process.window("signed_in_reader", rate=100.0, count=20)
        asked = [
            Counter((seen.method, seen.path, seen.peer, seen.credential) for seen in arm.seen) for arm in (one, two)
        ]
    assert asked[0] == asked[1]
    assert len({seen.peer for seen in one.seen}) == 4
    arms = window["arms"]
    for key in ("arrivals", "completed", "requests", "errors", "statuses"):
        assert arms["one"][key] == arms["two"][key]
    # Visits that overlap may see an article as a favorite or not: `true` and `false` differ by a byte.
    assert arms["one"]["bytes"] == pytest.approx(arms["two"]["bytes"], rel=1e-3)


def test_arms_are_served_in_random_order(conduit: SmallConduit, process: LoadProcess) -> None:
    """Neither arm is always asked first, so that being second costs none of them more."""
    process.ask(specification({"one": conduit.url, "two": conduit.other_url}))
    process.ask({"command": "sign_in"})
    conduit.seen.clear()
    process.window("log_in", rate=50.0, count=60)
    order = [seen.host == f"{conduit.host}:{conduit.port}" for seen in conduit.seen]
    assert len(order) == 120
    assert 10 < sum(order[::2]) < 50  # arrivals at which the first arm was first


def test_the_visits_of_a_window_decide(conduit: SmallConduit) -> None:
    """Windows with the same visits ask for the same things, in another process and in another order of arms too."""

    def paths(visits: int, seed: int = 1) -> list[str]:
        with load_process() as process:
            ready(process, conduit)
            process.ask({"command": "sign_in"})
            conduit.seen.clear()
            process.window("anonymous_reader", rate=100.0, count=10, seed=seed, visits=visits)
        return sorted(one.path for one in conduit.seen)

    first = paths(1)
    assert first == paths(1, seed=2)
    assert first != paths(2)


def test_a_window_is_for_the_arms_that_it_names(process: LoadProcess) -> None:
    """The others are asked for nothing and have no counts; an unknown name ends it with a sentence."""
    with small_conduit() as one, small_conduit() as two:
        process.ask(specification({"one": one.url, "two": two.url}))
        process.ask({"command": "sign_in"})
        two.seen.clear()
        assert process.window("anonymous_reader", arms=["one"])["arms"].keys() == {"one"}
        assert not two.seen
        unknown = {
            "command": "window",
            "id": 4,
            "journey": "author",
            "rate": 9,
            "count": 1,
            "seed": 1,
            "arms": ["three"],
        }
        assert failure(process, unknown) == "A window names no arm of the specification: three."


def test_good_sessions_are_kept_and_bad_ones_renewed(conduit: SmallConduit, process: LoadProcess) -> None:
    """A session handed in is tried with one cheap request; only where that fails is there a log-in."""
    conduit.tokens.add("kept")
    ready(process, conduit)
    handed = {"one": {"reader0001": "kept", "reader0002": "stale"}}
    sessions = process.ask({"command": "sign_in", "sessions": handed})["sessions"]["one"]
    assert sessions["reader0001"] == "kept"
    assert sessions["reader0002"] == "token.of.reader0002"
    assert Counter(one.path for one in conduit.seen) == {"/api/user": 2, "/api/users/login": 3}
    process.window("signed_in_reader", rate=100.0, count=1)
    assert conduit.seen[-1].credential == "Token kept"


def test_a_window_survives_an_arm_that_stops_answering(process: LoadProcess) -> None:
    """A hanging arm's requests are errors without a status, the window ends by the time-out, the other arm is whole."""
    with small_conduit() as good, small_conduit() as hung:
        process.ask(specification({"good": good.url, "hung": hung.url}, timeout_s=0.5))
        process.ask({"command": "sign_in"})
        hung.hanging = True
        before = time.monotonic()
        arms = process.window("log_in", rate=50.0, count=20)["arms"]
        assert time.monotonic() - before < 2.0
        assert (arms["hung"]["completed"], arms["hung"]["errors"], arms["hung"]["backlog_end"]) == (0, 20, 20)
        assert arms["hung"]["statuses"] == {"POST /api/users/login": {"error": 20}}
        assert (arms["good"]["completed"], arms["good"]["errors"]) == (20, 0)
        hung.hanging = False
        assert process.window("log_in")["arms"]["hung"]["completed"] == 10


def test_unexpected_statuses_are_counted(conduit: SmallConduit, process: LoadProcess) -> None:
    """A refused log-in is an error under its own status and does not complete the arrival."""
    ready(process, conduit)
    process.ask({"command": "sign_in"})
    conduit.overrides["POST", "/api/users/login"] = 429
    arm = process.window("log_in")["arms"]["one"]
    assert (arm["completed"], arm["errors"]) == (0, 10)
    assert arm["statuses"] == {"POST /api/users/login": {"429": 10}}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("no json", "specification is unusable: Invalid JSON"),
        ("{}", "schema: Field required; timeout_s: Field required"),
        (specification({"one": "http://127.0.0.1:1"}, schema=2), "schema"),
        (specification({}), "arms"),
        (specification({"one": "http://127.0.0.1:1"}, surprise=1), "surprise"),
        (specification({"one": "http://192.0.2.1:80"}), "neither loopback nor authorised"),
        (specification({"one": "ftp://127.0.0.1/"}), "schemes"),
        (specification({"one": "http://127.0.0.1:1"}, core=4095), "core 4095"),
        (
            specification(
                {"one": "http://127.0.0.1:1"},
                accounts={"count": 300, "email": "e", "password": "p", "username": "u", "source": "127.77.0.{n}"},
            ),
            "127.77.0.256",
        ),
    ],
    ids=["no json", "empty", "schema", "no arm", "unknown key", "stranger", "scheme", "core", "source"],
)
def test_a_bad_specification_is_one_sentence(process: LoadProcess, line: object, says: str) -> None:
    """Each mistake in the specification ends the process with a sentence that names it, and no password in it."""
    sentence = failure(process, line)
    assert says in sentence
    assert "horse" not in sentence


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ({"command": "dance"}, "dance"),
        ({"command": "window", "id": 1, "journey": "author", "rate": 0, "count": 1, "seed": 1}, "rate"),
        ({"command": "window", "id": 1, "journey": "tourist", "rate": 1, "count": 1, "seed": 1}, "tourist"),
    ],
    ids=["unknown", "rate", "journey"],
)
def test_a_bad_command_is_one_sentence(conduit: SmallConduit, process: LoadProcess, command: object, says: str) -> None:
    """A command that cannot be done is named."""
    ready(process, conduit)
    assert says in failure(process, command)


def test_a_dead_arm_is_named(process: LoadProcess) -> None:
    """An arm where nobody listens fails the sign-in by name."""
    host = random_address()
    process.ask(specification({"ghost": f"http://{host}:{free_port(host)}"}))
    assert "Arm ghost gave reader0001 no session: Connection refused" in failure(process, {"command": "sign_in"})


def test_a_refused_log_in_is_named(conduit: SmallConduit, process: LoadProcess) -> None:
    """Wrong credentials fail the sign-in with arm, account and status."""
    conduit.overrides["POST", "/api/users/login"] = 401
    ready(process, conduit)
    assert "Arm one answered the log-in of reader0001 with status 401" in failure(process, {"command": "sign_in"})


def test_the_end_of_input_ends_an_idle_process(conduit: SmallConduit, process: LoadProcess) -> None:
    """When standard input closes between commands, the process ends with status 0."""
    ready(process, conduit)
    assert process.child.stdin
    process.child.stdin.close()
    assert process.child.wait(5) == 0


def test_the_end_of_input_ends_a_window(conduit: SmallConduit, process: LoadProcess) -> None:
    """When whoever gave the commands dies in the middle of a window, the load stops within moments."""
    ready(process, conduit)
    process.tell({"command": "window", "id": 1, "journey": "log_in", "rate": 10.0, "count": 1000, "seed": 1})
    time.sleep(0.5)
    assert process.child.stdin
    process.child.stdin.close()
    assert process.child.wait(2) == 0


def test_commands_written_ahead_are_done(conduit: SmallConduit) -> None:
    """Input from a file or pipe, closed after `stop`, is worked off to the end."""
    lines = [
        specification({"one": conduit.url}),
        {"command": "sign_in"},
        {"command": "window", "id": 1, "journey": "log_in", "rate": 20.0, "count": 5, "seed": 1},
        {"command": "stop"},
    ]
    with load_process() as process:
        for line in lines:
            process.tell(line)
        assert process.child.stdin
        process.child.stdin.close()
        assert [process.hear()["event"] for _ in lines] == ["ready", "signed_in", "window", "stopped"]
        assert process.child.wait(5) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_even_if_the_parent_ignored_them(conduit: SmallConduit, number: signal.Signals) -> None:
    """SIGTERM and SIGINT end the process at once, also when it inherited them ignored, and without a traceback."""
    shell = "trap '' INT TERM; exec \"$0\" -m loadtests.process"
    with load_process("/bin/sh", "-c", shell, sys.executable) as process:
        ready(process, conduit)
        process.child.send_signal(number)
        assert process.end() == (-number, "")


def test_its_own_limits_are_no_fault_of_an_arm() -> None:
    """When the load process is out of file descriptors, the window is a failure, not a count of the arm's errors."""
    shell = 'ulimit -n 40; exec "$0" -m loadtests.process'
    with small_conduit() as conduit, load_process("/bin/sh", "-c", shell, sys.executable) as process:
        ready(process, conduit, timeout_s=0.5)
        conduit.hanging = True
        window = {"command": "window", "id": 1, "journey": "log_in", "rate": 200.0, "count": 60, "seed": 1}
        assert "cannot open another connection: Too many open files" in failure(process, window)


def test_it_runs_on_its_core(conduit: SmallConduit, process: LoadProcess) -> None:
    """The process pins itself to the core of its specification."""
    core = max(os.sched_getaffinity(0))
    ready(process, conduit, core=core)
    assert os.sched_getaffinity(process.child.pid) == {core}


def test_no_secret_on_standard_error(conduit: SmallConduit, tmp_path: Path) -> None:
    """Whatever happens, tokens and passwords never reach standard error."""
    with load_process() as process:
        ready(process, conduit)
        process.ask({"command": "sign_in"})
        conduit.overrides["GET", "/api/articles/feed"] = 500
        process.window("signed_in_reader")
        heard = process.ask({"command": "sign_in", "sessions": {"one": {"reader0001": 5}}})
        _, errors = process.end()
    assert heard["event"] == "failed"
    assert "token.of" not in errors + heard["message"]
    assert "horse" not in errors + heard["message"]
