"""`tradeoff probe` on a backend that nobody here knows."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tests.security.stranger.applications import APPLICATIONS, running
from tests.security.stranger.listener import listening
from tests.security.stranger.serving import served
from tests.tradeoff.cli.command import ROOT, tradeoff


@pytest.fixture
def document(tmp_path: Path) -> Path:
    file = tmp_path / "openapi.json"
    file.write_text(APPLICATIONS["notes"].document(set()))
    return file


def test_a_stranger_is_attacked_written_down_and_attacked_again(tmp_path: Path, document: Path) -> None:
    """Exit 1 with findings; JSON with the documented keys; tests of them; each is repeated until it is mended."""
    result, tests = tmp_path / "result.json", tmp_path / "test_flaws.py"
    with running("notes", {"note_read"}) as url:
        done = tradeoff("probe", "--url", url, "--openapi", document, "--pytest", tests, "--json")
        assert done.returncode == 1, done.stderr
        result.write_text(done.stdout)
        read = json.loads(done.stdout)
        assert {"target", "requests", "seconds", "outcomes", "findings", "coverage"} <= read.keys()
        assert {"probe", "control", "api", "result"} <= read["outcomes"][0].keys()
        (finding,) = read["findings"]
        assert finding["check"] == "object_read"
        assert read["tests"]["count"] == 1
        assert "def test_the_flaw_is_gone" in tests.read_text()
        again = tradeoff("probe", "--url", url, "--replay", f"{result}#{finding['id']}", "--json")
        assert again.returncode == 1, again.stderr
        assert [one["result"] for one in json.loads(again.stdout)["outcomes"]] == ["succeeded"]
    with running("notes", set()) as url:
        mended = tradeoff("probe", "--url", url, "--replay", f"{result}#{finding['id']}")
        assert mended.returncode == 0, mended.stderr
        assert "stopped" in mended.stdout


def test_findings_are_shown_in_a_table(document: Path) -> None:
    """With ids, place and title, and with what was reached."""
    with running("notes", {"note_read"}) as url:
        done = tradeoff("probe", "--url", url, "--openapi", document)
    assert done.returncode == 1
    assert "GET /api/notes/{note_id}: Another user's object can be read" in done.stdout
    assert "Of 16 operations answered: " in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--openapi", "DOCUMENT", "--url", "http://192.0.2.7"), "neither loopback nor authorised"),
        (
            ("--openapi", "http://192.0.2.7/openapi.json", "--url", "http://127.0.0.1:9"),
            "neither loopback nor authorised",
        ),
        (("--openapi", "missing.json", "--url", "http://127.0.0.1:9"), "missing.json"),
        (("--openapi", "README.md", "--url", "http://127.0.0.1:9"), "YAML"),
        (("--openapi", "DOCUMENT", "--url", "http://127.0.0.1:9", "--identities", "README.md"), "TOML"),
        (("--url", "http://127.0.0.1:9", "--pytest", "test_x.py"), "--openapi"),
        (("--url", "http://127.0.0.1:9", "--replay", "missing.json#a1"), "missing.json"),
        (("--openapi", "DOCUMENT", "hardened"), "--url"),
        (("hardened", "--replay", "no_such_probe"), "no_such_probe"),
    ],
)
def test_what_can_not_be_done_is_said(document: Path, words: tuple[str, ...], said: str) -> None:
    """One sentence, exit 2, and no traceback."""
    done = tradeoff("probe", *(str(document) if word == "DOCUMENT" else word for word in words))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


GUARDED = [("--openapi", "DOCUMENT"), (), ("--replay", "RESULT"), ("--waf",)]


@pytest.mark.parametrize("more", GUARDED, ids=["stranger", "reference", "replay", "waf"])
@pytest.mark.parametrize("url", ["http://192.0.2.7:8000", "http://[2001:db8::7]"])
def test_a_target_that_is_not_ours_is_refused(document: Path, tmp_path: Path, url: str, more: tuple[str, ...]) -> None:
    """Whatever the attack: exit 2 and one sentence that says what to do."""
    result = tmp_path / "result.json"
    result.write_text(json.dumps({"findings": [{"id": "a1", "script": {}}]}))
    files = {"DOCUMENT": str(document), "RESULT": str(result)}
    refused("neither loopback nor authorised", tradeoff("probe", "--url", url, *(files.get(one, one) for one in more)))


def refused(said: str, done: subprocess.CompletedProcess[str]) -> None:
    """Exit 2, one sentence, and nothing that looks like a result."""
    assert done.returncode == 2, done.stdout + done.stderr
    (sentence,) = (line for line in done.stderr.splitlines() if line.startswith("tradeoff: "))
    assert said in sentence
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_target_that_redirects_elsewhere_is_refused(document: Path) -> None:
    """The other host, though it is loopback too, is named and not asked."""

    async def away(request: Request) -> Response:
        return RedirectResponse(f"{elsewhere}{request.url.path}", 307)

    routes = [Route("/{path:path}", away, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])]
    with listening() as (elsewhere, asked), served(Starlette(routes=routes)) as url:
        refused("another host", tradeoff("probe", "--url", url, "--openapi", document))
        refused("another host", tradeoff("probe", "--url", url, "--openapi", f"{url}/openapi.json"))
    assert asked == []


def test_the_server_of_a_document_is_not_asked(tmp_path: Path) -> None:
    """The run says so, and goes to --url alone; a `servers` entry is no way round a refusal either."""
    file = tmp_path / "openapi.json"
    with listening() as (elsewhere, asked), running("notes", set()) as url:
        described = json.loads(APPLICATIONS["notes"].document(set()))
        file.write_text(json.dumps(described | {"servers": [{"url": elsewhere + "/api"}, {"url": url}]}))
        done = tradeoff("probe", "--url", url, "--openapi", file)
        assert done.returncode in (0, 3), done.stderr
        assert " ".join(f"The document's server {elsewhere}/api is not asked".split()) in " ".join(done.stdout.split())
        refused("neither loopback", tradeoff("probe", "--url", "http://192.0.2.7", "--openapi", file))
    assert asked == []


def test_a_name_that_leads_elsewhere_is_refused(document: Path) -> None:
    """Also a name that sounds local, and one of whose addresses is loopback."""
    for addresses in (["192.0.2.7"], ["127.0.0.1", "192.0.2.7"]):
        command = [sys.executable, "-c", RESOLVING.format(addresses=addresses), "probe", "--url", "http://localhost:9"]
        done = subprocess.run(
            [*command, "--openapi", str(document)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        refused("neither loopback nor authorised", done)


# The command in a process whose resolver gives these addresses for every name.
RESOLVING = """
import socket
socket.getaddrinfo = lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 9)) for one in {addresses}]
from tradeoff.cli import main
main()
"""


def test_a_probe_of_the_reference_backend_is_repeated_by_its_name() -> None:
    """One probe alone, against an arm that is started for it."""
    done = tradeoff("probe", "hardened,token_signature=accepts_none", "--replay", "token_unsigned", "--json")
    assert done.returncode == 1, done.stderr
    assert [(one["probe"], one["result"]) for one in json.loads(done.stdout)["outcomes"]] == [
        ("token_unsigned", "succeeded")
    ]


def test_what_a_second_worker_opens_is_told() -> None:
    """State of each process holds with one worker and opens with two: exit 0, since the level declares it."""
    done = tradeoff(
        "probe", "hardened,revocation=per_process", "--workers", "2", "--replay", "token_after_log_out", "--json"
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read["conditions"] == {"load": 0, "workers": 2, "articles": 1000}
    (opening,) = read["openings"]
    assert opening["sentence"] == (
        "token_after_log_out on hardened,revocation=per_process holds at 1 worker and opens at 2 workers"
    )
    assert opening["declared"]


def test_a_target_is_attacked_under_load() -> None:
    """The load that was held is told: more than the capacity, on an arm that then gives visitors up."""
    done = tradeoff("probe", "hardened", "--load", "150", "--replay", "foreign_draft_read", "--json")
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert [one["result"] for one in read["outcomes"]] == ["stopped"]
    assert read["load"]["rate"] > 1.3 * read["load"]["capacity"] > 0
    assert read["load"]["requests"] > 0


@pytest.mark.parametrize("words", [("--url", "http://127.0.0.1:9"), ("hardened", "--waf")])
def test_conditions_go_with_an_arm_that_is_probed(words: tuple[str, ...]) -> None:
    """A running target has its own workers and data; a WAF's score is no verdict."""
    done = tradeoff("probe", *words, "--load", "50")
    assert done.returncode == 2
    assert "--load, --workers and --articles" in done.stderr
