"""Fields in answers that are not for the reader (OWASP API3: excessive data exposure)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from security.probe.client import Client
from security.probe.identity import Identity
from security.probe.outcome import CouldNotRunError, Verdict, stopped, succeeded
from security.probe.scene import Article, Scene, require

# Columns whose value is for nobody, and those that are for the user alone.
SECRET_COLUMN = re.compile(r"(?i)hash|password|passwd|secret|salt|token|recovery|api_?key")
PRIVATE_COLUMN = re.compile(r"(?i)e_?mail|phone|address")
# A shorter value (a flag, a version number) would be found everywhere by chance.
SHORTEST = 6


@dataclass(frozen=True)
class Leaf:
    """One value of a JSON answer: its key, the keys above it, and the value as text."""

    place: str
    key: str
    text: str


def secret_fields(scene: Scene) -> Verdict:
    """Look for the victim's stored secrets in every answer that shows the victim, to another user or to the victim."""
    victim, reader = scene.people.sign_in(scene.people.bystander()), scene.people.sign_in()
    row = scene.lab.read_row(victim.username)
    secret = {column: text for column, text in _texts(row) if SECRET_COLUMN.search(column)}
    private = {column: text for column, text in _texts(row) if PRIVATE_COLUMN.search(column)}
    require(secret, "The victim's stored row holds no secret that could be looked for.")
    with scene.article(victim) as article:
        others = dict(_answers_to_others(scene, victim, reader, article))
        own = {"the victim's own account": victim.client.get(scene.path("/user"))}
    shown = [*_leaks(others, {**secret, **private}, victim.username), *_leaks(own, secret, victim.username)]
    if shown:
        return succeeded(f"Stored secrets of the victim stand in answers: {'; '.join(shown[:6])}.")
    looked_for = ", ".join(sorted({**secret, **private}))
    return stopped(
        f"None of the victim's {looked_for} stands in any of {len(others) + len(own)} answers that show the victim."
    )


def _answers_to_others(
    scene: Scene, victim: Identity, reader: Identity, article: Article
) -> Iterator[tuple[str, httpx.Response]]:
    """Every answer in which another user, or a visitor, meets the victim."""
    visitor = scene.people.visitor()
    comments = f"{article.path}/comments"
    comment = victim.client.request("POST", comments, json={"comment": {"body": f"Comment {article.marker}"}})
    require(comment.is_success, f"The victim could not write a comment: {comment.status_code}.")
    profile = scene.path(f"/profiles/{victim.username}")
    yield "follow", reader.client.request("POST", f"{profile}/follow")
    yield "favourite", reader.client.request("POST", f"{article.path}/favorite")
    for who, client in (("user", reader.client), ("visitor", visitor)):
        yield f"profile ({who})", client.get(profile)
        yield f"article ({who})", client.get(article.path)
        yield f"comments ({who})", client.get(comments)
        yield f"list ({who})", scene.articles(client, author=victim.username, limit=2)
    yield "feed", _feed(scene, reader.client)
    yield "unfollow", reader.client.request("DELETE", f"{profile}/follow")


def _feed(scene: Scene, client: Client) -> httpx.Response:
    return client.get(scene.path("/articles/feed"), params={"limit": 2})


def _leaks(answers: dict[str, httpx.Response], secrets: dict[str, str], username: str) -> Iterator[str]:
    for where, answer in answers.items():
        if not answer.is_success or username not in answer.text:
            raise CouldNotRunError(f"The answer {where} ({answer.status_code}) does not show the victim.")
        leaves = list(_leaves(answer.json()))
        for column, text in secrets.items():
            places = [leaf.place for leaf in leaves if text in leaf.text]
            if places:
                yield f"{column} in {where} at {places[0]}"
            elif any(leaf.key == column and leaf.text for leaf in leaves):
                yield f"a field {column} in {where}"


def _leaves(value: Any, place: str = "", key: str = "") -> Iterator[Leaf]:
    match value:
        case dict():
            for name, item in value.items():
                yield from _leaves(item, f"{place}.{name}".lstrip("."), name)
        case list():
            for index, item in enumerate(value):
                yield from _leaves(item, f"{place}[{index}]", key)
        case None | bool():
            return
        case _:
            yield Leaf(place, key, str(value))


def _texts(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    return ((column, value) for column, value in row.items() if isinstance(value, str) and len(value) >= SHORTEST)
