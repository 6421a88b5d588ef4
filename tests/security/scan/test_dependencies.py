"""The audit of locks: what is flawed is found, and what could not be looked up is said and never a pass."""

import json
import threading
import zipfile
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from security.scan.advisories import AdvisoryFile, OsvServer, affects
from security.scan.dependencies import Audit, read_lock, run_dependencies
from security.scan.findings import ScannerError
from security.scan.policy import PROJECT
from security.scan.scan import scan

SELECTION = PROJECT / "security" / "scan" / "advisories.json"
LOCK = """\
# made by hand
jinja2==3.1.2 \\
    --hash=sha256:31351a702a408a9e7595a8fc6150fc3f43bb6bf7e319770cbc0db9df9437e852
Flask[async]==3.0.0 ; python_version > '3.8' --hash=sha256:aa
requests==2.32.5
"""


def advisory(package: str, *events: dict[str, str], **more: object) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}]
    affected = [{"package": {"ecosystem": "PyPI", "name": package}, "ranges": ranges}]
    return {"id": "GHSA-1", "modified": "2024-05-01T00:00:00Z", "summary": "Bad", "affected": affected, **more}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.lock").write_text(LOCK)
    (tmp_path / "a.py").write_text("")
    return tmp_path


def complete(path: Path, *advisories: dict[str, Any]) -> AdvisoryFile:
    path.write_text(json.dumps({"modified": "2024-05-01", "complete": True, "vulns": advisories}))
    return AdvisoryFile(path, date(2024, 5, 2))


def test_a_lock_is_read_with_its_hashes() -> None:
    """Extras, markers and continued lines; a package without a hash is known."""
    packages, unread = read_lock(LOCK + "-r other.lock\ngit+https://example.com/x.git\n")
    assert [(one.name, one.version, one.line, one.hashed) for one in packages] == [
        ("jinja2", "3.1.2", 2, True),
        ("Flask", "3.0.0", 4, True),
        ("requests", "2.32.5", 5, False),
    ]
    assert unread == [(7, "git+https://example.com/x.git")]


def test_a_flawed_package_is_found_where_it_stands(project: Path) -> None:
    """The finding names the advisory, its aliases and the version that mends it."""
    found = run_dependencies(Audit(("a.lock",), AdvisoryFile(SELECTION)), project).findings
    jinja = [one for one in found if "jinja2" in one.message]
    assert {one.line for one in jinja} == {2}
    assert any("GHSA-h5c8-rqwp-cp95, CVE-2024-22195" in one.message and "3.1.3" in one.message for one in jinja)
    assert [one.rule for one in found if one.line == 5] == ["D502"]


def test_what_an_incomplete_source_does_not_know_is_unknown(project: Path) -> None:
    """A selection of advisories proves nothing about a package that it has none for."""
    scanned = run_dependencies(Audit(("a.lock",), AdvisoryFile(SELECTION)), project)
    assert len(scanned.unknown) == 2
    assert "Flask 3.0.0 of a.lock was not looked up" in scanned.unknown[0]
    assert any("holds some advisories, not all" in note for note in scanned.notes)


def test_a_scan_that_could_not_look_up_does_not_pass(project: Path) -> None:
    """It did not fail either: it is incomplete, which has an exit code of its own."""
    (project / "a.lock").write_text("flask==3.0.0 --hash=sha256:aa\n")
    unknown = scan(["a.py"], root=project, audit=Audit(("a.lock",), AdvisoryFile(SELECTION)))
    assert (unknown.passed, unknown.failed, unknown.complete) == (False, False, False)
    source = complete(project / "all.json", advisory("other", {"introduced": "0"}))
    looked_up = scan(["a.py"], root=project, audit=Audit(("a.lock",), source))
    assert looked_up.passed


def test_a_flawed_dependency_fails_unless_a_level_declares_it(project: Path) -> None:
    """An old lock that is a trap on purpose is declared like any other finding."""
    (project / "a.lock").write_text("jinja2==3.1.2 --hash=sha256:aa\n")
    audit = Audit(
        ("a.lock",), complete(project / "all.json", advisory("Jinja2", {"introduced": "0"}, {"fixed": "3.1.3"}))
    )
    assert scan(["a.py"], root=project, audit=audit).failed
    declared = [{"rule": "D501", "path": "a.lock", "control": "dependencies", "level": "pinned_old"}]
    assert scan(["a.py"], declared, root=project, audit=audit).passed


@pytest.mark.parametrize(
    ("version", "events", "inside"),
    [
        ("1.0", [{"introduced": "0"}], True),
        ("1.0", [{"introduced": "0"}, {"fixed": "1.0"}], False),
        ("0.9", [{"introduced": "0"}, {"fixed": "1.0"}], True),
        ("1.0", [{"introduced": "0"}, {"last_affected": "1.0"}], True),
        ("1.1", [{"introduced": "0"}, {"last_affected": "1.0"}], False),
        ("2.0.3", [{"introduced": "0"}, {"fixed": "1.26.17"}, {"introduced": "2.0.0"}, {"fixed": "2.0.6"}], True),
        ("1.26.18", [{"introduced": "0"}, {"fixed": "1.26.17"}, {"introduced": "2.0.0"}, {"fixed": "2.0.6"}], False),
        ("1.10", [{"introduced": "1.9"}], True),
    ],
)
def test_ranges_are_read_as_osv_says(version: str, events: list[dict[str, str]], inside: bool) -> None:
    """The last event at or before the version decides; versions are no text."""
    assert affects(advisory("x", *events), version) is inside


def test_the_date_is_shown_and_staleness_said(tmp_path: Path) -> None:
    """A reader knows how old the advisories are."""
    path = tmp_path / "all.json"
    path.write_text(json.dumps([advisory("x", {"introduced": "0"})]))
    assert AdvisoryFile(path, date(2024, 5, 20)).notes[0] == "Advisories of all.json of 2024-05-01."
    assert "65 days old: stale" in AdvisoryFile(path, date(2024, 7, 5)).notes[0]


def test_a_folder_and_a_zip_hold_all_there_is(tmp_path: Path) -> None:
    """As OSV publishes them: one file for each advisory; a package without one has none."""
    folder = tmp_path / "pypi"
    folder.mkdir()
    (folder / "GHSA-1.json").write_text(json.dumps(advisory("x", {"introduced": "0"})))
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(folder / "GHSA-1.json", "GHSA-1.json")
    for path in (folder, archive):
        source = AdvisoryFile(path)
        assert [one.id for one in source.look_up("X", "1.0")] == ["GHSA-1"]
        assert source.look_up("y", "1.0") == []


def test_withdrawn_advisories_and_other_ecosystems_are_none(tmp_path: Path) -> None:
    """Neither is about this package."""
    npm = advisory("x", {"introduced": "0"})
    npm["affected"][0]["package"]["ecosystem"] = "npm"
    gone = advisory("x", {"introduced": "0"}, withdrawn="2024-06-01T00:00:00Z")
    assert complete(tmp_path / "a.json", npm, gone, advisory("y", {"introduced": "0"})).look_up("x", "1.0") == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"vulns": []}', '{"vulns": [{"affected": [{}]}]}'])
def test_advisories_that_cannot_be_read_are_an_error(tmp_path: Path, text: str) -> None:
    """An empty or broken file is never "no flaws"."""
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ScannerError, match=r"a\.json"):
        AdvisoryFile(tmp_path / "a.json")


class Osv(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = query["package"]["name"]
        self.send_response(500 if name == "broken" else 200)
        self.end_headers()
        vulns = [advisory(name, {"introduced": "0"})] if name == "bad" and query["version"] == "1.0" else []
        self.wfile.write(json.dumps({"vulns": vulns} if vulns else {}).encode())

    def log_message(self, *_arguments: object) -> None:
        return


@pytest.fixture
def osv() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Osv)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_osv_server_is_asked(osv: str, project: Path) -> None:
    """Flawed, sound, and one for which the server has no answer."""
    (project / "a.lock").write_text("".join(f"{name}==1.0 --hash=sha256:aa\n" for name in ("bad", "good", "broken")))
    scanned = run_dependencies(Audit(("a.lock",), OsvServer(osv)), project)
    assert [one.line for one in scanned.findings] == [1]
    assert [one.split()[0] for one in scanned.unknown] == ["broken"]


def test_a_server_that_is_away_leaves_everything_unknown(project: Path) -> None:
    """pip-audit says "no known vulnerabilities" then."""
    scanned = run_dependencies(Audit(("a.lock",), OsvServer("http://127.0.0.1:9")), project)
    assert len(scanned.unknown) == 3


def test_a_server_elsewhere_is_not_asked() -> None:
    """Loopback alone: what this project depends on is told to nobody."""
    with pytest.raises(ScannerError, match="is not asked"):
        OsvServer("https://192.0.2.1")
