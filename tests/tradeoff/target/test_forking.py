import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.process import wait_gone
from tradeoff.target.clock import cpu_ns
from tradeoff.target.description import Target, read_target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.forking import Nursery
from tradeoff.target.process import ManagedProcess

SLOW_TO_IMPORT = "import time; time.sleep(0.5); COUNT = 0"
TOLD = """
import json, os, sys, shelf
shelf.COUNT += 1
told = {"argv": sys.argv, "count": shelf.COUNT, "folder": os.getcwd(), "hash": hash("a word")}
told |= {"name": os.environ.get("NAME"), "inherited": os.environ.get("TARGET_OF_ANOTHER")}
print(json.dumps(told | {"leads": os.getsid(0) == os.getpid()}))
print("a word on the side", file=sys.stderr)
sys.exit(int(os.environ.get("CODE", "0")))
"""
WITH_THREAD = "import threading, time; threading.Thread(target=time.sleep, args=(9,), daemon=True).start()"
ENDLESS = "import shelf, time\nprint('begun', flush=True)\ntime.sleep(60)\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A backend whose modules take their time to import."""
    for name, text in {"shelf": SLOW_TO_IMPORT, "told": TOLD, "endless": ENDLESS}.items():
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


def target(*preload: str) -> Target:
    return read_target(Path("tests/tradeoff/toy/target.toml")).model_copy(update={"preload": list(preload)})


@pytest.fixture
def nursery(tree: Path) -> Iterator[Nursery]:
    with Nursery(target("shelf"), hash_seed=7, trees=[tree]) as open_nursery:
        yield open_nursery


def told(nursery: Nursery, tree: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return nursery.run([sys.executable, "-m", "told", *words], tree=tree, environment=environment, timeout=10)


def test_a_fork_is_what_the_command_would_be(nursery: Nursery, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words, folder, environment, output, exit code and session are those of the command, and nothing is left over of
    another fork; the hash seed is the nursery's.
    """
    monkeypatch.setenv("TARGET_OF_ANOTHER", "arm")
    done = told(nursery, tree, "one", "two words", NAME="a", CODE="3")
    assert (done.returncode, done.stderr) == (3, "a word on the side\n")
    first = json.loads(done.stdout)
    assert first["argv"][1:] == ["one", "two words"]
    assert (first["folder"], first["name"], first["inherited"]) == (str(tree), "a", None)
    assert first["leads"]
    second = json.loads(told(nursery, tree).stdout)
    assert (first["count"], second["count"], second["name"]) == (1, 1, None)
    seeded = subprocess.run(
        [sys.executable, "-c", "print(hash('a word'))"],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert first["hash"] == second["hash"] == int(seeded.stdout)


def test_what_is_imported_is_not_imported_again(nursery: Nursery, tree: Path) -> None:
    """The second command does without the half second that the import takes."""
    told(nursery, tree)
    before = time.monotonic()
    for _ in range(5):
        assert told(nursery, tree).returncode == 0
    assert time.monotonic() - before < 5 * 0.5


def test_other_commands_run_as_they_are(nursery: Nursery, tree: Path) -> None:
    """A command that is not of the form PYTHON -m MODULE is started, not forked."""
    done = nursery.run(["/bin/sh", "-c", "echo $NAME; exit 4"], tree=tree, environment={"NAME": "b"}, timeout=10)
    assert (done.returncode, done.stdout) == (4, "b\n")


def endless(nursery: Nursery, tree: Path) -> ManagedProcess:
    command = [sys.executable, "-m", "endless"]
    process = ManagedProcess(command, cwd=tree, environment={}, name="it", launch=nursery.launch(tree))
    deadline = time.monotonic() + 10
    while process.last_words() != "begun" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.last_words() == "begun"
    return process


def test_a_forked_process_is_watched_and_stopped(nursery: Nursery, tree: Path) -> None:
    """Its clock is its own, a kill is seen with its signal, and stopping leaves nothing."""
    one, two = endless(nursery, tree), endless(nursery, tree)
    assert 0 < cpu_ns(one.pid) < 500_000_000
    os.kill(one.pid, signal.SIGKILL)
    assert one.wait(5) == -signal.SIGKILL
    assert two.ended() is None
    for process in (one, two):
        process.stop(grace_s=1.0)
        assert wait_gone(process.pid)
    assert two.ended() == -signal.SIGTERM


def test_a_command_that_takes_too_long_is_ended(nursery: Nursery, tree: Path) -> None:
    """As with subprocess.run, and the next command works."""
    with pytest.raises(subprocess.TimeoutExpired):
        nursery.run([sys.executable, "-m", "endless"], tree=tree, environment={}, timeout=0.3)
    assert told(nursery, tree).returncode == 0


def test_forks_end_with_their_server(tree: Path) -> None:
    """Leaving the nursery ends what came from it, and so does the server's death, which is told as such."""
    with Nursery(target("shelf"), hash_seed=1, trees=[tree]) as nursery:
        first = endless(nursery, tree)
    assert wait_gone(first.pid)
    first.stop()
    with Nursery(target("shelf"), hash_seed=1, trees=[tree]) as nursery:
        second = endless(nursery, tree)
        (parent,) = [int(line.split()[1]) for line in _status(second.pid) if line.startswith("PPid:")]
        os.kill(parent, signal.SIGKILL)
        assert second.wait(5) is not None
        assert wait_gone(second.pid)
        second.stop()
        with pytest.raises(TradeoffError, match="forked from has ended"):
            told(nursery, tree)


def _status(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/status").read_text().splitlines()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise RuntimeError('no such shelf')", "shelf cannot be imported: RuntimeError: no such shelf"),
        (
            "import threading, time; threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
            "started 1 threads",
        ),
        ("import os; os._exit(3)", "has ended"),
    ],
)
def test_modules_that_cannot_be_preloaded_are_one_sentence(tree: Path, text: str, said: str) -> None:
    """Whatever goes wrong at import is told when the first process is asked for."""
    (tree / "shelf.py").write_text(text)
    with (
        Nursery(target("shelf"), hash_seed=1, trees=[tree]) as nursery,
        pytest.raises(TradeoffError, match=f"preload: .*{said}"),
    ):
        told(nursery, tree)


def test_without_preload_everything_is_started(tree: Path) -> None:
    """A target that names no modules needs no fork server."""
    with Nursery(target(), hash_seed=7, trees=[tree]) as nursery:
        done = told(nursery, tree, PYTHONPATH=str(tree), PYTHONHASHSEED="7")
    assert json.loads(done.stdout)["count"] == 1


def test_trees_that_are_compared_are_not_forked(tree: Path, tmp_path: Path) -> None:
    """Arms of two trees cannot share pages: neither is forked, and both have the nursery's hash seed to ask for."""
    with Nursery(target("shelf"), hash_seed=7, trees=[tree, tmp_path / "other"]) as nursery:
        before = time.monotonic()
        assert told(nursery, tree, PYTHONPATH=str(tree)).returncode == 0
        assert time.monotonic() - before > 0.5  # it imports for itself
