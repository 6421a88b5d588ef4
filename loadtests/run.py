"""A run, as its master or its only process sees it: it collects, exports, gives up what is hopeless, and concludes."""

from __future__ import annotations

import logging
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import gevent  # type: ignore[import-untyped]
from gevent.event import Event  # type: ignore[import-untyped]
from gevent.pywsgi import WSGIServer  # type: ignore[import-untyped]
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner

from loadtests.conductor import Conductor
from loadtests.engine import Engine
from loadtests.export import HistogramLog, prometheus
from loadtests.memory import TargetMemory
from loadtests.outcome import CANNOT_JUDGE, Outcome
from loadtests.recorder import RECORDER, Figures
from loadtests.sender import WORDS
from loadtests.thresholds import Hope, judge

log = logging.getLogger(__name__)

Made = TypeVar("Made")

LOOK_S = 1.0
INTERVAL_S = 10.0  # of the histogram log
RATES_KEPT_S = 60  # Locust's counts by second grow without an end; its page reads the last few


class Run:
    """From its begin to its conclusion."""

    def __init__(self, environment: Environment, engine: Engine) -> None:
        self._environment, self._engine = environment, engine
        self._options = environment.parsed_options or Namespace()
        self._begun_s = self._written_s = time.monotonic()
        self._ended_s: float | None = None
        self._given_up: str | None = None
        self._total, self._interval, self._hope = Figures(), Figures(), Hope(engine.thresholds)
        self._target = TargetMemory(environment.host or "")
        self._unwritten = False
        self._log = self._to_file(self._options.histograms, lambda path: HistogramLog(path, time.time()))
        self._server = self._serve(self._options.metrics_port)
        self._conductor = self._conducted() if engine.profile is not None else None
        self._over = Event()
        self._greenlets = [gevent.spawn(self._look_on), gevent.spawn(self._watch_target)]

    def here(self, worker: str) -> None:
        """A worker is ready to send."""
        if self._conductor:
            self._conductor.here(worker)

    def done(self, worker: str) -> None:
        """A worker has sent all that is its own."""
        if self._conductor:
            self._conductor.done(worker)

    def report(self, worker: str, figures: Figures) -> None:
        """A worker's figures; they are in the recorder already."""
        if self._conductor:
            self._conductor.report(worker, figures)

    def stop(self) -> None:
        """No more is sent."""
        if self._ended_s is None:
            self._ended_s = time.monotonic()
        self._over.set()
        if self._conductor:
            self._conductor.stop()

    def conclude(self) -> int | None:
        """Print and write what came out; the exit status, or None where Locust's own holds."""
        self.stop()
        gevent.joinall(self._greenlets)  # not killed: one may be adding up
        self._collect()
        self._write_interval()
        if self._server:
            self._server.stop()
        outcome = self._outcome()
        if not outcome.figures.times and not outcome.judged and outcome.account is None:
            return None
        sys.stdout.write(f"\n{outcome.text()}\n\n")
        sys.stdout.flush()
        self._to_file(self._options.summary, outcome.write)
        self._to_file(self._options.junit, outcome.write_junit)
        return CANNOT_JUDGE if self._unwritten else outcome.status

    def _outcome(self) -> Outcome:
        figures, seconds = self._total, self._measured_s()
        account = self._conductor.account() if self._conductor else None
        judged = judge(self._engine.thresholds, figures, seconds)
        return Outcome(figures, judged, account, seconds, self._engine.soaks, self._given_up)

    def _measured_s(self) -> float:
        """For how long it was measured: the time of arrivals, or until the end."""
        until = self._ended_s or time.monotonic()
        begun_s = self._conductor.begun_s if self._conductor else self._begun_s
        return max(1e-9, min(self._engine.measured_s, until - begun_s - self._engine.warm_up_s))

    def _conducted(self) -> Conductor:
        runner: Any = self._environment.runner
        return Conductor(
            self._engine, lambda words: runner.send_message(WORDS, words), lambda: _alive(runner), self._end
        )

    def _end(self) -> None:
        """End the run, and Locust with it if nobody sits before its page."""
        runner: Any = self._environment.runner
        gevent.spawn(runner.quit if self._options.headless else runner.stop)

    def _look_on(self) -> None:
        while not self._over.wait(LOOK_S):
            self._collect(_turn)
            self._trim()
            if time.monotonic() - self._written_s > INTERVAL_S:
                self._write_interval(_turn)
            self._give_up_hopeless()

    def _watch_target(self) -> None:
        while (size := self._target.size()) is not None:
            RECORDER.fresh.memory["target"].append((time.time(), size))
            if self._over.wait(self._engine.memory_s):
                return

    def _collect(self, pause: Callable[[], object] = lambda: None) -> None:
        fresh = RECORDER.roll()
        self._interval.add(fresh, pause)
        self._hope.add(fresh)
        if isinstance(self._environment.runner, LocalRunner):
            self.report("local", fresh)

    def _write_interval(self, pause: Callable[[], object] = lambda: None) -> None:
        now_s, interval = time.monotonic(), self._interval
        begun_s, self._interval, self._written_s = self._written_s, Figures(), now_s
        self._total.add(interval, pause)
        if self._log:
            self._log.write(interval, begun_s - self._begun_s, now_s - self._begun_s, pause)

    def _serve(self, port: int) -> WSGIServer | None:
        """Prometheus's page, on loopback alone."""
        if not port:
            return None

        def answer(_: Any, start_response: Any) -> list[bytes]:
            start_response("200 OK", [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")])
            figures = Figures()
            for some in (self._total, self._interval):
                figures.add(some, _turn)
            return [prometheus(figures).encode()]

        server = WSGIServer(("127.0.0.1", port), answer, log=None)
        server.start()
        return server

    def _to_file(self, path: str, write: Callable[[Path], Made]) -> Made | None:
        if not path:
            return None
        try:
            return write(Path(path))
        except OSError as error:
            sys.stderr.write(f"{path} cannot be written: {error.strerror}.\n")
            self._unwritten = True
            return None

    def _give_up_hopeless(self) -> None:
        lost = list(self._hope.lost(self._more()))
        if lost and self._given_up is None:
            self._given_up = "; ".join(lost)
            log.error("No hope is left: %s", self._given_up)
            self._end()

    def _more(self) -> float:
        """How much is still to come, by what has been; infinite without an end."""
        if self._conductor:
            return self._conductor.left
        run_s, been_s = self._options.run_time or float("inf"), time.monotonic() - self._begun_s
        return max(0.0, float(run_s) - been_s) / been_s

    def _trim(self) -> None:
        oldest = int(time.time()) - RATES_KEPT_S
        stats = self._environment.stats
        for entry in (stats.total, *stats.entries.values()):
            for counts in (entry.num_reqs_per_sec, entry.num_fail_per_sec):
                for second in [one for one in counts if one < oldest]:
                    del counts[second]


def _alive(runner: Any) -> set[str]:
    if not isinstance(runner, MasterRunner):
        return {"local"}
    clients = runner.clients
    return {one.id for one in (*clients.ready, *clients.spawning, *clients.running)}


def _turn() -> None:
    """Whatever else is to be done, sends first of all."""
    gevent.sleep(0.001)
