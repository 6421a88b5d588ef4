"""nginx in front: its configuration, what it refuses at each paranoia level, what it leaves alone, and its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from security.corpus.load import load_corpus
from security.waf import __main__ as launcher
from security.waf import front as front_module
from security.waf.front import MARK, PARANOIA, Front, MissingPartError
from security.waf.score import Score, score_target
from tests.parts.front import RunningFront, front_command, front_of
from tests.parts.loopback import free_port, random_address
from tests.parts.target import TargetServer, empty_sqlite, target_server
from tests.security.probe.small_server import Answer, Request, serving
from tests.target_app.realtime.stage import Stage

LEVELS = list(PARANOIA)
#: Every eighth case: enough to tell the levels apart.
SAMPLE = [one for one in load_corpus() if one.category != "contract"][::8]
CONTRACT = [one for one in load_corpus() if one.category == "contract"]
ATTACK = "/api/articles?tag=%3Cscript%3Eprint(1)%3C/script%3E"


@contextmanager
def before(url: str, level: str, folder: Path) -> Iterator[RunningFront]:
    """A front of the server at `url`."""
    place = urlsplit(url)
    with front_of(place.netloc, level, folder, source=str(place.hostname), ready="/") as running:
        yield running


@pytest.mark.parametrize("level", LEVELS)
def test_nginx_takes_the_configuration(level: str, tmp_path: Path) -> None:
    """`nginx -t` finds nothing to complain of, and nothing is written outside the front's folder."""
    command = front_command(level, tmp_path, listen="127.0.0.9:8081", upstream="127.0.0.9:8082", source="127.0.0.9")
    done = subprocess.run([*command, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "test is successful" in done.stderr
    assert "[warn]" not in done.stderr
    text = (tmp_path / "front" / "nginx.conf").read_text()
    assert "access_log off" in text
    assert ("modsecurity on" in text) is bool(PARANOIA[level])


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Score]:
    """The score of each level on a sample."""
    found = {}
    with serving(lambda _: Answer(200, {"ok": True})) as url:
        for level in LEVELS:
            folder = tmp_path_factory.mktemp(level)
            with before(url, level, folder) as running:
                found[level] = score_target(level, running.url, [*SAMPLE, *CONTRACT], MARK)
    return found


def test_a_higher_paranoia_level_blocks_more_of_both(scores: dict[str, Score]) -> None:
    """Without rules all passes; each level then blocks more attacks, and lets fewer benign requests pass."""
    assert {one.unreachable for one in scores.values()} == {0}
    blocked = [scores[level].blocked.share for level in LEVELS]
    let_pass = [scores[level].let_pass.share for level in LEVELS]
    assert (blocked[0], let_pass[0]) == (0.0, 1.0)
    assert blocked == sorted(set(blocked))
    assert let_pass == sorted(set(let_pass), reverse=True)
    assert blocked[1] > 0.3


def test_the_backend_sees_who_asks_and_what(tmp_path: Path) -> None:
    """Path and Host as they were sent; the address that nginx saw, whatever the client claims; a kept connection."""
    asked: list[Request] = []

    def remember(request: Request) -> Answer:
        asked.append(request)
        return Answer(200, {})

    with serving(remember) as url, before(url, "proxy", tmp_path) as running:
        transport = httpx.HTTPTransport(local_address="127.44.5.6")
        claims = {"X-Forwarded-For": "203.0.113.7", "Forwarded": "for=203.0.113.7", "X-Forwarded-Proto": "https"}
        with httpx.Client(transport=transport, headers=claims, trust_env=False) as client:
            for _ in range(3):
                client.get(f"{running.url}/a//b/%2e%2e%2fc?d=%27")
        backend = urlsplit(url).hostname
    *_, last = asked
    headers = {name.lower(): value for name, value in last.headers.items()}
    assert (last.path, last.host) == ("/a//b/%2e%2e%2fc?d=%27", f"{running.host}:{running.port}")
    assert (headers["x-forwarded-for"], last.peer) == ("127.44.5.6", backend)
    assert not {"forwarded", "x-forwarded-proto"} & headers.keys()
    assert len({one.connection for one in asked[-3:]}) == 1


def test_a_refusal_has_the_contracts_shape_and_a_mark(tmp_path: Path) -> None:
    """403 in JSON; the backend's own 403 is left as it is, without the mark."""
    with (
        serving(lambda asked: Answer(403 if asked.path == "/own" else 200, {"own": True})) as url,
        before(url, "crs_pl1", tmp_path) as running,
    ):
        refused, own = (httpx.get(running.url + path, trust_env=False) for path in (ATTACK, "/own"))
    assert (refused.status_code, refused.json()) == (403, {"errors": {"request": ["is refused"]}})
    assert refused.headers[MARK[0]] == MARK[1]
    assert (own.status_code, own.json()) == (403, {"own": True})
    assert MARK[0] not in own.headers


@contextmanager
def backend_behind(level: str, folder: Path) -> Iterator[TargetServer]:
    """The reference backend behind a front, as its clients see it."""
    host = random_address()
    place = (host, free_port(host))
    # The address from which nginx asks is known beforehand: it is not the one at which the backend listens.
    source = random_address()
    settings = {"TARGET_ALLOWED_HOSTS": f"{host}:{place[1]}", "TARGET_TRUSTED_PROXY": source}
    treatment = "hardened,password_hash=sha256"
    with target_server(treatment, empty_sqlite(folder), folder, settings=settings) as server:
        behind = f"{server.host}:{server.port}"
        with front_of(behind, level, folder, source=source, place=place) as running:
            yield replace(server, url=running.url, host=running.host, port=running.port)


@pytest.fixture
def fronted(tmp_path: Path) -> Iterator[Stage]:
    """The reference backend behind the OWASP rules."""
    with (
        backend_behind("crs_pl1", tmp_path) as server,
        httpx.Client(base_url=server.url, trust_env=False) as client,
    ):
        yield Stage(server, client)


def test_throttles_act_on_the_client_and_not_on_nginx(tmp_path: Path) -> None:
    """Who guesses too often is stopped, whatever address it claims to have; who asks from elsewhere is not."""
    with backend_behind("proxy", tmp_path) as server:

        def statuses(source: str, count: int, **claims: str) -> list[int]:
            transport = httpx.HTTPTransport(local_address=source)
            user = {"email": "ann@example.test", "password": "wrong"}
            with httpx.Client(transport=transport, headers=claims, trust_env=False) as client:
                asked = [client.post(f"{server.url}/api/users/login", json={"user": user}) for _ in range(count)]
            return [answer.status_code for answer in asked]

        assert statuses("127.44.0.1", 30)[-1] == 429
        assert statuses("127.44.0.1", 1, **{"X-Forwarded-For": "127.44.0.3"}) == [429]
        assert statuses("127.44.0.2", 1) == [401]


def test_streams_and_sockets_pass(fronted: Stage) -> None:
    """Comments reach a WebSocket and an event stream through the rules, when they happen."""
    author = fronted.register("ann")
    slug = fronted.publish(author)
    origin = f"http://{fronted.server.host}:{fronted.server.port}"
    with fronted.socket(fronted.ticket(author), slug, origin=origin) as socket, fronted.events(author, slug) as lines:
        fronted.comment(author, slug, "Ahoy")
        heard = json.loads(socket.recv(timeout=5))
        assert heard["data"]["comment"]["body"] == "Ahoy"
        data = next(line for line in lines if line.startswith("data:"))
        assert "Ahoy" in data


def test_a_chunked_body_is_read_whole(tmp_path: Path) -> None:
    """An attack in the last chunk is refused, a benign body arrives."""
    with serving(lambda asked: Answer(200, asked.body)) as url, before(url, "crs_pl1", tmp_path) as running:

        def said(text: str) -> httpx.Response:
            chunks = [b'{"comment": ', b'{"body": "' + text.encode() + b'"}}']
            headers = {"Content-Type": "application/json"}
            return httpx.post(running.url, content=iter(chunks), headers=headers, trust_env=False)

        assert said("Low tide").json() == {"comment": {"body": "Low tide"}}
        assert said("<script>print(1)</script>").status_code == 403


def test_root_is_given_up(tmp_path: Path) -> None:
    """Where root starts it, nginx and its workers run as another user."""
    with serving(lambda _: Answer(200, {})) as url, before(url, "crs_pl1", tmp_path) as running:
        master = psutil.Process(running.pid)
        users = {process.uids().effective for process in (master, *master.children())}
    assert 0 not in users
    assert os.geteuid() == 0 or users == {os.geteuid()}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nginx_ends_with_whoever_started_it(number: signal.Signals, tmp_path: Path) -> None:
    """However its parent ends, neither master nor worker stays behind, and the port is free."""
    host = random_address()
    port = free_port(host)
    _, *command = front_command(
        "crs_pl1", tmp_path, listen=f"{host}:{port}", upstream="127.0.0.9:9", source="127.0.0.9"
    )
    words = command[command.index(sys.executable) :]
    starter = (
        "import os, signal, sys, time; from pathlib import Path; from tradeoff.target.process import ManagedProcess;"
        "signal.signal(signal.SIGINT, signal.SIG_DFL);"  # who runs the tests may ignore it
        "process = ManagedProcess(sys.argv[1:], cwd=Path.cwd(), environment=os.environ, name='front');"
        "print(process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", starter, *words], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        try:
            started = serving_processes(pid, host, port)
        finally:
            parent.send_signal(number)
        parent.wait(10)
    assert len(started) == 2
    assert not psutil.wait_procs(started, timeout=5)[1]


def serving_processes(pid: int, host: str, port: int) -> list[psutil.Process]:
    """nginx and its worker, once they listen."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0 and (workers := psutil.Process(pid).children()):
                return [psutil.Process(pid), *workers]
        time.sleep(0.05)
    raise AssertionError("nginx does not listen")


def test_without_nginx_there_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(front_module, "SBIN", str(tmp_path))
    words = ["--level", "proxy", "--listen", "127.0.0.9:1", "--upstream", "127.0.0.9:2", "--source", "127.0.0.9"]
    monkeypatch.setattr(sys, "argv", ["front", *words, "--folder", str(tmp_path / "front")])
    with pytest.raises(SystemExit) as ended:
        launcher.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "nginx is not installed: `make services` installs it\n"


def test_without_the_rules_only_the_proxy_can_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The missing part is named."""
    monkeypatch.setattr(front_module, "CORE_RULES", tmp_path / "rules")
    front = Front("crs_pl2", "127.0.0.9:1", "127.0.0.9:2", "127.0.0.9")
    replace(front, level="proxy").write(tmp_path / "plain")
    with pytest.raises(MissingPartError, match="rules"):
        front.write(tmp_path / "ruled")
