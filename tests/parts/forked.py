"""Commands of the reference backend without their imports: forked from a process of this test run that has made them.

`python -m target_app` needs seconds for its imports, and a test run starts a thousand of them. What runs in a fork is
the same command with the same environment, as arms are started; tests/target_app/test_serving.py starts it whole.
"""

import functools
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.parts.process import Running, ended_group
from tests.parts.repository import ROOT
from tradeoff.target.description import read_target
from tradeoff.target.forking import Nursery


@functools.cache
def nursery() -> Nursery:
    """Where the backend has been imported; it ends with this process."""
    return Nursery(read_target(ROOT / "target.toml"), hash_seed=secrets.randbelow(2**32 - 1) + 1, trees=[ROOT])


def command_of(module: str, arguments: Sequence[str]) -> list[str]:
    """What the fork stands for."""
    return [sys.executable, "-m", module, *arguments]


def run_forked(
    module: str, arguments: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """A command run to its end."""
    return nursery().run(command_of(module, arguments), tree=ROOT, environment=environment, timeout=60)


@contextmanager
def serving_fork(module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Running]:
    """A command that serves as long as the block, its output going to `log`."""
    with log.open("wb") as output:
        start = nursery().launch(ROOT)
        child = start(command_of(module, arguments), cwd=ROOT, environment=environment, log=output)
    try:
        yield child
    finally:
        ended_group(child, patience_s=10.0)
