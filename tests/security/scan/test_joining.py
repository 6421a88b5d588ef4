"""Findings of one place and class are one; the place is the statement, wherever in it a scanner points."""

from pathlib import Path

from security.scan.places import Place, Places
from security.scan.scan import scan

CODE = """\
import hashlib


class Store:
    @decorated(
        option=1,
    )
    def find(self, name):
        if (
            name
        ):
            self.run(
                hashlib.md5(b"")
            )
        return 1
"""


def test_a_line_belongs_to_its_statement_and_symbol(tmp_path: Path) -> None:
    """Any line of a call is the call's; a compound statement is its head alone; decorators are the function's."""
    (tmp_path / "a.py").write_text(CODE)
    places = Places(tmp_path)
    found = {line: places.place("a.py", line) for line in (1, 5, 8, 10, 12, 13, 14, 15, 99)}
    assert {line: (place.line, place.symbol) for line, place in found.items()} == {
        1: (1, ""),
        5: (5, "Store.find"),
        8: (5, "Store.find"),
        10: (9, "Store.find"),
        12: (12, "Store.find"),
        13: (12, "Store.find"),
        14: (12, "Store.find"),
        15: (15, "Store.find"),
        99: (99, ""),
    }
    assert found[13].text == 'self.run( hashlib.md5(b"") )'


def test_a_file_that_is_no_python_has_lines(tmp_path: Path) -> None:
    """A lock or a broken module: the line itself."""
    (tmp_path / "a.lock").write_text("x==1\ny==2\n")
    (tmp_path / "b.py").write_text("def (\n")
    assert Places(tmp_path).place("a.lock", 2) == Place(2, "", "y==2")
    assert Places(tmp_path).place("b.py", 1) == Place(1, "", "def (")


def test_scanners_that_point_at_different_lines_see_one_finding(tmp_path: Path) -> None:
    """bandit points at the text, the rule at the call: one statement, one class, one finding."""
    (tmp_path / "a.py").write_text(
        "@app.get('/')\ndef f(name: str, db=Depends(get_db)):\n"
        "    db.execute(\n        f\"SELECT a FROM t WHERE n = '{name}'\"\n    )\n"
    )
    (found,) = scan(["a.py"], root=tmp_path).findings
    assert found.seen_by == ("tradeoff-rules T101", "bandit B608", "ruff S608")
    assert (found.weakness, found.cwe, found.asvs, found.severity) == ("sql_injection", "89", ("1.2.4",), "high")


def test_what_the_data_refutes_is_shown_and_does_not_fail(tmp_path: Path) -> None:
    """bandit takes any built SQL for an injection; where every piece is from a list it is refuted, and visible."""
    (tmp_path / "a.py").write_text(
        "NAMES = {'a', 'b'}\n\n\n@app.get('/')\ndef f(name: str, db=Depends(get_db)):\n"
        "    if name not in NAMES:\n        raise ValueError\n"
        '    statement = f"SELECT {name} FROM t"\n    db.execute(statement)\n'
    )
    result = scan(["a.py"], root=tmp_path)
    assert [(one.status, one.seen_by) for one in result.findings] == [("refuted", ("bandit B608", "ruff S608"))]
    assert result.passed


def test_fingerprints_know_no_scanner_and_no_line(tmp_path: Path) -> None:
    """Reformatted and moved, the finding is the same one; in another function it is another."""
    (tmp_path / "a.py").write_text("import hashlib\n\n\ndef f(x):\n    return hashlib.md5(x)\n")
    (before,) = scan(["a.py"], root=tmp_path).findings
    (tmp_path / "a.py").write_text("import hashlib\n\nX = 1\n\n\ndef f(x):\n    return   hashlib.md5(x)\n")
    (moved,) = scan(["a.py"], root=tmp_path).findings
    (tmp_path / "a.py").write_text("import hashlib\n\n\ndef g(x):\n    return hashlib.md5(x)\n")
    (other,) = scan(["a.py"], root=tmp_path).findings
    assert before.fingerprint == moved.fingerprint != other.fingerprint
