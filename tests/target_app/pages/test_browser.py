"""The pages in a real browser, on a real server: with and without a mouse, on a phone, in the dark."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Any, Literal

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, Page, expect

from target_app.pages.endpoints import router
from target_app.seeding import reader_password
from tests.parts.browser import page as browser_page
from tests.parts.target import target_server
from tests.parts.templates import SqliteTemplates
from tests.target_app.openapi.served import sign_in as token_of
from tests.target_app.realtime.stage import Stage, stage_on

REASON = {"report": {"reason": "It is an advertisement, as https://example.test/" + "long" * 30 + " shows"}}
Open = Callable[..., Page]

# One server for all, and the last test asks it for what the others did: one worker runs them.
pytestmark = pytest.mark.xdist_group("pages")

#: The ratio of each text's contrast with what is behind it (WCAG 2.2, 1.4.3), where that is too low.
FAINT = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const color = rgb(getComputedStyle(one).backgroundColor);
      if (color[3]) return color;
    }
    return [255, 255, 255, 255];
  };
  return [...document.querySelectorAll('body *')]
    .filter(one => one.checkVisibility() && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(one => { const [a, b] = [light(rgb(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
      return [one.outerHTML.slice(0, 80), (a + .05) / (b + .05)]; })
    .filter(([, ratio]) => ratio < 4.5);
}"""
#: What somebody with a screen reader would miss.
UNNAMED = """() => [
  ...[...document.querySelectorAll('input:not([type=hidden]), textarea, select')].filter(one => !one.labels.length),
  ...[...document.querySelectorAll('button, a')].filter(one => !one.textContent.trim()),
].map(one => one.outerHTML)"""
HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3')].map(one => Number(one.tagName[1]))"


@pytest.fixture(scope="module")
def stage(seeded: SqliteTemplates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A seeded server for all tests of this file."""
    folder = tmp_path_factory.mktemp("pages")
    url = seeded.copy(folder, password_hash="sha256", articles=50)
    with target_server("hardened,password_hash=sha256", url, folder) as server, stage_on(server) as on:
        yield on


@pytest.fixture
def open_page(browser: Browser, stage: Stage) -> Iterator[Open]:
    """`open_page(width=…, scheme=…)`: pages, each with its own cookies, on which nothing fails and nothing pops up."""
    said: list[str] = []
    with ExitStack() as stack:

        def opened(width: int = 1280, scheme: Literal["light", "dark"] = "light") -> Page:
            page = stack.enter_context(browser_page(browser, width=width, scheme=scheme, network=True))
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("dialog", lambda dialog: said.append(dialog.message))
            page.goto(f"{stage.server.url}/moderation")
            return page

        yield opened
    assert [one for one in said if "status of 4" not in one] == []


def sign_in(page: Page, name: str = "moderator0001", password: str = reader_password(1)) -> None:
    """Fill in the form and send it."""
    page.get_by_label("E-mail address").fill(f"{name}@example.test")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def reported(stage: Stage, body: str = "Buy now") -> dict[str, Any]:
    """A new report on a new comment: its id, and the comment's and its article's."""
    reader, other = (token_of(stage.server.url, f"reader{n:04d}", n) for n in (11, 12))
    slug = stage.call("GET", "/api/articles?limit=1").json()["articles"][0]["slug"]
    comment = stage.comment(other, slug, body)
    path = f"/api/articles/{slug}/comments/{comment}/reports"
    report = stage.call("POST", path, reader, json=REASON).json()["report"]["id"]
    return {"report": report, "comment": comment, "slug": slug}


def comments(stage: Stage, slug: str) -> list[int]:
    """The comments on an article."""
    return [one["id"] for one in stage.call("GET", f"/api/articles/{slug}/comments").json()["comments"]]


def test_a_moderator_decides_a_report(stage: Stage, open_page: Open) -> None:
    """Signs in, finds it in the queue, removes what it is about, and sees it among the closed ones."""
    there = reported(stage)
    page = open_page()
    sign_in(page)
    page.get_by_role("link", name=f"Report {there['report']}:").click()
    expect(page.get_by_text("Buy now")).to_have_count(2)
    page.get_by_label("Note").fill("An advertisement")
    page.get_by_role("button", name="Remove the comment").click()
    expect(page.get_by_text("removed", exact=True)).to_be_visible()
    expect(page.get_by_text("An advertisement", exact=True)).to_be_visible()
    assert there["comment"] not in comments(stage, there["slug"])
    page.get_by_role("link", name="Reports").click()
    expect(page.get_by_role("link", name=f"Report {there['report']}:")).to_have_count(0)
    page.get_by_role("link", name="Closed").click()
    expect(page.get_by_role("link", name=f"Report {there['report']}:")).to_be_visible()


def focus(page: Page, name: str) -> None:
    """Go on with the Tab key until something of that name has the focus, which must be seen."""
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => { const one = document.activeElement; return [one.labels?.[0]?.textContent ?? one.textContent, "
            "getComputedStyle(one).outlineStyle]; }"
        )
        if found[0].strip().startswith(name):
            assert found[1] != "none"
            return
    raise AssertionError(f"Tab never reaches {name}")


def test_the_keyboard_is_enough(stage: Stage, open_page: Open) -> None:
    """From signing in to a decision and signing out; the first Tab offers to skip to the content."""
    there = reported(stage)
    page = open_page()
    page.keyboard.type("moderator0001@example.test")
    focus(page, "Password")
    page.keyboard.type(reader_password(1))
    page.keyboard.press("Enter")
    page.wait_for_url("**/reports")
    focus(page, "Skip to the content")
    page.keyboard.press("Enter")
    focus(page, f"Report {there['report']}:")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/reports/{there['report']}")
    focus(page, "Note")
    page.keyboard.type("Harmless")
    focus(page, "Dismiss")
    page.keyboard.press("Enter")
    page.get_by_text("dismissed", exact=True).wait_for()
    focus(page, "Sign out")
    page.keyboard.press("Space")
    page.wait_for_url("**/sign-in")
    assert there["comment"] in comments(stage, there["slug"])


def test_a_form_of_another_site_is_refused(stage: Stage, open_page: Open) -> None:
    """A page elsewhere sends the moderator's browser here with a form: no cookie comes along, and nothing is done."""
    there = reported(stage)
    page = open_page()
    sign_in(page)
    target = f"{stage.server.url}/moderation/reports/{there['report']}"
    form = f"<form method=post action={target}><button name=verdict value=remove>Win</button></form>"
    page.goto(f"data:text/html,{form}")
    with page.expect_response(target) as answered:
        page.get_by_role("button").click()
    assert answered.value.status == 403
    assert there["comment"] in comments(stage, there["slug"])


def test_a_forged_token_is_refused(stage: Stage, open_page: Open) -> None:
    """The form of the page itself, with another token."""
    there = reported(stage)
    page = open_page()
    sign_in(page)
    page.goto(f"{stage.server.url}/moderation/reports/{there['report']}")
    page.eval_on_selector_all("[name=form_token]", "all => all.forEach(one => { one.value = '0'.repeat(64); })")
    page.get_by_role("button", name="Remove the comment").click()
    expect(page.get_by_role("heading", name="Not allowed")).to_be_visible()
    assert there["comment"] in comments(stage, there["slug"])


def test_a_suspended_moderator_is_thrown_out(stage: Stage, open_page: Open) -> None:
    """An admin gives a reader the role and suspends the account again: the next click leads to the sign-in page."""
    admin, page = open_page(), open_page()
    sign_in(admin, "admin0001")
    admin.get_by_role("link", name="Users").click()
    admin.get_by_label("Name begins with").fill("reader0020")
    admin.get_by_role("button", name="Search").click()
    admin.get_by_role("link", name="reader0020").click()
    admin.get_by_label("New role").select_option("moderator")
    admin.get_by_role("button", name="Set the role").click()
    sign_in(page, "reader0020", reader_password(20))
    page.get_by_role("link", name="Users").click()
    admin.get_by_label("Reason").fill("Left us")
    admin.get_by_role("button", name="Suspend the account").click()
    expect(admin.get_by_text("suspended", exact=True)).to_be_visible()
    page.get_by_role("link", name="Reports").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(page, "reader0020", reader_password(20))
    expect(page.get_by_role("alert")).to_have_text("This account may not sign in here.")
    admin.get_by_role("button", name="Reinstate the account").click()
    admin.get_by_role("button", name="Suspend the account").wait_for()
    page.goto(f"{stage.server.url}/moderation/reports")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_admin_verifies_the_log(stage: Stage, open_page: Open) -> None:
    """And sees the own sign-in in it."""
    page = open_page()
    sign_in(page, "admin0001")
    page.get_by_role("link", name="Audit log").click()
    expect(page.get_by_text("session.opened").first).to_be_visible()
    page.get_by_role("link", name="Verify the whole log").click()
    expect(page.get_by_role("status")).to_have_text("The log is whole.")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_readable(stage: Stage, open_page: Open, width: int, scheme: Literal["light", "dark"]) -> None:
    """On a phone and a desk, by day and night: no sideways scrolling, enough contrast, names for all fields, one h1."""
    there = reported(stage, "x" * 300)
    page = open_page(width, scheme)
    paths = ("reports", "reports?status=closed", f"reports/{there['report']}", "users", "users/7", "audit")
    looks = [look(page, "sign-in")]
    sign_in(page, "admin0001", "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    page.wait_for_load_state()  # with its styles
    looks.append(look(page, "sign-in, refused"))
    sign_in(page, "admin0001")
    for path in (*paths, "audit/verification", "users?show=suspended", "reports/999"):
        page.goto(f"{stage.server.url}/moderation/{path}")
        looks.append(look(page, path))
    assert [one for one in looks if one] == []


def look(page: Page, name: str) -> list[object]:
    """What is wrong with the page."""
    headings = page.evaluate(HEADINGS)
    wrong = {
        "contrast": page.evaluate(FAINT),
        "without a name": page.evaluate(UNNAMED),
        "wider than the screen": page.evaluate("document.documentElement.scrollWidth - innerWidth") or None,
        "headings": None if headings.count(1) == 1 and headings[0] == 1 and not leaps(headings) else headings,
        "title": None if page.title().endswith(" · Moderation") else page.title(),
        "style": None if page.evaluate("getComputedStyle(document.body).marginTop") == "0px" else "missing",
    }
    return [(name, what, found) for what, found in wrong.items() if found]


def leaps(headings: list[int]) -> bool:
    """Whether a level is left out."""
    return any(after > before + 1 for before, after in pairwise(headings))


def test_every_page_was_visited(stage: Stage) -> None:
    """The tests of this file together had every route of the pages answered well.

    No journey of the load does: its sessions are one header that a log-in answers with, and a few moderators are no
    load. What the pages do, they do through the services of the API, which the journeys of staff reach.
    """
    found = re.findall(
        r'target_requests_total\{method="([A-Z]+)",route="(/moderation[^"]*)",status="[23]',
        stage.client.get("/metrics").text,
    )
    routes = {(method, one.path) for one in router.routes if isinstance(one, APIRoute) for method in one.methods or ()}
    assert routes - set(found) == set()
