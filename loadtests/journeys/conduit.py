"""The journeys over Conduit itself, which make up the default mix.

Each leaves the data as it found it. While an article of the author stands published, readers may see it in a list, and
it may be gone before they ask for it: they choose among the others, by the title.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from loadtests.steps import CREATED, DELETED, Answer, Step, Steps, UnusableAnswer, Visit, log_in_step, pick

PAGE = 20
PASSING_TITLE = "A passing note"  # the titles of articles that are deleted within their journey begin so
BODY = "Written by a virtual user. " * 40  # about a kilobyte, as a short article has


def anonymous_reader(visit: Visit) -> Steps:
    """Looks at the newest articles, reads one with its comments, looks at its author and at one tag."""
    choices = visit.choices()
    article = choose(choices, (yield articles()))
    slug = quote(article.text("slug"), safe="")
    yield Step("GET /api/articles/{slug}", "GET", f"/api/articles/{slug}")
    yield Step("GET /api/articles/{slug}/comments", "GET", f"/api/articles/{slug}/comments")
    tags = yield Step("GET /api/tags", "GET", "/api/tags")
    yield profile(article.text("author", "username"))
    tag = quote(tags.text("tags", pick(next(choices), len(tags.entries("tags")))), safe="")
    yield Step("GET /api/articles?tag={tag}", "GET", f"/api/articles?tag={tag}&limit={PAGE}")


def signed_in_reader(visit: Visit) -> Steps:
    """Looks at the feed and the newest articles, reads one, favorites it and takes that back, looks at its author."""
    yield Step("GET /api/articles/feed", "GET", f"/api/articles/feed?limit={PAGE}", signed=True)
    chosen = choose(visit.choices(), (yield articles(signed=True)))
    slug = quote(chosen.text("slug"), safe="")
    article = yield Step("GET /api/articles/{slug}", "GET", f"/api/articles/{slug}", signed=True)
    yield Step("GET /api/articles/{slug}/comments", "GET", f"/api/articles/{slug}/comments", signed=True)
    # An article that was a favorite before is one afterwards: then it is taken back first.
    methods = ("DELETE", "POST") if article.at("article", "favorited") else ("POST", "DELETE")
    for method in methods:
        yield Step(f"{method} /api/articles/{{slug}}/favorite", method, f"/api/articles/{slug}/favorite", signed=True)
    yield profile(chosen.text("author", "username"), signed=True)


def author(visit: Visit) -> Steps:
    """Drafts an article, publishes it, reads it, comments on it, deletes the comment and the article."""
    title = f"{PASSING_TITLE} {next(visit.choices()):016x}"
    draft = {"article": {"title": title, "description": "Soon gone", "body": BODY, "tagList": [], "draft": True}}
    created = yield Step("POST /api/articles", "POST", "/api/articles", draft, CREATED, signed=True)
    one = f"/api/articles/{quote(created.text('article', 'slug'), safe='')}"
    update = {"article": {"body": BODY + "Now public.", "draft": False}}
    published = yield Step("PUT /api/articles/{slug}", "PUT", one, update, signed=True)
    one = f"/api/articles/{quote(published.text('article', 'slug'), safe='')}"
    yield Step("GET /api/articles/{slug}", "GET", one, signed=True)
    comment = {"comment": {"body": "A remark on my own article."}}
    said = yield Step("POST /api/articles/{slug}/comments", "POST", f"{one}/comments", comment, CREATED, signed=True)
    its = f"{one}/comments/{quote(str(said.at('comment', 'id')), safe='')}"
    yield Step("DELETE /api/articles/{slug}/comments/{id}", "DELETE", its, None, DELETED, signed=True)
    yield Step("DELETE /api/articles/{slug}", "DELETE", one, None, DELETED, signed=True)


def log_in(visit: Visit) -> Steps:
    """One request: the log-in with the account's own e-mail and password."""
    yield log_in_step(visit.log_in, visit.account)


@dataclass(frozen=True, slots=True)
class Listed:
    """One article of a list."""

    page: Answer
    index: int

    def text(self, *path: str) -> str:
        """A string of that article."""
        return self.page.text("articles", self.index, *path)


def articles(*, signed: bool = False) -> Step:
    """The newest articles."""
    return Step("GET /api/articles", "GET", f"/api/articles?limit={PAGE}", signed=signed)


def profile(username: str, *, signed: bool = False) -> Step:
    """A look at a user."""
    return Step("GET /api/profiles/{username}", "GET", f"/api/profiles/{quote(username, safe='')}", signed=signed)


def choose(choices: Iterator[int], page: Answer) -> Listed:
    """One of the articles that will last; raises UnusableAnswer where there is none."""
    count = len(page.entries("articles"))
    lasting = [n for n in range(count) if not page.text("articles", n, "title").startswith(PASSING_TITLE)]
    if not lasting:
        raise UnusableAnswer("the list holds no article to read")
    return Listed(page, lasting[pick(next(choices), len(lasting))])
