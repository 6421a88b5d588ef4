"""Rates, intervals and what counts as found."""

from pathlib import Path

import pytest

from security.scan.findings import Finding, Status
from security.scan.rating import Twin, difference, rate, rate_levels, rate_twins, read_twins

TWINS = [Twin("race", "a", "a/weak.py", "a/strong.py"), Twin("race", "b", "b/weak.py", "b/strong.py")]


def finding(path: str, weakness: str = "race", scanner: str = "s", **more: object) -> Finding:
    return Finding(scanner, "R1", path, 1, "m", "high", None, weakness=weakness, seen_by=(f"{scanner} R1",), **more)  # type: ignore[arg-type]


def test_wilsons_interval_is_that_of_the_literature() -> None:
    """81 of 263: 0.2553 to 0.3662 (Newcombe 1998, table I, method 3)."""
    found = rate(81, 263)
    assert found is not None
    assert (round(found["low"], 4), round(found["high"], 4)) == (0.2553, 0.3662)
    assert rate(0, 0) is None


def test_the_difference_has_newcombes_interval() -> None:
    """56 of 70 less 48 of 80: 0.2000, from 0.0524 to 0.3339 (Newcombe 1998, table II, method 10)."""
    found = difference(rate(56, 70), rate(48, 80))
    assert found is not None
    assert [round(found[key], 4) for key in ("value", "low", "high")] == [0.2, 0.0524, 0.3339]


def test_only_findings_of_the_pairs_class_count() -> None:
    """Found in the weak file, alarmed in the strong one; another class is neither."""
    findings = [finding("a/weak.py"), finding("b/weak.py", "other"), finding("b/strong.py")]
    rows = {(row["scanner"], row["class"]): row for row in rate_twins(TWINS, findings, ["s", "t"])}
    assert [rows["s", None][key] for key in ("weak", "found", "strong", "alarmed")] == [2, 1, 2, 1]
    assert rows["s", "race"]["youden"]["value"] == 0
    assert rows["t", None]["found"] == 0
    assert rows["joined", None]["found"] == 1


def test_a_refuted_finding_counts_for_its_scanner_and_not_for_all() -> None:
    """The joined scanners take back what following the data has refuted."""
    rows = rate_twins(TWINS, [finding("a/strong.py", status=Status.REFUTED)], ["s"])
    assert {row["scanner"]: row["alarmed"] for row in rows if row["class"] is None} == {"s": 1, "joined": 0}


def test_levels_are_cases() -> None:
    """A weak level is found by its declared finding; an undeclared one beside it is an alarm of the strong level."""
    declared = {"rule": "R1", "path": "c.py", "symbol": "Weak"}
    levels = [
        {"control": "c", "level": "off", "weak": True, "findings": [declared]},
        {"control": "c", "level": "on", "weak": False, "findings": []},
        {"control": "d", "level": "off", "weak": True, "findings": []},
    ]
    expected = finding("c.py", symbol="Weak.check", status=Status.EXPECTED)
    (_, joined) = rate_levels(levels, [expected], ["s"])
    assert [joined[key] for key in ("weak", "found", "strong", "alarmed")] == [2, 1, 1, 0]
    (_, joined) = rate_levels(levels, [expected, finding("c.py", symbol="Strong")], ["s"])
    assert joined["alarmed"] == 1


def test_a_pair_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    """A weak file without its twin would count as half a case."""
    (tmp_path / "race" / "a").mkdir(parents=True)
    (tmp_path / "race" / "a" / "weak.py").write_text("")
    with pytest.raises(ValueError, match="needs a weak and a strong file"):
        read_twins(tmp_path, tmp_path)
