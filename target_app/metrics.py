"""Prometheus metrics of one server.

With one worker they live in memory. With several, `serve` sets PROMETHEUS_MULTIPROC_DIR before the workers start: each
then writes its values to files there and any worker answers `/metrics` for all.
"""

import os
import platform
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

VERSION = "0.1.0"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

REQUEST_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
STATEMENT_BUCKETS_S = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0)
HASH_BUCKETS_S = (0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

BREAKER_STATES = ("closed", "half_open", "open")


class Metrics:
    """Every metric of `docs/architecture.md`, in a registry of its own so that two apps can share a process."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "target_requests_total", "Requests answered", ["method", "route", "status"], registry=registry
        )
        self._durations = Histogram(
            "target_request_duration_seconds",
            "From the request's head to the answer's last byte",
            ["method", "route"],
            buckets=REQUEST_BUCKETS_S,
            registry=registry,
        )
        #: Finding a series by its labels costs more than counting in it.
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.in_flight = Gauge(
            "target_requests_in_flight",
            "Requests being answered",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._statements = Counter("target_db_statements_total", "SQL statements executed", registry=registry)
        self._statement_seconds = Histogram(
            "target_db_statement_seconds", "Time of one SQL statement", buckets=STATEMENT_BUCKETS_S, registry=registry
        )
        self.pool_wait_seconds = Histogram(
            "target_db_pool_wait_seconds",
            "Time until a request had a pooled connection or the write lock",
            buckets=STATEMENT_BUCKETS_S,
            registry=registry,
        )
        self.checked_out = Gauge(
            "target_db_pool_checked_out",
            "Database connections held by requests; under SQLite, transactions that write",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._pool_size = Gauge(
            "target_db_pool_size",
            "Database connections that requests may hold",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._decisions = Counter(
            "target_control_decisions_total", "What a control decided", ["control", "decision"], registry=registry
        )
        self._fallbacks = Counter(
            "target_state_fallbacks_total",
            "Looks at shared state while its store was away",
            ["control"],
            registry=registry,
        )
        self.password_hash_seconds = Histogram(
            "target_password_hash_seconds", "Time of one password hash", buckets=HASH_BUCKETS_S, registry=registry
        )
        self.hash_queue = Gauge(
            "target_password_hash_queue",
            "Passwords being hashed or waiting for a thread",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.upload_queue = Gauge(
            "target_upload_queue",
            "Files and pictures being read or written, or waiting for a thread",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._upload_seconds = Histogram(
            "target_upload_seconds",
            "Time of reading or writing one file or picture, waiting included",
            ["kind"],
            buckets=HASH_BUCKETS_S,
            registry=registry,
        )
        self._transferred = Counter(
            "target_articles_transferred_total", "Articles in files", ["way"], registry=registry
        )
        self._background_runs = Counter(
            "target_background_runs_total", "Rounds of a background task", ["task", "outcome"], registry=registry
        )
        self._workers = Gauge("target_workers", "Workers that serve", registry=registry, multiprocess_mode="livesum")
        self._started = Gauge(
            "target_start_time_seconds",
            "When the newest worker began to serve, in seconds since 1970",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._build = Gauge(
            "target_build_info",
            "1; the labels say what serves",
            ["version", "python", "treatment", "database"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._cache_requests = Counter(
            "target_cache_requests_total", "Requests asked of the response cache", ["outcome"], registry=registry
        )
        self._orders = Counter(
            "target_orders_total", "Orders by the status that they took on", ["status"], registry=registry
        )
        self._payment_events = Counter(
            "target_payment_events_total", "The payment provider's events", ["outcome"], registry=registry
        )
        self.orders_reconciled = Counter(
            "target_orders_reconciled_total", "Orders whose answer was lost and has been found out", registry=registry
        )
        self.ledger_invariant_ok = Gauge(
            "target_ledger_invariant_ok",
            "1 while every invariant of the ledger holds",
            registry=registry,
            multiprocess_mode="livemin",
        )
        self._sockets = Gauge(
            "target_open_sockets",
            "WebSockets and event streams open",
            ["kind"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._messages = Counter(
            "target_realtime_messages_total", "What became of events and their messages", ["outcome"], registry=registry
        )
        self._webhook_deliveries = Counter(
            "target_webhook_deliveries_total", "Attempts to deliver to users' webhooks", ["outcome"], registry=registry
        )

        self._audited = Counter(
            "target_audit_records_total", "Rows written into the audit log", ["action"], registry=registry
        )
        self._breaker_state = Gauge(
            "target_breaker_state",
            "State of the circuit breaker before the payment provider: 0 closed, 1 half open, 2 open",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._breaker_changes = Counter(
            "target_breaker_changes_total", "States that the circuit breaker took", ["state"], registry=registry
        )
        for state in BREAKER_STATES:  # a series that begins at its first change hides that change from every rate
            self._breaker_changes.labels(state)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is a template, never a path."""
        series = self._series.get((method, route, status))
        if series is None:
            series = (self._requests.labels(method, route, str(status)), self._durations.labels(method, route))
            self._series[method, route, status] = series
        counter, histogram = series
        counter.inc()
        histogram.observe(seconds)

    def statement(self, seconds: float) -> None:
        """Count one SQL statement."""
        self._statements.inc()
        self._statement_seconds.observe(seconds)

    def decision(self, control: str, decision: str) -> Callable[[], None]:
        """A counter of one control's `allow` or `deny`, looked up once, at assembly."""
        counter = self._decisions.labels(control, decision)
        return counter.inc

    def fallback(self, control: str) -> Callable[[], None]:
        """A counter of how often a control did without its store, looked up once, at assembly."""
        counter = self._fallbacks.labels(control)
        return counter.inc

    def upload(self, kind: str) -> Callable[[float], None]:
        """A histogram of the seconds of one kind (import, export or picture), looked up once, at assembly."""
        histogram = self._upload_seconds.labels(kind)
        return histogram.observe

    def transferred(self, way: str) -> Callable[[float], None]:
        """A counter of articles that were `exported` or `imported`, looked up once, at assembly."""
        counter = self._transferred.labels(way)
        return counter.inc

    def cache_outcome(self, outcome: str) -> Callable[[], None]:
        """A counter of the cache's `hit`, `miss` or `bypass`, looked up once, at assembly."""
        counter = self._cache_requests.labels(outcome)
        return counter.inc

    def breaker_state(self, state: str) -> None:
        """Note the new state of the circuit breaker."""
        self._breaker_state.set(BREAKER_STATES.index(state))
        self._breaker_changes.labels(state).inc()

    def order(self, status: str) -> Callable[[], None]:
        """A counter of orders that became `status`, looked up once, at assembly."""
        counter = self._orders.labels(status)
        return counter.inc

    def payment_event(self, outcome: str) -> Callable[[], None]:
        """A counter of the provider's events with that outcome, looked up once, at assembly."""
        counter = self._payment_events.labels(outcome)
        return counter.inc

    def audited(self, action: str) -> Callable[[], None]:
        """A counter of one action in the audit log, looked up once, at assembly."""
        counter = self._audited.labels(action)
        return counter.inc

    def sockets(self, kind: str) -> Gauge:
        """The gauge of open connections of one kind, `websocket` or `sse`, looked up once, at assembly."""
        return self._sockets.labels(kind)

    def messages(self, outcome: str) -> Callable[[float], None]:
        """A counter of one outcome of `realtime.hub`, looked up once, at assembly."""
        counter = self._messages.labels(outcome)
        return counter.inc

    def webhook_delivery(self, outcome: str) -> Callable[[], None]:
        """A counter of attempts that ended `delivered`, `failed` or `dead`, looked up once, at assembly."""
        counter = self._webhook_deliveries.labels(outcome)
        return counter.inc

    def background_run(self, task: str, outcome: str) -> Callable[[], None]:
        """A counter of a task's rounds, `done` or `failed`, looked up once, when the task is added."""
        counter = self._background_runs.labels(task, outcome)
        return counter.inc

    def serving(self, treatment: str, database: str, pool_size: int) -> None:
        """Say what serves from now on; `database` is `sqlite` or `postgresql`."""
        self._workers.set(1)
        self._started.set_to_current_time()
        self._build.labels(VERSION, platform.python_version(), treatment, database).set(1)
        self._pool_size.set(pool_size)

    def exposition(self) -> bytes:
        """All metrics in Prometheus's text format, those of the other workers included."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        gathered = CollectorRegistry()
        MultiProcessCollector(gathered)  # type: ignore[no-untyped-call]  # it ships no types for this one
        return generate_latest(gathered)
