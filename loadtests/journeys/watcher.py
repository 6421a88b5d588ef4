"""Watching: what happens on an article is heard as it happens."""

from __future__ import annotations

from urllib.parse import quote

from loadtests.journeys.conduit import articles, choose
from loadtests.steps import CREATED, DELETED, Step, Steps, UnusableAnswer, Visit, Wait


def watcher(visit: Visit) -> Steps:
    """Opens a stream on an article by a ticket, comments on it, waits to hear so, and takes the comment back."""
    slug = choose(visit.choices(), (yield articles())).text("slug")
    ticket = (yield Step("POST /api/tickets", "POST", "/api/tickets", None, CREATED, signed=True)).text(
        "ticket", "value"
    )
    path = f"/api/events?article={quote(slug, safe='')}&ticket={quote(ticket, safe='')}"
    opened = yield Step("GET /api/events", "GET", path, streams=True)
    if opened.stream is None:
        raise UnusableAnswer("the answer is no stream")
    try:
        comments = f"/api/articles/{quote(slug, safe='')}/comments"
        comment = {"comment": {"body": "A remark that somebody waits for."}}
        said = yield Step("POST /api/articles/{slug}/comments", "POST", comments, comment, CREATED, signed=True)
        number = str(said.at("comment", "id"))
        yield Wait("EVENT comment.created", opened.stream, f'"id":{number},'.encode())
        its = f"{comments}/{quote(number, safe='')}"
        yield Step("DELETE /api/articles/{slug}/comments/{id}", "DELETE", its, None, DELETED, signed=True)
    finally:
        opened.stream.close()
