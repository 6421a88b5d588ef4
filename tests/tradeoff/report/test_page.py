"""The page in a real browser without a network, at the width of a desk and of a phone, light and dark."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.parts.browser import page as browser_page
from tests.tradeoff.report import builder
from tradeoff.judge.summary import FrontierPoint, Summary
from tradeoff.report.html import render_html

Scheme = Literal["light", "dark"]
SIZES = [1280, 768, 390]
LEAST_CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3, for text."""

OVERFLOWING = """() => [...document.querySelectorAll("body *")]
  .filter((one) => !one.closest(".scroll") && one.getClientRects().length)
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 || one.getBoundingClientRect().left < -1)
  .filter((one) => getComputedStyle(one).clipPath === "none" && !one.closest("thead"))
  .map((one) => `${one.tagName}.${one.getAttribute("class")}: ${one.textContent.trim().slice(0, 40)}`)"""

LABELS = """() => [...document.querySelectorAll(".frontier .lane text, .frontier .stopped")]
  .filter((one) => one.getClientRects().length && one.textContent.trim())
  .map((one) => [one.textContent, one.getBoundingClientRect()])
  .map(([text, box]) => [text, box.left, box.top, box.right, box.bottom])"""

CONTRASTS = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => channels(colour).slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor, alpha = channels(colour)[3];
      if (alpha === undefined || alpha > 0.99) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("body *")]
    .filter((one) => one.getClientRects().length && !["SCRIPT", "STYLE"].includes(one.tagName))
    .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((one) => {
      const style = getComputedStyle(one), inPicture = one.namespaceURI.endsWith("svg");
      const pair = [light(inPicture ? style.fill : style.color), light(behind(one))].sort((a, b) => b - a);
      return [(pair[0] + 0.05) / (pair[1] + 0.05), `${one.tagName}.${one.getAttribute("class")}`];
    });
}"""


@contextmanager
def opened(
    browser: Browser, summary: Summary, folder: Path, *, width: int = 1280, scheme: Scheme = "light"
) -> Iterator[Page]:
    """The page of a summary; fails at the end where it asked for anything beside itself or complained."""
    file = folder / "report.html"
    file.write_text(render_html(summary), encoding="utf-8")
    asked: list[str] = []
    complaints: list[str] = []
    with browser_page(browser, width=width, scheme=scheme) as page:
        page.route(re.compile(r"^(?!file:|data:)"), lambda route: route.abort())
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(file.as_uri())
        yield page
        assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
        assert complaints == []


def crowded() -> Summary:
    """A frontier of forty arms of which most cost the same."""
    summary = builder.quick_summary()
    points = [
        FrontierPoint(
            arm=f"hardened,factor_number_{n}=level_{n}",
            changed={f"factor_number_{n}": f"level_{n}"},
            cpu_us=builder.interval(1_733 + n % 3, 9 + n),
            stopped=18 - n % 4,
            tried=18,
        )
        for n in range(40)
    ]
    return summary.model_copy(update={"frontier": summary.frontier + points})


MAKERS = [
    builder.quick_summary,
    builder.broken,
    builder.everything_void,
    builder.interrupted,
    builder.long_labels,
    crowded,
]


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("make", MAKERS)
def test_nothing_leaves_the_page(browser: Browser, tmp_path: Path, make: Callable[[], Summary], width: int) -> None:
    """The body has no horizontal scroll bar, and nothing outside a scrolling frame sticks out of it."""
    with opened(browser, make(), tmp_path, width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
def test_every_picture_is_there(browser: Browser, tmp_path: Path, width: int, scheme: Scheme) -> None:
    """Price list, matrix, frontier and A/A check have a size, marks of non-zero size, and a title of their own."""
    with opened(browser, builder.quick_summary(), tmp_path, width=width, scheme=scheme) as page:
        for section, picture, mark, marks in (
            ("#prices", ".prices", "circle", 9),
            ("#frontier", ".frontier", ".lane circle:visible", 10),
            ("#trust", ".twins", "circle", 5),
        ):
            box = page.locator(f"{section} figure{picture}").bounding_box()
            assert box is not None
            assert box["width"] > 0.8 * (min(width, 1180) - 64)
            assert box["height"] > 100
            seen = [one.bounding_box() for one in page.locator(f"{section} figure{picture} {mark}").all()]
            assert len(seen) == marks
            assert all(one and one["width"] >= 8 and one["height"] >= 8 for one in seen)
            assert page.locator(f"{section} h2").inner_text() != ""
        assert page.locator(".matrix .declared:visible").count() >= 41
        assert page.locator(".matrix .wide").is_visible() is (width > 860)
        assert page.locator(".matrix .narrow").is_visible() is (width <= 860)


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("make", [builder.quick_summary, builder.long_labels, crowded])
def test_no_label_of_the_frontier_meets_another(
    browser: Browser, tmp_path: Path, make: Callable[[], Summary], width: int
) -> None:
    """The boxes of all labels are disjoint, also where forty arms cost the same."""
    with opened(browser, make(), tmp_path, width=width) as page:
        labels = page.evaluate(LABELS)
        assert len(labels) > 10
        for index, (text, left, top, right, bottom) in enumerate(labels):
            for other, left2, top2, right2, bottom2 in labels[index + 1 :]:
                apart = right <= left2 or right2 <= left or bottom <= top2 + 1 or bottom2 <= top + 1
                assert apart, f"{text!r} meets {other!r}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_text_stands_out_from_what_is_behind_it(browser: Browser, tmp_path: Path, width: int, scheme: Scheme) -> None:
    """All text has a contrast of at least 4.5 to 1, light and dark."""
    with opened(browser, builder.broken(), tmp_path, width=width, scheme=scheme) as page:
        contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) > 200
        assert [what for ratio, what in contrasts if ratio < LEAST_CONTRAST] == []


def test_light_and_dark_differ(browser: Browser, tmp_path: Path) -> None:
    """The page follows the reader's colour scheme."""
    paper = []
    for scheme in ("light", "dark"):
        with opened(browser, builder.quick_summary(), tmp_path, scheme=scheme) as page:
            paper.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert paper[0] == "rgb(255, 255, 255)"
    assert paper[0] != paper[1]


def test_the_first_screen_answers(browser: Browser, tmp_path: Path) -> None:
    """Headline, cost and the head of the table stand on the first screen of a desk."""
    with opened(browser, builder.quick_summary(), tmp_path) as page:
        for place in ("h1", ".answers", ".trade thead", ".trade tbody tr:nth-child(5)"):
            box = page.locator(place).bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 900


def over(summary: Summary, weights: dict[str, float], index: int) -> tuple[float, float]:
    """Price of the case's factor over a mix and its half-width, in percent, as the method gives it."""
    case = builder.CASES[index]
    sign = -1 if case.kind == "control" else 1
    reference = sum(weights[name] * builder.REFERENCE_US[name] for name in weights)
    value = sum(weights[name] * sign * builder.added(case, name).value for name in weights)
    half = sum((weights[name] * builder.added(case, name).half_width) ** 2 for name in weights) ** 0.5
    return 100 * value / reference, 100 * half / reference


def read(text: str) -> tuple[float, float, float]:
    """Figure and bounds out of a cell."""
    numbers = [float(one.replace("−", "-").replace("+", "")) for one in re.findall(r"[−+-]?[\d.]+", text)]
    assert len(numbers) == 3
    return numbers[0], numbers[1], numbers[2]


def test_the_mix_can_be_changed(browser: Browser, tmp_path: Path) -> None:
    """With other weights every price over the mix is computed again from the journeys' prices; reset restores them."""
    summary = builder.quick_summary()
    weights = {"anonymous_reader": 10.0, "signed_in_reader": 10.0, "author": 0.0, "log_in": 60.0}
    with opened(browser, summary, tmp_path) as page:
        cells = page.locator("[data-mix]")
        declared = cells.all_inner_texts()
        for name, weight in weights.items():
            page.get_by_label(name.replace("_", " "), exact=True).fill(str(weight))
        assert page.locator("#mix-state").inner_text() == "your mix"
        labels = page.locator(".mixes tbody th").all_inner_texts()
        for label, text in zip(labels, cells.all_inner_texts(), strict=True):
            index = next(i for i, case in enumerate(builder.CASES) if case.name == label.split(" =")[0])
            value, half = over(summary, weights, index)
            last_digit = 10.0 ** -len(text.split(" ")[0].partition(".")[2])
            assert read(text) == pytest.approx((value, value - half, value + half), abs=0.51 * last_digit)
        page.get_by_role("button", name="Reset").click()
        expect(page.locator("#mix-state")).to_have_text("the declared mix")
        assert cells.all_inner_texts() == declared
        for name in weights:
            page.get_by_label(name.replace("_", " "), exact=True).fill("0")
        assert page.locator("#mix-state").inner_text() == "give at least one journey a weight"
        assert cells.all_inner_texts() == declared


def test_the_page_needs_no_script(browser: Browser, tmp_path: Path) -> None:
    """Without JavaScript the tables and pictures are there, and the editor that would do nothing is not."""
    file = tmp_path / "report.html"
    file.write_text(render_html(builder.quick_summary()), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False, offline=True)
    try:
        page = context.new_page()
        page.goto(file.as_uri())
        assert page.locator(".trade tbody tr").count() == 9
        assert page.locator("figure.picture:visible").count() == 4
        assert page.locator(".mixes tbody tr").count() == 9
        assert not page.locator("#mix-form").is_visible()
    finally:
        context.close()


def test_text_of_the_target_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    """Markup in every name of a run is shown as text: no dialog, no new element, no request."""
    hostile = builder.hostile('"><img src="http://127.0.0.1:9/x" onerror="run = 1"><script>run = 1</script>')
    with opened(browser, hostile, tmp_path) as page:
        assert page.evaluate("typeof run") == "undefined"
        assert page.locator("img").count() == 0
        assert page.locator("script").count() == 2


def test_the_data_behind_every_picture_can_be_opened(browser: Browser, tmp_path: Path) -> None:
    """Price list, matrix and frontier each have a table behind them, which scrolls in its own frame."""
    with opened(browser, builder.quick_summary(), tmp_path, width=390) as page:
        for section in ("#prices", "#attacks", "#frontier"):
            page.locator(f"{section} summary").first.click()
            assert page.locator(f"{section} details table").first.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_it_prints_whole_and_without_its_controls(browser: Browser, tmp_path: Path) -> None:
    """On A4 there is neither the editor nor the list of sections, and no picture is cut."""
    with opened(browser, builder.quick_summary(), tmp_path, width=1032) as page:
        page.emulate_media(media="print")
        assert not page.locator("nav").is_visible()
        assert not page.locator("#mix-form").is_visible()
        assert page.locator(".mixes").is_visible()
        assert page.locator("figure.picture:visible").count() == 4
        assert page.evaluate(
            "[...document.querySelectorAll('.wide')].every((one) => one.scrollWidth <= one.clientWidth)"
        )
        assert page.evaluate(OVERFLOWING) == []
