"""What the reports say of attacks under load and at scale, of the WAF, and of levels that dominate others."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from tests.tradeoff.report import builder
from tradeoff.judge.summary import Summary
from tradeoff.report.harder import harder
from tradeoff.report.html import render_html
from tradeoff.report.junit import render_junit
from tradeoff.report.markdown import render_markdown
from tradeoff.report.sarif import render_sarif

SENTENCE = "throttle_multiplied on hardened,login_throttle=per_process holds at 1 worker and opens at 4 workers"


def undeclared() -> Summary:
    """The same run, in which no level declares what opens."""
    whole = builder.quick_summary()
    under = [
        one.model_copy(
            update={"outcomes": [outcome.model_copy(update={"declared": False}) for outcome in one.outcomes]}
        )
        for one in whole.under
    ]
    openings = [one.model_copy(update={"declared": False}) for one in whole.openings]
    return whole.model_copy(update={"under": under, "openings": openings})


def test_the_section_tells_the_load_what_opens_and_what_could_not_tell() -> None:
    """A row for each arm and conditions, and the finding as a sentence."""
    section = harder(builder.quick_summary())
    loaded, one, four = section.rows
    assert section.title == "1 attack opens under load or at scale, as declared: login_throttle=per_process"
    assert loaded.load == "336 visits/s of a capacity of 224, 27 % given up, p99 243 ms"
    assert (loaded.stopped, loaded.undecided) == ("1 of 1", ["accounts timed"])
    assert (one.opens, four.opens) == ([], [("throttle multiplied", True)])
    assert [opening.sentence for opening in section.openings] == [SENTENCE]
    assert "holds at 1 worker and opens at 4 workers" in render_html(builder.quick_summary())


def test_markdown_and_sarif_carry_the_finding() -> None:
    """As a line of its own, and as a result whose message begins with it."""
    assert f"- {SENTENCE} (as declared)." in render_markdown(builder.quick_summary())
    runs = json.loads(render_sarif(builder.quick_summary()))["runs"]
    messages = [result["message"]["text"] for run in runs for result in run["results"]]
    assert any(SENTENCE in message for message in messages)


def test_junit_fails_what_opens_undeclared() -> None:
    """Declared openings pass with the finding in their output; undeclared ones fail."""

    def cases(summary: Summary) -> dict[str, ET.Element]:
        suite = ET.fromstring(render_junit(summary)).find("testsuite[@name='under load and at scale']")
        assert suite is not None
        return {case.attrib["name"]: case for case in suite.iter("testcase")}

    name = "hardened,login_throttle=per_process at 4 workers, 1,000 articles"
    declared = cases(builder.quick_summary())
    assert len(declared) == 3
    assert SENTENCE in (declared[name].findtext("system-out") or "")
    assert declared[name].find("failure") is None
    assert cases(undeclared())[name].find("failure") is not None
    assert harder(undeclared()).title == "1 attack that milder conditions stop opens at 4 workers"


def test_the_waf_and_levels_that_dominate_are_told() -> None:
    """In the page and in Markdown, with shares and prices; a level without a price says so."""
    page, text = render_html(builder.quick_summary()), render_markdown(builder.quick_summary())
    for said in (page, text):
        assert "argon2id_19mib is as strong as argon2id_64mib and saves" in said
        assert "light blocks 97" in said
    assert "- crs_pl1: 51% of 878 attacks blocked, 84% of 582 benign requests let pass; not measured" in text


def test_a_plan_without_conditions_says_so() -> None:
    """Nothing was attacked under load: that is told, not left out."""
    bare = builder.quick_summary().model_copy(update={"under": [], "openings": []})
    assert "This plan attacks its arms when idle alone" in render_html(bare)
