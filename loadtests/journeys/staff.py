"""Moderating: what readers report is looked at and decided, accounts are suspended and reinstated, the log is read.

Nobody else's articles change, and accounts are as they were: what is removed was written for it, and what is done to
an account is done to the bystander, to whom nobody logs in.
"""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

from loadtests.accounts import Part
from loadtests.journeys.conduit import PASSING_TITLE
from loadtests.steps import CREATED, Answer, Step, Steps, UnusableAnswer, Visit

QUEUE = "/api/moderation/reports"
USERS = "/api/moderation/users"
REPORT = {"report": {"reason": "This is not what it says it is."}}


def moderator(visit: Visit) -> Steps:
    """The user's article and comment are reported by the partner; the moderator dismisses the one report, removes
    comment and article on the others, and suspends and reinstates the bystander.
    """
    title = f"{PASSING_TITLE} {uuid4().hex[:16]}"
    new = {"article": {"title": title, "description": "Soon gone", "body": "Text. " * 40, "tagList": []}}
    made = yield Step("POST /api/articles", "POST", "/api/articles", new, CREATED, signed=True)
    article = f"/api/articles/{quote(made.text('article', 'slug'), safe='')}"
    comment = {"comment": {"body": "A remark to report."}}
    said = yield Step(
        "POST /api/articles/{slug}/comments", "POST", f"{article}/comments", comment, CREATED, signed=True
    )
    its = f"{article}/comments/{quote(str(said.at('comment', 'id')), safe='')}"
    dismissed = number((yield report("POST /api/articles/{slug}/reports", article)))
    on_comment = number((yield report("POST /api/articles/{slug}/comments/{id}/reports", its)))
    yield Step(f"GET {QUEUE}", "GET", f"{QUEUE}?limit=20", signed=True, by="moderator")
    yield Step(f"GET {QUEUE}/{{id}}", "GET", f"{QUEUE}/{dismissed}", signed=True, by="moderator")
    yield decision(dismissed, "dismiss")
    yield decision(on_comment, "remove")
    removed = number((yield report("POST /api/articles/{slug}/reports", article)))
    yield decision(removed, "remove")
    yield Step(f"GET {QUEUE}?status=closed", "GET", f"{QUEUE}?status=closed&limit=20", signed=True, by="moderator")
    account = f"{USERS}/{bystander((yield search(visit)), visit)}"
    yield Step(f"GET {USERS}/{{id}}", "GET", account, signed=True, by="moderator")
    for method, body in (("PUT", {"suspension": {"reason": "To be lifted at once."}}), ("DELETE", None)):
        yield Step(
            f"{method} {USERS}/{{id}}/suspension", method, f"{account}/suspension", body, signed=True, by="moderator"
        )


def auditor(visit: Visit) -> Steps:
    """The admin gives the bystander the role of a reader, which is the bystander's already, and verifies the log.

    Apart from `moderator`, since a verification takes longer with every row that the log has.
    """
    account = bystander((yield search(visit, by="admin")), visit)
    role = {"user": {"role": "reader"}}
    path = f"/api/admin/users/{account}/role"
    yield Step("PUT /api/admin/users/{id}/role", "PUT", path, role, signed=True, by="admin")
    yield Step("GET /api/admin/audit", "GET", "/api/admin/audit?limit=20", signed=True, by="admin")
    path = "/api/admin/audit/verification"
    verified = yield Step(f"GET {path}", "GET", path, signed=True, by="admin")
    if verified.at("verification", "holds") is not True:
        raise UnusableAnswer("the audit log is broken")


def report(name: str, path: str) -> Step:
    """The partner reports what stands there."""
    return Step(name, "POST", f"{path}/reports", REPORT, CREATED, signed=True, by="partner")


def number(answer: Answer) -> str:
    """The number of a new report."""
    return quote(str(answer.at("report", "id")), safe="")


def decision(number: str, verdict: str) -> Step:
    """The moderator closes a report."""
    body = {"decision": {"verdict": verdict, "note": "Decided by a virtual user."}}
    name, path = f"POST {QUEUE}/{{id}}/decision", f"{QUEUE}/{number}/decision"
    return Step(name, "POST", path, body, signed=True, by="moderator")


def search(visit: Visit, by: Part = "moderator") -> Step:
    """A search for the bystander by name."""
    return Step(f"GET {USERS}", "GET", f"{USERS}?name={quote(visit.bystander, safe='')}", signed=True, by=by)


def bystander(answer: Answer, visit: Visit) -> str:
    """The bystander's number; raises UnusableAnswer where the search does not find him or her first."""
    if answer.text("users", 0, "username") != visit.bystander:
        raise UnusableAnswer("the search finds no bystander")
    return quote(str(answer.at("users", 0, "id")), safe="")
