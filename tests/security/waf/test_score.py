"""Scores count what a WAF refused, and nothing else, as blocked."""

import socketserver
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from security.corpus.load import load_corpus
from security.corpus.model import Case, Kind, Request
from security.guard import Authorization, Refused
from security.share import wilson
from security.waf.score import Result, play, score, score_target
from tests.parts.loopback import free_port, random_address
from tests.security.probe.small_server import Answer, serving
from tests.security.probe.small_server import Request as Asked

MARK = ("X-Refused-By", "waf")
SAMPLE = load_corpus()[::40]


def case(kind: Kind, target: str) -> Case:
    """A case of one GET."""
    return Case(f"x/{target}", kind, "x", "path", "plain", target, Request("GET", target))


def answering(kind: str) -> Callable[[Asked], Answer]:
    """A server that refuses as told by the path."""
    answers = {
        "/waf": Answer(403, b"no", {"X-Refused-By": "waf"}),
        "/other-mark": Answer(403, b"no", {"X-Refused-By": "owner"}),
        "/own": Answer(403, b"no"),
        "/unknown": Answer(404, b"no"),
        "/gateway": Answer(502, b"no"),
        "/busy": Answer(503, b"no"),
    }
    return lambda asked: answers[asked.path] if kind == "by path" else Answer(200, b"yes")


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("/waf", Result.BLOCKED),
        ("/other-mark", Result.PASSED),
        ("/own", Result.PASSED),
        ("/unknown", Result.PASSED),
        ("/busy", Result.PASSED),
        ("/gateway", Result.UNREACHABLE),
    ],
)
def test_only_the_mark_says_blocked(path: str, result: Result) -> None:
    """The backend's own refusals came through the WAF; a gateway without a backend says nothing."""
    with serving(answering("by path")) as url:
        (played,) = play(url, [case("attack", path)], MARK)
    assert played.result is result
    assert played.good is (result is Result.BLOCKED)


def test_where_nobody_answers_nothing_is_blocked() -> None:
    """A closed port is unreachable: no attack counts as blocked, no benign request as let pass."""
    host = random_address()
    found = score_target("it", f"http://{host}:{free_port(host)}", SAMPLE, MARK)
    assert found.unreachable == found.requests == len(SAMPLE)
    assert (found.blocked.count, found.let_pass.count) == (0, 0)


def test_every_case_arrives_as_it_was_written() -> None:
    """Method, target and body reach the server to the byte, over few connections."""
    asked: list[Asked] = []
    plain = [one for one in SAMPLE if not one.request.body]

    def remember(request: Asked) -> Answer:
        asked.append(request)
        return Answer(200, b"yes")

    with serving(remember) as url:
        played = play(url, plain, MARK)
    assert sorted(one.path for one in asked) == sorted(one.request.target for one in plain)
    assert {one.result for one in played} == {Result.PASSED}
    assert len({one.connection for one in asked}) <= 8


class Curt(socketserver.BaseRequestHandler):
    """Answers one request, and closes without having said so."""

    def handle(self) -> None:
        if self.request.recv(65536):
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def test_a_kept_connection_that_was_closed_is_opened_again() -> None:
    """Nobody is called unreachable who only keeps no connections."""
    with socketserver.ThreadingTCPServer((random_address(), 0), Curt) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        try:
            host, port = server.server_address[:2]
            played = play(f"http://{host!s}:{port}", SAMPLE * 2, MARK)
        finally:
            server.shutdown()
    assert {one.result for one in played} == {Result.PASSED}


def test_shares_are_counted_by_class_place_and_encoding() -> None:
    """The parts of each grouping make up the whole, and have intervals of their own."""
    with serving(answering("all pass")) as url:
        found = score_target("it", url, SAMPLE, MARK)
    as_json: dict[str, Any] = found.as_json()
    assert (as_json["schema"], as_json["target"], as_json["unreachable"]) == (1, "it", 0)
    assert (found.blocked.share, found.let_pass.share) == (0.0, 1.0)
    for by in ("class", "place", "encoding"):
        parts = [group for group in found.groups if group.by == by]
        assert sum(group.share.total for group in parts) == found.requests
    assert all(group.share.low < group.share.high for group in found.groups)


def test_the_guard_stands_before_it() -> None:
    """No case is sent to a host that is neither loopback nor authorised."""
    with pytest.raises(Refused):
        play("http://192.0.2.1/", SAMPLE, MARK, Authorization())


def test_of_no_cases_nothing_is_known() -> None:
    """The interval is everything."""
    assert (score("it", [], 0.0).blocked.low, score("it", [], 0.0).blocked.high) == (0.0, 1.0)


@settings(deadline=None)
@given(st.integers(1, 900).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_the_interval_is_wilsons(counted: tuple[int, int]) -> None:
    """As SciPy has it."""
    count, total = counted
    theirs = binomtest(count, total).proportion_ci(method="wilson")
    ours = wilson(count, total)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-6)
