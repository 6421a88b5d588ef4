from xml.etree import ElementTree as ET

from tests.tradeoff.report import builder
from tradeoff.judge.summary import Summary
from tradeoff.report.junit import render_junit


def cases(summary: Summary, suite: str) -> dict[str, ET.Element]:
    root = ET.fromstring(render_junit(summary))
    found = root.find(f"testsuite[@name='{suite}']")
    return {} if found is None else {case.attrib["name"]: case for case in found.iter("testcase")}


def failures(summary: Summary) -> list[str]:
    root = ET.fromstring(render_junit(summary))
    return [case.attrib["name"] for case in root.iter("testcase") if case.find("failure") is not None]


def test_a_good_run_passes_with_a_case_for_attacks_and_price_of_each_factor() -> None:
    """Nine factors give nine cases of attacks and nine of prices, none failed."""
    summary = builder.quick_summary()
    names = [case.name for case in builder.CASES]
    assert list(cases(summary, "attacks")) == names
    assert list(cases(summary, "prices")) == names
    assert failures(summary) == []
    price = cases(summary, "prices")["password_hash"].findtext("system-out")
    assert price is not None
    assert price.startswith("+41.9 ms [41.5, 42.3] a log-in")


def test_an_undeclared_success_and_an_unexpected_finding_fail() -> None:
    """What no level declares fails its factor's case, its scanner's case and the verdict, with the evidence."""
    summary = builder.broken()
    assert failures(summary) == ["response_cache", "ruff", "verdict"]
    failure = cases(summary, "attacks")["response_cache"].find("failure")
    assert failure is not None
    assert "cached_draft on hardened: GET /api/articles answered 200" in (failure.text or "")


def test_what_was_not_measured_is_skipped_with_its_reason() -> None:
    """No price is a skip, an omission is a skip, no scan is a skip: none of them passes."""
    summary = builder.attacked_only()
    assert all(case.find("skipped") is not None for case in cases(summary, "prices").values())
    assert cases(summary, "scan")["static scan"].find("skipped") is not None
    gap = cases(summary, "not measured")["login_throttle = per_process"].find("skipped")
    assert gap is not None
    assert gap.attrib["message"] == "its weakness shows with 2 workers or more"


def test_attacks_that_could_not_run_are_skipped() -> None:
    """A factor of which no attack ran is not passed."""
    summary = builder.quick_summary()
    attacked = [
        arm.model_copy(
            update={
                "outcomes": [
                    one.model_copy(update={"result": "could_not_run", "evidence": "no lab command"})
                    if one.control == "errors_and_docs"
                    else one
                    for one in arm.outcomes
                ]
            }
        )
        for arm in summary.attacked
    ]
    skipped = cases(summary.model_copy(update={"attacked": attacked}), "attacks")["errors_and_docs"].find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "no attack ran: no lab command"


def test_a_skipped_file_fails_its_scanner() -> None:
    """A scanner that did not read a file fails, as the scan itself does."""
    found = builder.scan()
    scanners = [found.scanners[0] | {"skipped": ["a.py: syntax error"]}, found.scanners[1]]
    summary = builder.quick_summary().model_copy(update={"scan": found.model_copy(update={"scanners": scanners})})
    assert failures(summary) == ["bandit"]


def test_the_counts_are_those_of_the_cases() -> None:
    """Totals in the attributes agree with the elements, for every kind of run."""
    for summary in (builder.quick_summary(), builder.broken(), builder.everything_void(), builder.interrupted()):
        root = ET.fromstring(render_junit(summary))
        for part in (root, *root.findall("testsuite")):
            assert int(part.attrib["tests"]) == len(list(part.iter("testcase")))
            assert int(part.attrib["failures"]) == len(list(part.iter("failure")))
            assert int(part.attrib["skipped"]) == len(list(part.iter("skipped")))


def test_any_text_is_valid_xml() -> None:
    """Markup, quotes and characters that XML can't hold don't break the document."""
    root = ET.fromstring(render_junit(builder.hostile("\"'<&>\x00\x1b]]>")))
    assert root.find("testsuite[@name='attacks']") is not None
