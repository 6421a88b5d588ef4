"""Reports: one open a reader and object, a queue in order, and a decision that is made once."""

import asyncio
import json

import pytest

from target_app.moderation.repository import LISTINGS
from target_app.moderation.service import EXCERPT
from target_app.users.session import Session
from tests.target_app.administration.office import Office
from tests.target_app.app_client import errors

REASON = {"report": {"reason": "It is spam"}}
DISMISS = {"decision": {"verdict": "dismiss", "note": "It is not"}}
REMOVE = {"decision": {"verdict": "remove"}}
QUEUE = "/api/moderation/reports"


def comment(office: Office, slug: str, who: str = "author") -> int:
    """A new comment's id."""
    said = office.done(who, "POST", f"/api/articles/{slug}/comments", {"comment": {"body": "Buy now"}})
    return int(said["comment"]["id"])


def report(office: Office, path: str, who: str = "reader") -> int:
    """A new report's id."""
    return int(office.done(who, "POST", f"/api/articles/{path}/reports", REASON)["report"]["id"])


def actions(office: Office) -> list[tuple[str, str]]:
    """What stands in the audit log, and about what."""
    return [(row["action"], row["object"]) for row in office.rows("SELECT * FROM audit_log ORDER BY number")]


@pytest.fixture
def slug(office: Office) -> str:
    """The author's article."""
    return office.app.publish(office.tokens["author"], "Offer")


def test_a_report_reaches_the_queue(office: Office, slug: str) -> None:
    """With what the reporter saw and said, and what it is about as it is now."""
    answer = office.done("reader", "POST", f"/api/articles/{slug}/reports", REASON)["report"]
    assert answer == {"id": 1, "kind": "article", "reason": "It is spam", "status": "open"}
    office.done("author", "PUT", f"/api/articles/{slug}", {"article": {"body": "Harmless"}})
    shown = office.done("moderator", "GET", f"{QUEUE}/1")["report"]
    assert shown["excerpt"] == "Offer\n\nText"
    assert shown["object"] == {"slug": slug, "title": "Offer", "body": "Harmless"}
    assert (shown["author"], shown["reporter"]) == (
        {"id": 3, "username": "author"},
        {"id": 4, "username": "reader"},
    )
    (listed,) = office.done("moderator", "GET", QUEUE)["reports"]
    assert listed == {name: value for name, value in shown.items() if name != "object"}


def test_an_excerpt_is_bounded(office: Office) -> None:
    """Of a long text the beginning is kept."""
    slug = office.app.publish(office.tokens["author"], body="é" * 2000)
    report(office, slug)
    excerpt = office.done("moderator", "GET", f"{QUEUE}/1")["report"]["excerpt"]
    assert len(excerpt) == EXCERPT
    assert excerpt.endswith("é…")


def test_one_open_report_a_reader_and_object(office: Office, slug: str) -> None:
    """A second one is refused until the first is closed; on other objects and by others they are taken."""
    report(office, slug)
    answer = office.call("reader", "POST", f"/api/articles/{slug}/reports", REASON)
    assert (answer.status_code, errors(answer)) == (409, {"report": ["is open already"]})
    report(office, slug, "moderator")
    report(office, f"{slug}/comments/{comment(office, slug)}")
    office.done("moderator", "POST", f"{QUEUE}/1/decision", DISMISS)
    report(office, slug)


def test_reports_at_once_make_one(office: Office, slug: str) -> None:
    """Ten requests in parallel leave one open report, and no failure."""

    async def at_once() -> list[int]:
        path = f"/api/articles/{slug}/reports"
        answers = await asyncio.gather(
            *(office.app.send("POST", path, office.tokens["reader"], "127.0.0.9", {}, json=REASON) for _ in range(10))
        )
        return sorted(answer.status_code for answer in answers)

    assert office.app.run(at_once()) == [201] + [409] * 9
    assert office.rows("SELECT count(*) AS n FROM reports") == [{"n": 1}]


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001, None, 7, "a\x00b"])
def test_a_reason_is_a_bounded_text(one_office: Office, reason: object) -> None:
    """Neither empty nor endless."""
    slug = one_office.app.publish(one_office.tokens["author"])
    answer = one_office.call("reader", "POST", f"/api/articles/{slug}/reports", {"report": {"reason": reason}})
    assert answer.status_code == 422
    assert set(errors(answer)) == {"reason"}


def test_what_one_cannot_read_one_cannot_report(office: Office, slug: str) -> None:
    """A draft of somebody else, an unknown article or comment: 404, as for reading."""
    draft = office.app.publish(office.tokens["author"], draft=True)
    for path in (draft, "none-1", f"{slug}/comments/77", f"{draft}/comments/{comment(office, draft)}"):
        assert office.call("reader", "POST", f"/api/articles/{path}/reports", REASON).status_code == 404
    assert office.call(None, "POST", f"/api/articles/{slug}/reports", REASON).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", QUEUE, None), ("GET", f"{QUEUE}/1", None), ("POST", f"{QUEUE}/1/decision", DISMISS)],
)
def test_the_queue_is_for_staff(one_office: Office, method: str, path: str, body: object) -> None:
    """Readers are refused, whether or not the report exists."""
    assert one_office.call("reader", method, path, body).status_code == 403
    assert one_office.call(None, method, path, body).status_code == 401


def test_pages_lead_through_the_queue(office: Office) -> None:
    """Open reports come the oldest first, closed ones the newest first; `next` leads to the end of each."""
    for number in range(7):
        report(office, office.app.publish(office.tokens["author"], f"Title {number}"))
    for number in (2, 3, 5):
        office.done("moderator", "POST", f"{QUEUE}/{number}/decision", DISMISS)

    def walk(status: str) -> list[list[int]]:
        pages, after = [], ""
        while True:
            found = office.done("moderator", "GET", f"{QUEUE}?status={status}&limit=2{after}")
            pages.append([one["id"] for one in found["reports"]])
            if found["next"] is None:
                return pages
            after = f"&after={found['next']}"

    assert walk("open") == [[1, 4], [6, 7]]
    assert walk("closed") == [[5, 3], [2]]
    assert office.call("moderator", "GET", f"{QUEUE}?status=all").status_code == 422


def test_a_dismissal_leaves_the_object(office: Office, slug: str) -> None:
    """It closes that report alone, with who, when and why."""
    report(office, slug)
    report(office, slug, "moderator")
    shown = office.done("moderator", "POST", f"{QUEUE}/1/decision", DISMISS)["report"]
    assert (shown["status"], shown["note"], shown["closedBy"]) == ("dismissed", "It is not", "moderator")
    assert shown["closedAt"] is not None
    assert office.done("moderator", "GET", f"{QUEUE}/2")["report"]["status"] == "open"
    assert office.call(None, "GET", f"/api/articles/{slug}").status_code == 200
    assert actions(office) == [("report.resolved", "report:1")]


def test_removing_an_article_closes_all_reports_on_it(office: Office, slug: str) -> None:
    """The article is gone, from lists and tags too; the audit log names both acts."""
    report(office, slug)
    report(office, slug, "moderator")
    shown = office.done("moderator", "POST", f"{QUEUE}/1/decision", REMOVE)["report"]
    assert (shown["status"], shown["object"]) == ("removed", None)
    assert office.call("author", "GET", f"/api/articles/{slug}").status_code == 404
    assert office.done(None, "GET", "/api/articles")["articlesCount"] == 0
    assert office.done("moderator", "GET", f"{QUEUE}/2")["report"]["status"] == "removed"
    assert actions(office) == [("article.removed", "article:1"), ("report.resolved", "report:1")]
    details = json.loads(office.rows("SELECT details FROM audit_log WHERE number = 1")[0]["details"])
    assert details == {"actorName": "moderator", "author": "user:3", "report": 1, "slug": slug}


def test_removing_a_comment_leaves_the_article(office: Office, slug: str) -> None:
    """The comment alone is gone."""
    number = comment(office, slug)
    report(office, f"{slug}/comments/{number}")
    office.done("moderator", "POST", f"{QUEUE}/1/decision", REMOVE)
    assert office.done(None, "GET", f"/api/articles/{slug}/comments")["comments"] == []
    assert actions(office) == [("comment.removed", f"comment:{number}"), ("report.resolved", "report:1")]


def test_a_removal_is_told_as_its_authors_own(office: Office, slug: str) -> None:
    """Webhooks of the article's author hear of a removed comment, and listeners of the article of its end."""
    office.execute(
        "INSERT INTO webhooks (user_id, url, events, secret, created_at) "
        "VALUES (3, 'http://there.test/', :events, '', 0)",
        events='["comment.deleted"]',
    )
    hub = office.app.app.state.parts.realtime.hub
    hub.listen(hub.join(Session(4, 0), "sse"), "article:1")
    number = comment(office, slug)
    report(office, f"{slug}/comments/{number}")
    office.done("moderator", "POST", f"{QUEUE}/1/decision", REMOVE)
    (delivery,) = office.rows("SELECT type, body FROM webhook_deliveries")
    assert (delivery["type"], json.loads(delivery["body"])["data"]["id"]) == ("comment.deleted", number)
    assert hub.audience("article")
    report(office, slug)
    office.done("moderator", "POST", f"{QUEUE}/2/decision", REMOVE)
    assert not hub.audience("article")


def test_a_report_is_decided_once(office: Office, slug: str) -> None:
    """A second decision is 409; one on nothing that is left is 409 too, and dismissing that is possible."""
    report(office, slug)
    office.done("moderator", "POST", f"{QUEUE}/1/decision", DISMISS)
    answer = office.call("admin", "POST", f"{QUEUE}/1/decision", REMOVE)
    assert (answer.status_code, errors(answer)) == (409, {"report": ["is closed"]})
    number = comment(office, slug)
    report(office, f"{slug}/comments/{number}")
    office.done("author", "DELETE", f"/api/articles/{slug}/comments/{number}")
    answer = office.call("moderator", "POST", f"{QUEUE}/2/decision", REMOVE)
    assert (answer.status_code, errors(answer)) == (409, {"comment": ["is gone"]})
    office.done("moderator", "POST", f"{QUEUE}/2/decision", DISMISS)
    assert office.call("moderator", "POST", f"{QUEUE}/99/decision", DISMISS).status_code == 404


@pytest.mark.parametrize("kind", ["article", "comment"])
def test_decisions_at_once_are_one(office: Office, slug: str, kind: str) -> None:
    """Eight at once, on two reports about one object: it is removed once, told once, and nobody waits in a circle."""
    path = slug if kind == "article" else f"{slug}/comments/{comment(office, slug)}"
    report(office, path)
    report(office, path, "moderator")

    async def at_once() -> list[int]:
        answers = await asyncio.gather(
            *(
                office.app.send(
                    "POST", f"{QUEUE}/{1 + n % 2}/decision", office.tokens["admin"], "127.0.0.9", {}, json=REMOVE
                )
                for n in range(8)
            )
        )
        return sorted(answer.status_code for answer in answers)

    assert office.app.run(at_once()) == [200] + [409] * 7
    assert len(actions(office)) == 2


def test_a_draft_is_its_authors_secret_from_staff_too(office: Office, slug: str) -> None:
    """A reported article that became a draft is neither shown nor removed; the report keeps what was seen."""
    report(office, slug)
    office.done("author", "PUT", f"/api/articles/{slug}", {"article": {"draft": True, "body": "Secret"}})
    shown = office.done("moderator", "GET", f"{QUEUE}/1")["report"]
    assert (shown["object"], shown["excerpt"]) == (None, "Offer\n\nText")
    assert office.call("moderator", "POST", f"{QUEUE}/1/decision", REMOVE).status_code == 409
    assert office.call("author", "GET", f"/api/articles/{slug}").status_code == 200


def test_nobody_judges_his_or_her_own_work(office: Office) -> None:
    """Another one of staff must."""
    slug = office.app.publish(office.tokens["moderator"])
    report(office, slug)
    answer = office.call("moderator", "POST", f"{QUEUE}/1/decision", DISMISS)
    assert (answer.status_code, errors(answer)) == (403, {"report": ["is about your own work"]})
    office.done("admin", "POST", f"{QUEUE}/1/decision", REMOVE)


def test_an_audit_log_that_fails_undoes_the_act(office: Office, slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing privileged happens without its row."""

    async def fail(*_: object) -> None:
        raise LookupError("no log")

    report(office, slug)
    monkeypatch.setattr(office.app.app.state.parts.reports._audit, "record", fail)
    assert office.call("moderator", "POST", f"{QUEUE}/1/decision", REMOVE).status_code == 500
    assert office.call(None, "GET", f"/api/articles/{slug}").status_code == 200
    assert office.done("moderator", "GET", f"{QUEUE}/1")["report"]["status"] == "open"


def test_a_page_is_one_walk_along_an_index(one_office: Office) -> None:
    """Whatever the other reports are, a page of either status reads the index that has its own alone."""
    for status, listing in LISTINGS.items():
        plan = one_office.plan(listing.statement)
        assert f"ix_reports_{status}_id" in plan, plan
        assert "TEMP B-TREE" not in plan, plan


def test_refused_roles_are_counted(one_office: Office) -> None:
    """A refused role is a counted denial of the control."""
    series = 'target_control_decisions_total{control="function_authz",decision="%s"}'
    one_office.call("reader", "GET", QUEUE)
    one_office.call("moderator", "GET", QUEUE)
    assert (one_office.app.metric(series % "deny"), one_office.app.metric(series % "allow")) == (1, 1)
