"""The pottery studio: what is found with two identities that a user gives, since its document shows no password."""

import json

import httpx

from security.probe.outcome import Result
from security.stranger.document import read_document
from security.stranger.suite import Report, attack
from tests.security.stranger.studio_app import DOCUMENT, FLAWS, studio

WORD = "ordinary words"


def given(url: str) -> list[dict[str, object]]:
    """Two potters, as a user would write them into `--identities FILE`."""
    with httpx.Client(base_url=f"{url}/studio/v3") as client:
        for name in ("ann", "ben"):
            client.post("/potters", data={"name": name, "watchword": WORD, "mail": f"{name}@mail.test"})
        passes = [
            client.post("/door", data={"name": name, "watchword": WORD}).json()["pass"] for name in ("ann", "ben")
        ]
    return [
        {"username": name, "email": f"{name}@mail.test", "headers": {"X-Studio-Pass": one}}
        for name, one in zip(("ann", "ben"), passes, strict=True)
    ]


def attacked(flaws: set[str]) -> Report:
    with studio(flaws) as url:
        return attack(url, read_document(json.dumps(DOCUMENT)), given(url))


def found(report: Report) -> set[str]:
    """The flaws that a finding covers, by the rule for strangers."""
    return {
        flaw
        for flaw, (operation, ids) in FLAWS.items()
        for one in report.findings
        if operation in ("*", f"{one.method} {one.path}") and ids & {*one.owasp, *one.cwe}
    }


def test_two_in_three_flaws_are_found() -> None:
    """What needs neither a log-in nor the words of the studio; the rest is missed."""
    missed = FLAWS.keys() - found(attacked(set(FLAWS)))
    assert missed == {"door_guessed", "pass_outlives", "potter_exposed", "keepers_list", "till_unsigned"}


def test_the_mended_studio_raises_no_alarm() -> None:
    """No finding, within the budget."""
    report = attacked(set())
    assert [one.evidence for one in report.findings] == []
    assert report.requests <= 300


def test_a_document_that_shows_no_password_asks_for_identities() -> None:
    """Nothing is passed off as stopped."""
    with studio(set()) as url:
        report = attack(url, read_document(json.dumps(DOCUMENT)))
    assert {one.result for one in report.outcomes} == {Result.COULD_NOT_RUN}
    assert all("--identities" in one.evidence for one in report.outcomes)
