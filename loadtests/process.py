"""The load process: `python -m loadtests.process` reads JSON lines on standard input, writes them on standard output.

The protocol stands in docs/architecture.md, "The load process". Times are those of CLOCK_MONOTONIC, in ns. What cannot
be done is one `failed` event and exit status 2. When standard input closes, whoever gave the commands is gone: commands
that were read before are done, a window without one behind it is given up, and the process ends.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, BinaryIO

import gevent  # type: ignore[import-untyped]
from gevent.fileobject import FileObjectPosix  # type: ignore[import-untyped]
from gevent.queue import Queue  # type: ignore[import-untyped]

from loadtests.accounts import Uncast
from loadtests.arrivals import offsets
from loadtests.client import OwnLimit
from loadtests.duet import Arm, Duet, SignInFailed, WindowResult
from loadtests.gate import gate_for
from loadtests.journeys import JOURNEYS
from loadtests.spec import ArmSpec, BadInput, Load, SignIn, Spec, Stop, Window, read_command, read_spec
from loadtests.sustained import Sustained, sustained
from security.guard import Authorization, Refused, allow

MOST_DESCRIPTORS = 65_536  # one a connection; many stand open at once only while an arm hangs


class InputClosed(Exception):  # noqa: N818 - read as `except InputClosed`
    """Nobody is there any more."""


class Input:
    """Lines of standard input, read beside the work, so that its end is noticed in the middle of a window."""

    def __init__(self, stream: BinaryIO) -> None:
        self._lines = Queue()
        self._worker = gevent.getcurrent()
        self._working = False
        gevent.spawn(self._read, FileObjectPosix(stream, "rb"))

    def line(self) -> str:
        """The next line, or raise InputClosed."""
        found: bytes | None = self._lines.get()
        if found is None:
            raise InputClosed
        return found.decode("utf-8", "replace")

    @property
    def waiting(self) -> bool:
        """Whether a further line has come."""
        return not self._lines.empty()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Within this block, the end of an input without further lines raises InputClosed at once."""
        self._working = True
        try:
            yield
        finally:
            self._working = False

    def _read(self, stream: Any) -> None:
        for line in stream:
            if line.strip():
                self._lines.put(line)
        if self._working and self._lines.empty():
            self._worker.throw(InputClosed)
        self._lines.put(None)


class Output:
    """Standard output, kept for the protocol alone: whatever else prints goes to standard error."""

    def __init__(self) -> None:
        self._descriptor = os.dup(1)
        os.dup2(2, 1)

    def say(self, **event: object) -> None:
        """Write one event; raises BrokenPipeError if nobody reads."""
        line = memoryview(json.dumps(event, separators=(",", ":")).encode() + b"\n")
        while line:
            line = line[os.write(self._descriptor, line) :]


def main() -> int:
    """Serve one specification until `stop`, the end of input, or a failure; the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # a parent may have them ignored, and children inherit that
    output = Output()
    try:
        return _serve(Input(sys.stdin.buffer), output)
    except (InputClosed, BrokenPipeError):
        return 0
    except (BadInput, Refused, SignInFailed, Uncast, OwnLimit) as error:
        output.say(event="failed", message=str(error))
        return 2


def _serve(commands: Input, output: Output) -> int:
    spec = read_spec(commands.line())
    duet = _duet(spec)
    _settle(spec)
    output.say(event="ready", journeys=list(JOURNEYS))
    while True:
        command = read_command(commands.line())
        if isinstance(command, Stop):
            output.say(event="stopped")
            return 0
        with commands.working():
            event = _done(spec, duet, command, commands)
        output.say(**event)
        gc.collect()


def _done(spec: Spec, duet: Duet, command: SignIn | Window | Load, commands: Input) -> dict[str, Any]:
    if isinstance(command, SignIn):
        return _signed_in(duet, command)
    return _window(spec, duet, command) if isinstance(command, Window) else _load(spec, duet, command, commands)


def _duet(spec: Spec) -> Duet:
    authorization = spec.authorized.authorization()
    return Duet(
        [_arm(arm, authorization, len(spec.arms)) for arm in spec.arms],
        spec.accounts.all(),
        spec.login.log_in(),
        spec.timeout_s,
    )


def _arm(arm: ArmSpec, authorization: Authorization, arms: int) -> Arm:
    place = allow(arm.url, authorization, ca_file=arm.ca_file)
    return Arm(arm.name, place, gate_for(place, authorization, share=arms))


def _settle(spec: Spec) -> None:
    """Take the core, as many file descriptors as allowed, and the garbage collector out of the windows."""
    if spec.core is not None:
        try:
            os.sched_setaffinity(0, {spec.core})
        except OSError as error:
            raise BadInput(f"The load process cannot run on core {spec.core}: {error.strerror}.") from error
    _raise_descriptors()
    gc.collect()
    gc.freeze()
    gc.disable()


def _raise_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _signed_in(duet: Duet, command: SignIn) -> dict[str, Any]:
    return {"event": "signed_in", "sessions": duet.sign_in(command.sessions)}


def _window(spec: Spec, duet: Duet, command: Window) -> dict[str, Any]:
    seed = (spec.seed << 64) + command.seed
    schedule = offsets(command.arrivals, command.rate, command.count, seed)
    unknown = set(command.arms).difference(duet.arms)
    if unknown:
        raise BadInput(f"A window names no arm of the specification: {', '.join(sorted(unknown))}.")
    return _as_event(command, duet.window(command.journey, schedule, seed, visits=command.visits, arms=command.arms))


def _as_event(command: Window, result: WindowResult) -> dict[str, Any]:
    return {
        "event": "window",
        "id": command.id,
        "journey": command.journey,
        "started_ns": result.started_ns,
        "ended_ns": result.ended_ns,
        "arms": {name: tally.as_json() for name, tally in result.tallies.items()},
        "lag_ns": asdict(result.lag.summary()),
    }


def _load(spec: Spec, duet: Duet, command: Load, commands: Input) -> dict[str, Any]:
    load = sustained(duet, command.pressure(spec.seed))
    load.hold(lambda: commands.waiting)
    return {
        "event": "load",
        "id": command.id,
        "started_ns": load.started_ns,
        "sent_ns": load.sent_ns,
        "arms": {name: _held(load, name) for name in load.tallies},
        "lag_ns": asdict(load.lag.summary()),
    }


def _held(load: Sustained, arm: str) -> dict[str, Any]:
    return {**load.tallies[arm].as_json(), "dropped": load.dropped[arm]}


if __name__ == "__main__":
    sys.exit(main())
