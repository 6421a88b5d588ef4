"""Who and what a check needs to be there."""

from dataclasses import dataclass
from typing import Any

from tests.target_app.contract.conduit import PASSWORD, Conduit, unique


@dataclass(frozen=True)
class Person:
    """A registered user with a session."""

    username: str
    email: str
    token: str


@dataclass(frozen=True)
class Scene:
    """Two articles of the owner's (the first with a comment of the owner's), a draft of the owner's, another user."""

    owner: Person
    other: Person
    slug: str
    comment: int
    other_slug: str
    draft: str


def register(api: Conduit, prefix: str = "user") -> Person:
    """A new user (costs the server one password hash)."""
    username = unique(prefix)
    email = f"{username}@example.test"
    user = api.ok("CreateUser", json={"user": {"username": username, "email": email, "password": PASSWORD}})["user"]
    return Person(username, email, user["token"])


def publish(api: Conduit, person: Person, **fields: Any) -> dict[str, Any]:
    """A new article of this person's, as the server answers it."""
    article = {"title": unique("Title "), "description": "About it", "body": "All of it", **fields}
    created: dict[str, Any] = api.ok("CreateArticle", token=person.token, json={"article": article})["article"]
    return created


def say(api: Conduit, person: Person, slug: str, body: str = "Well said") -> dict[str, Any]:
    """A new comment of this person's, as the server answers it."""
    created: dict[str, Any] = api.ok(
        "CreateArticleComment", token=person.token, slug=slug, json={"comment": {"body": body}}
    )["comment"]
    return created


def set_scene(api: Conduit, owner: Person, other: Person) -> Scene:
    """A new scene, by people who are there already."""
    slug, other_slug = publish(api, owner)["slug"], publish(api, owner)["slug"]
    draft = publish(api, owner, draft=True)["slug"]
    return Scene(owner, other, slug, say(api, owner, slug)["id"], other_slug, draft)
