"""The joined scanners over real files: what is declared, what is not, and what was not read."""

import json
from pathlib import Path

import pytest

from security.sarif import build_sarif
from security.scan.expected import judge
from security.scan.findings import Finding, ScannerError
from security.scan.policy import PROJECT, TABLE, Allowance, read_policy
from security.scan.scan import DEFAULT_PATHS, scan
from tests.parts.target import describe

WEAK = "import hashlib\n\n\ndef weak(data: bytes) -> str:\n    return hashlib.md5(data).hexdigest()\n"
CLEAN = "def double(number: int) -> int:\n    return 2 * number\n"
DECLARED = [
    {"rule": "B324", "path": "app/weak.py", "control": "password_hash", "level": "md5"},
    {"rule": "S324", "path": "app/weak.py", "control": "password_hash", "level": "md5"},
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "weak.py").write_text(WEAK)
    (tmp_path / "app" / "clean.py").write_text(CLEAN)
    return tmp_path


def test_a_declared_finding_passes(project: Path) -> None:
    """Two scanners see the weak digest: one finding, which names both; declared, it carries its control and level."""
    result = scan(["app"], DECLARED, root=project)
    assert result.passed
    (found,) = result.findings
    assert found.seen_by == ("bandit B324", "ruff S324")
    assert (found.status, found.control, found.level) == ("expected", "password_hash", "md5")
    assert (found.weakness, found.symbol, found.asvs) == ("weak_digest", "weak", ("11.4.1",))
    assert {scanner.name: (scanner.files, len(scanner.findings)) for scanner in result.scanners} == {
        "bandit": (2, 1),
        "ruff": (2, 1),
        "tradeoff-rules": (2, 0),
        "tradeoff-secrets": (2, 0),
    }


def test_an_undeclared_finding_fails(project: Path) -> None:
    """What no level declares is unexpected, and the scan does not pass."""
    result = scan(["app"], root=project)
    assert not result.passed
    assert [(finding.rules, finding.path, finding.line) for finding in result.unexpected] == [
        ({"B324", "S324"}, "app/weak.py", 5)
    ]


def test_a_declaration_covers_its_own_file_alone(project: Path) -> None:
    """The same weakness in another file is unexpected."""
    (project / "app" / "copy.py").write_text(WEAK)
    assert {finding.path for finding in scan(["app"], DECLARED, root=project).unexpected} == {"app/copy.py"}


def test_a_declaration_of_a_symbol_covers_nothing_else_in_its_file(project: Path) -> None:
    """A strong level beside the weak one, in the same file, gets nothing from the weak one's declaration."""
    weak = project / "app" / "weak.py"
    weak.write_text(WEAK + WEAK.partition("\n")[2].replace("weak", "strong"))
    declared = [{**one, "symbol": "weak"} for one in DECLARED]
    assert [finding.symbol for finding in scan(["app"], declared, root=project).unexpected] == ["strong"]
    assert scan(["app"], DECLARED, root=project).unexpected == ()


def test_the_other_scanners_number_is_the_same_finding(project: Path) -> None:
    """Declared as B324 alone, ruff's S324 beside it is no news."""
    assert scan(["app"], DECLARED[:1], root=project).passed


def test_a_declared_finding_that_nobody_reports_is_missing(project: Path) -> None:
    """A declaration without a finding fails: the declaration or the scanner is wrong."""
    never = {"rule": "B608", "path": "app/clean.py", "control": "sql", "level": "string_built"}
    elsewhere = {**never, "path": "not/scanned.py"}
    result = scan(["app"], [*DECLARED, never, elsewhere], root=project)
    assert not result.passed
    assert [one.as_json() for one in result.missing] == [never]


@pytest.mark.parametrize("broken", [b"def broken(:\n", b"text = '\xff\xfe'\n", b"import hashlib\x00\n"])
def test_a_file_that_a_scanner_cannot_read_fails(project: Path, broken: bytes) -> None:
    """bandit leaves out what it cannot parse and ends with 0; here the file is named and the scan fails."""
    (project / "app" / "broken.py").write_bytes(broken)
    result = scan(["app"], DECLARED, root=project)
    assert not result.passed
    bandit = result.scanners[0]
    assert [one.path for one in bandit.skipped] == ["app/broken.py"]
    assert bandit.files == 2
    assert "app/broken.py" in str(result.as_json()["scanners"][0]["skipped"])


def test_ruff_reports_a_file_that_it_cannot_parse(project: Path) -> None:
    """ruff's complaint about syntax is a skipped file as well, named once."""
    (project / "app" / "broken.py").write_text("def broken(:\n")
    ruff = scan(["app"], DECLARED, root=project).scanners[1]
    assert [one.path for one in ruff.skipped] == ["app/broken.py"]
    assert ruff.files == 2


def test_silencing_comments_are_not_heard(project: Path) -> None:
    """`# nosec` and `# noqa` change nothing: what stands is declared, not hushed up."""
    hushed = WEAK.replace("hexdigest()", "hexdigest()  # nosec  # noqa: S324")
    (project / "app" / "weak.py").write_text(hushed)
    assert [finding.rules for finding in scan(["app"], root=project).unexpected] == [{"B324", "S324"}]


def test_the_projects_own_scanner_settings_are_not_heard(project: Path) -> None:
    """A configuration or an ignore file beside the code does not make it pass."""
    ruff = '[tool.ruff]\nexclude = ["app"]\n[tool.ruff.lint.per-file-ignores]\n"*" = ["S324"]\n'
    (project / "pyproject.toml").write_text(ruff + '[tool.bandit]\nskips = ["B324"]\n')
    (project / ".gitignore").write_text("app/\n")
    (project / ".bandit").write_text("[bandit]\nskips = B324\n")
    assert [finding.rules for finding in scan(["app"], root=project).unexpected] == [{"B324", "S324"}]


def test_fingerprints_survive_moved_lines(project: Path) -> None:
    """Lines added above change no fingerprint; the same line twice has two."""
    before = {finding.fingerprint for finding in scan(["app"], root=project).findings}
    (project / "app" / "weak.py").write_text("\n\n# moved\n" + WEAK + WEAK.partition("\n")[2])
    after = {finding.fingerprint for finding in scan(["app"], root=project).findings}
    assert before < after
    assert len(after) == 2 * len(before)


def test_another_line_has_another_fingerprint(project: Path) -> None:
    """A changed line is a new finding."""
    before = {finding.fingerprint for finding in scan(["app"], root=project).findings}
    (project / "app" / "weak.py").write_text(WEAK.replace("data)", "bytes(data))"))
    assert before.isdisjoint(finding.fingerprint for finding in scan(["app"], root=project).findings)


def test_a_missing_scanner_says_what_to_do(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scanner that is not installed is an error with a sentence, never an empty result."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ScannerError, match="bandit is not installed: run `make setup`"):
        scan(["app"], root=project)


def test_a_scanner_that_breaks_is_an_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scanner that ends with neither 0 nor 1, or prints no JSON, is an error."""
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(ScannerError, match="printed no JSON"):
        scan(["app"], root=project)


def test_paths_that_are_not_there_or_elsewhere_are_refused(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A mistyped path is an error and not a clean scan; neither is one outside the root."""
    with pytest.raises(FileNotFoundError):
        scan(["ap"], root=project)
    with pytest.raises(ValueError, match="is not in the subpath"):
        scan([tmp_path_factory.mktemp("elsewhere") / ".."], root=project)


def test_another_project_gets_nothing_from_our_policy(project: Path) -> None:
    """The policy speaks of our paths: a foreign file of the same name is judged by itself."""
    (project / "security" / "scan").mkdir(parents=True)
    (project / "security" / "scan" / "runner.py").write_text("import subprocess\n")
    assert [finding.rules for finding in scan(["security"], root=project).unexpected] == [{"B404"}]


def test_the_policy_allows_a_place_only_with_every_rule_that_saw_it() -> None:
    """A reason for one scanner's rule is none for another's; two rows may each give one."""
    found = Finding("own", "R9", "a.py", 1, "m", "high", None, seen_by=("own R9", "bandit B105"))
    half, rest = Allowance(("B105",), ("*",), "first"), Allowance(("R9",), ("*",), "second")
    assert [judge([found], [], rows)[0].status for rows in ([half], [rest], [half, rest])] == [
        "unexpected",
        "unexpected",
        "declared",
    ]
    assert judge([found], [], [half, rest])[0].reason == "first second"


def test_our_own_code_has_no_undeclared_finding(tmp_path: Path) -> None:
    """Our own folders pass with what the weak levels declare and the policy allows; nothing is declared in vain."""
    declared = [
        {**finding, "control": factor["name"], "level": level["name"]}
        for factor in describe(tmp_path)["factors"]
        for level in factor["levels"]
        for finding in level["static_findings"]
    ]
    result = scan(DEFAULT_PATHS, declared, root=PROJECT)
    assert [(finding.rule, finding.path, finding.line) for finding in result.unexpected] == []
    assert [scanner.skipped for scanner in result.scanners] == [(), (), (), ()]
    assert result.missing == ()
    idle = [row for row in read_policy(TABLE) if not any(row.covers(finding) for finding in result.findings)]
    assert idle == []


def test_the_result_is_json(project: Path) -> None:
    """The result and its SARIF can be written as JSON."""
    result = scan(["app"], DECLARED, root=project).as_json()
    assert set(result) >= {"scanners", "findings", "unexpected", "missing"}
    assert json.loads(json.dumps(result)) == result
    json.dumps(build_sarif(result))
