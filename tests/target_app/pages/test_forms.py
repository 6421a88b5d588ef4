"""Forms from elsewhere are refused, every answer carries the strict headers, and what users wrote is shown as text."""

import re
from html import unescape

import pytest
from fastapi.routing import APIRoute

from target_app.database import DatabaseAwayError
from target_app.pages.endpoints import router
from target_app.pages.visit import LARGEST_FORM, MOST_FIELDS
from tests.target_app.administration.office import Office
from tests.target_app.app_client import HOST
from tests.target_app.pages.desk import FROM_HERE, Desk

REASON = {"reason": "Spam"}
WILD = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}"
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
}
ROUTES = [
    (method, route.path)
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]
FORMS = [path for method, path in ROUTES if method == "POST"]
PAGES = [path for method, path in ROUTES if method == "GET"]
FOR_ALL = {"/moderation/sign-in", "/moderation/style.css"}


def below(path: str) -> str:
    """A route's path under the pages, for the report or user of number 1."""
    return path.removeprefix("/moderation").replace("{id}", "1")


def suspended(office: Office) -> bool:
    """Whether a form did what it asked for."""
    return bool(office.rows("SELECT id FROM users WHERE suspended_at IS NOT NULL"))


@pytest.mark.parametrize("token", ["", "0" * 64, "é", "other", "before"])
def test_a_form_needs_its_sessions_token(office: Office, token: str) -> None:
    """None, a wrong one, another session's, and that of the page before the sign-in: refused, and nothing is done."""
    desk = Desk(office)
    tokens = {"before": desk.token("/sign-in"), "other": Desk(office).signed_in("admin").token()}
    desk.signed_in()
    answer = desk.post("/users/4/suspension", REASON, token=tokens.get(token, token))
    assert answer.status_code == 403
    assert not suspended(office)
    assert desk.post("/users/4/suspension", REASON).status_code == 303
    assert suspended(office)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": f"http://{HOST}.evil.test"},
        {"Origin": "http://127.0.0.1:9"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://evil.test", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_form_comes_from_these_pages(one_office: Office, headers: dict[str, str]) -> None:
    """Even with cookie and token: another origin, a sister site, an address typed in, and no word of it at all."""
    desk = Desk(one_office).signed_in()
    assert desk.post("/users/4/suspension", REASON, headers=headers).status_code == 403
    assert not suspended(one_office)
    denied = 'target_control_decisions_total{control="browser_policy",decision="deny"}'
    assert one_office.app.metric(denied) == 1


@pytest.mark.parametrize("headers", [{"Origin": f"https://{HOST}"}, {"Sec-Fetch-Site": "same-origin"}])
def test_either_header_is_enough(one_office: Office, headers: dict[str, str]) -> None:
    """Browsers differ in which they send; TLS may end in front of the server."""
    desk = Desk(one_office).signed_in()
    assert desk.post("/users/4/suspension", REASON, headers=headers).status_code == 303


@pytest.mark.parametrize("path", FORMS)
def test_every_form_is_checked(one_office: Office, path: str) -> None:
    """Each route of a form refuses one from elsewhere and one without a token."""
    desk = Desk(one_office).signed_in("admin")
    assert desk.post(below(path), headers={}).status_code == 403
    assert desk.post(below(path), token="").status_code == 403


@pytest.mark.parametrize("path", [path for path in PAGES if path not in FOR_ALL])
def test_every_page_asks_who_it_is(one_office: Office, path: str) -> None:
    """Whoever is not signed in is sent to do that."""
    answer = Desk(one_office).get(below(path))
    assert (answer.status_code, answer.headers["location"]) == (303, "/moderation/sign-in")


def test_a_token_of_the_api_opens_no_page(one_office: Office) -> None:
    """Nor does a cookie open the API."""
    assert one_office.call("admin", "GET", "/moderation/reports").status_code == 303
    desk = Desk(one_office).signed_in("admin")
    headers = {"Cookie": f"moderation_session={desk.cookie}"}
    assert one_office.app.call("GET", "/api/admin/audit", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"), [*ROUTES, ("GET", "/moderation/none"), ("GET", "/moderation/reports/x"), ("PUT", "/moderation")]
)
@pytest.mark.parametrize("who", [None, "admin"])
def test_every_answer_carries_the_headers(one_office: Office, method: str, path: str, who: str | None) -> None:
    """Pages, redirects, refusals, the style sheet and what is not there."""
    desk = Desk(one_office)
    if who:
        desk.signed_in(who)
    answer = desk._sent(method, below(path), FROM_HERE)
    assert answer.status_code < 500
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert not re.search(r"<script|\son[a-z]+=|style=", answer.text)


def test_other_paths_are_left_alone(one_office: Office) -> None:
    """What only begins alike is no page."""
    answer = one_office.app.call("GET", "/moderations")
    assert answer.status_code == 404
    assert "content-security-policy" not in answer.headers


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"x" * (LARGEST_FORM + 1), 413),
        (b"reason=%ff", 422),
        (b"\xff", 422),
        (b"&".join(b"a=b" for _ in range(MOST_FIELDS + 1)), 422),
        (b"", 403),
        (b"form_token=%00", 403),
        (b"form_token=%ed%a0%80", 422),
    ],
)
def test_odd_forms_are_refused(one_office: Office, content: bytes, status: int) -> None:
    """With a page, never with a failure."""
    answer = Desk(one_office).signed_in().raw("/users/4/suspension", content)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/reports/1", {}),
        ("/reports/1", {"verdict": "burn"}),
        ("/reports/1", {"verdict": "dismiss", "note": "x" * 1001}),
        ("/users/4/suspension", {"reason": " "}),
        ("/users/4/role", {"role": "owner"}),
    ],
)
def test_odd_fields_are_422(one_office: Office, path: str, fields: dict[str, str]) -> None:
    """As for the API."""
    assert Desk(one_office).signed_in("admin").post(path, fields).status_code == 422


def test_refusals_are_pages(one_office: Office) -> None:
    """With the API's statuses."""
    desk = Desk(one_office).signed_in()
    assert desk.get("/reports/77").status_code == 404
    assert desk.get("/none").status_code == 404
    assert desk.get("/audit").status_code == 403
    assert desk.post("/users/1/suspension", REASON).status_code == 403
    answer = desk.get("/sign-out")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "<h1>" in answer.text


def test_a_database_that_is_away_is_a_page(one_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the API's status, and when to come back."""

    async def fail(*_: object) -> None:
        raise DatabaseAwayError

    desk = Desk(one_office).signed_in()
    monkeypatch.setattr(one_office.app.app.state.parts.reports, "page", fail)
    answer = desk.get("/reports")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "database is not available" in answer.text


def test_moderators_are_shown_what_they_may(one_office: Office) -> None:
    """No audit log, no roles, and no form for an account that they cannot change."""
    moderator, admin = Desk(one_office).signed_in(), Desk(one_office).signed_in("admin")
    assert "/moderation/audit" not in moderator.get("/reports").text
    assert "/moderation/audit" in admin.get("/reports").text
    assert ["/role" in desk.get("/users/4").text for desk in (moderator, admin)] == [False, True]
    assert ["Suspend the account" in moderator.get(f"/users/{one}").text for one in (4, 2, 1)] == [True, False, False]


def test_what_users_wrote_is_text(office: Office) -> None:
    """Names, titles, bodies, reasons, notes and searches, on every page that shows them."""
    office.tokens["wild"] = token = office.app.register("wild")
    user = {"username": WILD}
    assert office.app.call("PUT", "/api/user", token, json={"user": user}).status_code == 200
    slug = office.app.publish(token, WILD, body=WILD)
    desk = Desk(office).signed_in("admin")
    report = {"report": {"reason": WILD}}
    office.done("wild", "POST", f"/api/articles/{slug}/reports", report)
    shown = [desk.get("/reports"), desk.get("/reports/1")]
    desk.post("/reports/1", {"verdict": "dismiss", "note": WILD})
    desk.post("/users/5/suspension", {"reason": WILD})
    lists = ("/reports?status=closed", "/users?show=suspended", "/users?name=%3Cscript%3E", "/audit")
    paths = (*lists, "/reports/1", "/users/5")
    shown += [desk.get(path) for path in paths]
    for page in shown:
        assert page.status_code == 200
        assert "&lt;script&gt;" in page.text
        assert not re.search(r"<script|<img", page.text)


def test_pages_lead_on(office: Office) -> None:
    """The queue, users and the log have a link to what follows, which leads there."""
    for number in range(25):
        slug = office.app.publish(office.tokens["author"], f"T{number}")
        office.done("reader", "POST", f"/api/articles/{slug}/reports", {"report": {"reason": "Why"}})
    desk = Desk(office)
    for _ in range(3):
        desk.signed_in("admin")
    for path in ("/reports", "/users?limit=2", "/audit?limit=2"):
        page = desk.get(path)
        found = re.search(r'href="/moderation([^"]+)">Next page', page.text)
        assert found, path
        following = desk.get(unescape(found[1]))
        assert following.status_code == 200
        assert following.text != page.text
    assert desk.get("/reports?after=20").text.count('class="card"') == 5
