"""Requests that ask for more memory or time than any honest one (OWASP API4, CWE-770, CWE-1333)."""

from __future__ import annotations

import json
import statistics
import time

import httpx

from security.probe.deserialization import ABSENT, IMPORT
from security.probe.identity import Identity
from security.probe.outcome import Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Scene, field_of, new_marker, require

BODY = 10_000_000
PAGE = 1_000_000
#: No reader looks at more rows at once. A list that is no longer than this cannot show whether pages are bounded.
SANE_PAGE = 250
DEPTH = 100_000
#: Characters of a key that fits no pattern of keys: each further one doubles the time of a pattern that backtracks.
LENGTHS = range(18, 41, 2)
#: A pattern that takes longer for so short a text is slow; twice as long for two characters more: exponential.
SLOW_S, GROWTH = 0.25, 2.0


def large_body(scene: Scene) -> Verdict:
    """Write an article of ten million characters as a draft; read it back."""
    author = scene.people.sign_in()
    words = {"title": f"Probe {new_marker()}", "description": "A probe's", "body": "x" * BODY, "draft": True}
    began = time.perf_counter()
    try:
        answer = author.client.request("POST", scene.path("/articles"), json={"article": words})
    except httpx.TransportError as error:  # who does not read all of a body may cut it off
        works = author.client.get(scene.path("/user")).status_code
        require(works == 200, f"After a large body was cut off the target answers {works}.")
        return stopped(f"A body of {BODY:,} bytes is cut off ({type(error).__name__}); the next request is answered.")
    seconds = time.perf_counter() - began
    slug = field_of(answer, "article", "slug")
    if answer.status_code == 201 and isinstance(slug, str):
        path = scene.path(f"/articles/{slug}")
        kept = field_of(author.client.get(path), "article", "body")
        author.client.request("DELETE", path)
        require(isinstance(kept, str), "The article that was written cannot be read.")
        if len(kept) == BODY:
            return succeeded(f"A body of {BODY:,} bytes is taken in {seconds:.2f} s, and read back in full.")
    require(400 <= answer.status_code < 500, f"A body of {BODY:,} bytes is answered {answer.status_code}.")
    return stopped(f"A body of {BODY:,} bytes is answered {answer.status_code} after {1000 * seconds:.0f} ms.")


def large_page(scene: Scene) -> Verdict:
    """Ask for a million articles at once; count those that come."""
    client = scene.people.visitor()
    one = scene.articles(client, limit=1)
    total = field_of(one, "articlesCount")
    require(one.status_code == 200 and isinstance(total, int), f"The list of articles is answered {one.status_code}.")
    began = time.perf_counter()
    answer = scene.articles(client, limit=PAGE)
    seconds = time.perf_counter() - began
    if 400 <= answer.status_code < 500:
        return stopped(f"A page of {PAGE:,} articles is answered {answer.status_code}.")
    require(answer.status_code == 200, f"A page of {PAGE:,} articles is answered {answer.status_code}.")
    came = len(field_of(answer, "articles") or ())
    if came > SANE_PAGE:
        return succeeded(f"A page of {PAGE:,} articles is answered with {came:,} of {total:,}, "
                         f"{len(answer.content):,} bytes, after {seconds:.2f} s.")  # fmt: skip
    require(came < total, f"All {total} articles fit in one page: that says nothing of a bound.")
    return stopped(f"A page of {PAGE:,} articles is answered with {came} of {total:,}.")


def deep_document(scene: Scene) -> Verdict:
    """Import a file with something deeply nested in it that is ignored; what fails must fail twice."""
    author = scene.people.sign_in()
    honest = _import_nested(scene, author, 1)
    if honest.status_code in ABSENT:
        return not_applicable("The target imports no articles.")
    require(honest.status_code == 201, f"A file with something flat in it is answered {honest.status_code}.")
    began = time.perf_counter()
    statuses = [_import_nested(scene, author, DEPTH).status_code for _ in range(2)]
    seconds = time.perf_counter() - began
    works = author.client.get(scene.path("/user")).status_code
    require(works == 200, f"After a deep document the target answers {works}.")
    if min(statuses) >= 500:
        return succeeded(
            f"A document of {DEPTH:,} levels makes the server fail, twice: {statuses}; a flat one is taken."
        )
    require(max(statuses) < 500, f"A document of {DEPTH:,} levels is answered {statuses}.")
    return stopped(f"A document of {DEPTH:,} levels is answered {statuses}, in {1000 * seconds:.0f} ms for both.")


def _import_nested(scene: Scene, author: Identity, depth: int) -> httpx.Response:
    article = {"title": f"Probe {new_marker()}", "description": "A probe's", "body": "A probe's", "draft": True}
    content = f'{{"articles": [{json.dumps(article)}], "ignored": {"[" * depth}{"]" * depth}}}'
    headers = {"content-type": "application/json"}
    answer = author.client.request("POST", scene.path(IMPORT), content=content, headers=headers)
    slug = field_of(answer, "articles", 0, "slug")
    if isinstance(slug, str):
        author.client.request("DELETE", scene.path(f"/articles/{slug}"))
    return answer


def slow_pattern(scene: Scene) -> Verdict:
    """Send keys that fit no pattern, each two characters longer; see whether the time explodes."""
    buyer = scene.people.sign_in()
    plain = [_seconds(scene, buyer, 1) for _ in range(3)]
    if plain[0][0] in ABSENT:
        return not_applicable("The target takes no orders.")
    times: list[float] = []
    for length in LENGTHS:
        status, seconds = _seconds(scene, buyer, length)
        require(400 <= status < 500, f"A key that fits no pattern is answered {status}.")
        times.append(seconds)
        if seconds > SLOW_S and len(times) > 1 and seconds > GROWTH * times[-2]:
            again = _seconds(scene, buyer, length - 2)[1]
            require(seconds > GROWTH * again, "The time grew once, and not again.")
            usual = statistics.median(one for _, one in plain)
            return succeeded(f"A key of {length} characters takes {seconds:.2f} s, one of {length - 2} {again:.2f} s, "
                             f"one of a single character {usual:.3f} s: each doubles the time.")  # fmt: skip
    require(max(times) < SLOW_S, f"Keys that fit no pattern take up to {max(times):.2f} s, without any order.")
    return stopped(
        f"Keys of up to {LENGTHS[-1]} characters that fit no pattern take {1000 * max(times):.0f} ms at most."
    )


def _seconds(scene: Scene, buyer: Identity, length: int) -> tuple[int, float]:
    """The status of an order whose key ends in a blank between letters, and how long its answer takes."""
    headers = {"idempotency-key": "a" * length + " a"}
    began = time.perf_counter()
    answer = buyer.client.request("POST", scene.path("/orders"), json={"order": {"slug": "none"}}, headers=headers)
    return answer.status_code, time.perf_counter() - began
