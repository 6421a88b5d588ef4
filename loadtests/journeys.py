"""What one virtual user does on a Conduit backend, written once: generators that yield a step and are sent its answer.

A journey knows no client, clock or tool, so the duet and the Locust users walk the very same steps. All its choices
come from `Visit.seed`: with the same seed, every arm is asked for the same things, as long as their data are the same.

Each journey leaves the data as it found it. While an article of the author stands published, readers may see it in a
list, and it may be gone before they ask for it: they choose among the others, by the title.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from urllib.parse import quote

from loadtests.accounts import Account, LogIn

OK = frozenset({200})
CREATED = frozenset({201})
DELETED = frozenset({204})

PAGE = 20
PASSING_TITLE = "A passing note"  # the titles of articles that are deleted within their journey begin so
BODY = "Written by a virtual user. " * 40  # about a kilobyte, as a short article has


class UnusableAnswer(Exception):  # noqa: N818 - an outcome of a request like `NoAnswer`, not a defect
    """An answer of the expected status without what the next step needs, such as a list without an article."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request. `name` is the route's template, so that labels stay few; `signed` sends the user's credential."""

    name: str
    method: str
    path: str
    json: Any = None
    expected: frozenset[int] = OK
    signed: bool = False


@dataclass(slots=True)
class Answer:
    """Status and body of a response; the body is parsed when a journey asks for something in it."""

    status: int
    body: bytes
    _parsed: Any = field(default=None, repr=False)

    def at(self, *path: str | int) -> Any:
        """What stands at that place of the JSON body, or raise UnusableAnswer."""
        try:
            if self._parsed is None:
                self._parsed = json.loads(self.body)
            found = self._parsed
            for part in path:
                found = found[part]
        except (ValueError, LookupError, TypeError) as error:
            place = ".".join(map(str, path))
            raise UnusableAnswer(f"nothing at {place} of the answer ({type(error).__name__})") from error
        return found

    def text(self, *path: str | int) -> str:
        """A string that stands there, not empty, or raise UnusableAnswer."""
        found = self.at(*path)
        if not isinstance(found, str) or not found:
            raise UnusableAnswer(f"no text at {'.'.join(map(str, path))} of the answer")
        return found

    def entries(self, *path: str | int) -> list[Any]:
        """A list that stands there, not empty, or raise UnusableAnswer."""
        found = self.at(*path)
        if not isinstance(found, list) or not found:
            raise UnusableAnswer(f"no entry at {'.'.join(map(str, path))} of the answer")
        return found


Journey = Generator[Step, Answer, None]


STEPS = tuple(round(2**64 * (prime**0.5 % 1)) for prime in (2, 3, 5, 7))
"""Irrational fractions of 2**64: multiples of one of them spread evenly over the whole range (Kronecker sequence)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who comes, and what settles all choices of this arrival: the seed, and its number among arrivals of that seed.

    Arrivals that share a seed choose evenly over what there is (a low-discrepancy sequence, randomly started), so that
    a window of few arrivals meets the dear and the cheap articles in their true proportion.
    """

    account: Account
    seed: int
    log_in: LogIn = field(default_factory=LogIn)
    arrival: int = 0

    def choices(self) -> Iterator[int]:
        """Numbers of 64 bits: starts from the seed by SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), then even steps."""
        state = self.seed
        for step in cycle(STEPS):
            state = (state + 0x9E3779B97F4A7C15) % 2**64
            mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
            mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) % 2**64
            yield ((mixed ^ (mixed >> 31)) + self.arrival * step) % 2**64


def pick(number: int, count: int) -> int:
    """An index below `count` from a number of 64 bits, by its leading bits: they carry the even spread."""
    return number * count >> 64


def anonymous_reader(visit: Visit) -> Journey:
    """Looks at the newest articles, reads one with its comments, looks at its author and at one tag."""
    choices = visit.choices()
    article = _choose(choices, (yield _list()))
    slug = quote(article.text("slug"), safe="")
    yield Step("GET /api/articles/{slug}", "GET", f"/api/articles/{slug}")
    yield Step("GET /api/articles/{slug}/comments", "GET", f"/api/articles/{slug}/comments")
    tags = yield Step("GET /api/tags", "GET", "/api/tags")
    yield _profile(article.text("author", "username"))
    tag = quote(tags.text("tags", pick(next(choices), len(tags.entries("tags")))), safe="")
    yield Step("GET /api/articles?tag={tag}", "GET", f"/api/articles?tag={tag}&limit={PAGE}")


def signed_in_reader(visit: Visit) -> Journey:
    """Looks at the feed and the newest articles, reads one, favorites it and takes that back, looks at its author."""
    yield Step("GET /api/articles/feed", "GET", f"/api/articles/feed?limit={PAGE}", signed=True)
    chosen = _choose(visit.choices(), (yield _list(signed=True)))
    slug = quote(chosen.text("slug"), safe="")
    article = yield Step("GET /api/articles/{slug}", "GET", f"/api/articles/{slug}", signed=True)
    yield Step("GET /api/articles/{slug}/comments", "GET", f"/api/articles/{slug}/comments", signed=True)
    # An article that was a favorite before is one afterwards: then it is taken back first.
    methods = ("DELETE", "POST") if article.at("article", "favorited") else ("POST", "DELETE")
    for method in methods:
        yield Step(f"{method} /api/articles/{{slug}}/favorite", method, f"/api/articles/{slug}/favorite", signed=True)
    yield _profile(chosen.text("author", "username"), signed=True)


def author(visit: Visit) -> Journey:
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


def log_in(visit: Visit) -> Journey:
    """One request: the log-in with the account's own e-mail and password."""
    yield log_in_step(visit.log_in, visit.account)


JOURNEYS: dict[str, Callable[[Visit], Journey]] = {
    "anonymous_reader": anonymous_reader,
    "signed_in_reader": signed_in_reader,
    "author": author,
    "log_in": log_in,
}

# Arrivals in a hundred, when nobody states another mix.
WEIGHTS = {"anonymous_reader": 70, "signed_in_reader": 20, "author": 8, "log_in": 2}


def log_in_step(how: LogIn, account: Account) -> Step:
    """The log-in request of a target, by its template."""
    return Step(how.name, how.method, how.path, how.body(account))


def session_check() -> Step:
    """A cheap request that tells whether a session is still good: 200 if it is."""
    return Step("GET /api/user", "GET", "/api/user", signed=True)


@dataclass(frozen=True, slots=True)
class _Listed:
    """One article of a list."""

    page: Answer
    index: int

    def text(self, *path: str) -> str:
        return self.page.text("articles", self.index, *path)


def _list(*, signed: bool = False) -> Step:
    return Step("GET /api/articles", "GET", f"/api/articles?limit={PAGE}", signed=signed)


def _profile(username: str, *, signed: bool = False) -> Step:
    return Step("GET /api/profiles/{username}", "GET", f"/api/profiles/{quote(username, safe='')}", signed=signed)


def _choose(choices: Iterator[int], page: Answer) -> _Listed:
    count = len(page.entries("articles"))
    lasting = [n for n in range(count) if not page.text("articles", n, "title").startswith(PASSING_TITLE)]
    if not lasting:
        raise UnusableAnswer("the list holds no article to read")
    return _Listed(page, lasting[pick(next(choices), len(lasting))])
