"""Commands of the reference backend without their imports: forked from a process of this test run that has made them.

`python -m target_app` needs seconds for its imports, and a test run starts a thousand of them. What runs in a fork is
the same command with the same environment (tradeoff/target/fork_server.py); tests/target_app/test_serving.py starts it
from scratch.
"""

import functools
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.parts.process import Running, ended_group
from tests.parts.repository import ROOT
from tradeoff.target.forking import ForkServer

MODULES: Final = (
    "target_app.app",
    "target_app.avatars.reencoding",
    "target_app.lab",
    "target_app.migrations.run",
    "target_app.provider.app",
    "target_app.readiness",
    "target_app.seeding",
    "target_app.serving",
    "target_app.transfer.plain_yaml",
)


@functools.cache
def fork_server() -> ForkServer:
    """The process that has imported the backend; it ends with this one."""
    server = ForkServer(MODULES, tree=ROOT, hash_seed=secrets.randbelow(2**32 - 1) + 1)
    server.wait_ready()
    return server


def command_of(module: str, arguments: Sequence[str]) -> list[str]:
    """What the fork stands for."""
    return [sys.executable, "-m", module, *arguments]


def run_forked(
    module: str, arguments: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """A command run to its end."""
    command = command_of(module, arguments)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log:
        child = fork_server().fork(command, cwd=ROOT, environment=environment, log=log, out=out)
        code = child.wait(60)
        texts = []
        for file in (out, log):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return subprocess.CompletedProcess(command, code, *texts)


@contextmanager
def serving_fork(module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Running]:
    """A command that serves as long as the block, its output going to `log`."""
    with log.open("wb") as output:
        child = fork_server().fork(
            command_of(module, arguments), cwd=ROOT, environment=environment, log=output, out=output
        )
    try:
        yield child
    finally:
        ended_group(child, patience_s=10.0)
