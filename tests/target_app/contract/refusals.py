"""The contract's table of errors, one named row a case. A level's `contract_exceptions` are names from here."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final, Literal

from tests.target_app.contract.conduit import PASSWORD, Conduit, unique
from tests.target_app.contract.scene import Scene

Who = Literal["nobody", "owner", "other"]

MISSING: Final = "is missing"
BLANK: Final = "can't be blank"
TAKEN: Final = "has already been taken"
NOT_FOUND: Final = "not found"
FORBIDDEN: Final = "forbidden"

NEW_USER: Final = {"username": "{fresh}", "email": "{fresh}@example.test", "password": PASSWORD}
LOGIN: Final = {"email": "{owner_email}", "password": PASSWORD}
ARTICLE: Final = {"title": "A title", "description": "About it", "body": "All of it"}
COMMENT: Final = {"body": "Well said"}


@dataclasses.dataclass(frozen=True)
class Refusal:
    """A request and how it is refused; `message` is None where the contract names only the field.

    Words in braces in `path` and `json` stand for what is in the scene.
    """

    name: str
    operation: str
    status: int
    field: str
    message: str | None = None
    who: Who = "owner"
    path: Mapping[str, str] = dataclasses.field(default_factory=dict)
    json: Any = None

    def check(self, api: Conduit, scene: Scene) -> None:
        """Sends the request and asserts the refusal."""
        names = _names(scene)
        token = {"nobody": None, "owner": scene.owner.token, "other": scene.other.token}[self.who]
        answer = api.call(self.operation, token=token, json=_fill(self.json, names), **_fill(dict(self.path), names))
        assert answer.status_code == self.status, answer.text
        errors = answer.json()["errors"]
        assert list(errors) == [self.field], errors
        if self.message is not None:
            assert errors[self.field] == [self.message], errors


def _names(scene: Scene) -> dict[str, str | int]:
    return {
        "slug": scene.slug,
        "other_slug": scene.other_slug,
        "draft": scene.draft,
        "comment": scene.comment,
        "owner": scene.owner.username,
        "owner_email": scene.owner.email,
        "other": scene.other.username,
        "fresh": unique("fresh"),
    }


def _fill(value: Any, names: Mapping[str, str | int]) -> Any:
    if isinstance(value, str):
        return value.format(**names)
    if isinstance(value, dict):
        return {key: _fill(inner, names) for key, inner in value.items()}
    return value


def _without(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


# Every operation that needs a token, with a request that would succeed with one.
GUARDED: Final[dict[str, tuple[Mapping[str, str], Any]]] = {
    "GetCurrentUser": ({}, None),
    "UpdateCurrentUser": ({}, {"user": {"bio": "Writes"}}),
    "FollowUserByUsername": ({"username": "{other}"}, None),
    "UnfollowUserByUsername": ({"username": "{other}"}, None),
    "GetArticlesFeed": ({}, None),
    "CreateArticle": ({}, {"article": ARTICLE}),
    "UpdateArticle": ({"slug": "{slug}"}, {"article": {"body": "New"}}),
    "DeleteArticle": ({"slug": "{slug}"}, None),
    "CreateArticleComment": ({"slug": "{slug}"}, {"comment": COMMENT}),
    "DeleteArticleComment": ({"slug": "{slug}", "id": "{comment}"}, None),
    "CreateArticleFavorite": ({"slug": "{slug}"}, None),
    "DeleteArticleFavorite": ({"slug": "{slug}"}, None),
}


def _no_token() -> list[Refusal]:
    """Without a token: refused, and before any look-up of what the path names."""
    known = [
        Refusal(f"token_missing_{name}", name, 401, "token", MISSING, "nobody", path, json)
        for name, (path, json) in GUARDED.items()
    ]
    unknown = [
        Refusal(
            f"token_missing_unknown_object_{name}", name, 401, "token", MISSING, "nobody",
            {**path, next(iter(path)): "{fresh}"}, json,
        )
        for name, (path, json) in GUARDED.items()
        if path
    ]  # fmt: skip
    return [
        *known,
        *unknown,
        Refusal("token_missing_unknown_comment", "DeleteArticleComment", 401, "token", MISSING, "nobody",
                {"slug": "{slug}", "id": "999999999"}),
        Refusal("token_missing_blank_article", "CreateArticle", 401, "token", MISSING, "nobody",
                {}, {"article": {**ARTICLE, "title": ""}}),
    ]  # fmt: skip


def _users() -> list[Refusal]:
    """Registration, log-in and the update of oneself."""
    return [
        Refusal("login_wrong_password", "Login", 401, "credentials", "invalid", "nobody", {},
                {"user": {**LOGIN, "password": "not-the-password"}}),
        Refusal("register_taken_username", "CreateUser", 409, "username", TAKEN, "nobody", {},
                {"user": {**NEW_USER, "username": "{owner}"}}),
        Refusal("register_taken_email", "CreateUser", 409, "email", TAKEN, "nobody", {},
                {"user": {**NEW_USER, "email": "{owner_email}"}}),
        *(Refusal(f"register_blank_{name}", "CreateUser", 422, name, BLANK, "nobody", {},
                  {"user": {**NEW_USER, name: ""}}) for name in NEW_USER),
        *(Refusal(f"register_missing_{name}", "CreateUser", 422, name, None, "nobody", {},
                  {"user": _without(NEW_USER, name)}) for name in NEW_USER),
        *(Refusal(f"login_blank_{name}", "Login", 422, name, BLANK, "nobody", {},
                  {"user": {**LOGIN, name: ""}}) for name in LOGIN),
        *(Refusal(f"login_missing_{name}", "Login", 422, name, None, "nobody", {},
                  {"user": _without(LOGIN, name)}) for name in LOGIN),
        *(Refusal(f"user_update_null_{name}", "UpdateCurrentUser", 422, name, json={"user": {name: None}})
          for name in NEW_USER),
        *(Refusal(f"user_update_blank_{name}", "UpdateCurrentUser", 422, name, json={"user": {name: ""}})
          for name in NEW_USER),
        Refusal("user_update_short_password", "UpdateCurrentUser", 422, "password",
                json={"user": {"password": "7-chars"}}),
    ]  # fmt: skip


def _content() -> list[Refusal]:
    """What an article and a comment must hold."""
    there = {"slug": "{slug}"}
    return [
        *(Refusal(f"article_blank_{name}", "CreateArticle", 422, name, BLANK,
                  json={"article": {**ARTICLE, name: ""}}) for name in ARTICLE),
        *(Refusal(f"article_missing_{name}", "CreateArticle", 422, name,
                  json={"article": _without(ARTICLE, name)}) for name in ARTICLE),
        *(Refusal(f"article_update_blank_{name}", "UpdateArticle", 422, name, BLANK, path=there,
                  json={"article": {name: ""}}) for name in ARTICLE),
        Refusal("article_update_null_tags", "UpdateArticle", 422, "tagList", path=there,
                json={"article": {"tagList": None}}),
        Refusal("comment_blank_body", "CreateArticleComment", 422, "body", BLANK, path=there,
                json={"comment": {"body": ""}}),
        Refusal("comment_missing_body", "CreateArticleComment", 422, "body", path=there, json={"comment": {}}),
    ]  # fmt: skip


# Every operation below an article, with a body that would do.
BELOW_ARTICLE: Final[dict[str, tuple[Mapping[str, str], Any]]] = {
    "GetArticle": ({}, None),
    "UpdateArticle": ({}, {"article": {"body": "New"}}),
    "DeleteArticle": ({}, None),
    "GetArticleComments": ({}, None),
    "CreateArticleComment": ({}, {"comment": COMMENT}),
    "DeleteArticleComment": ({"id": "{comment}"}, None),
    "CreateArticleFavorite": ({}, None),
    "DeleteArticleFavorite": ({}, None),
}


def _unknown() -> list[Refusal]:
    """What is not there."""
    return [
        *(Refusal(f"article_unknown_{name}", name, 404, "article", NOT_FOUND,
                  path={**path, "slug": "{fresh}"}, json=json) for name, (path, json) in BELOW_ARTICLE.items()),
        Refusal("comment_unknown", "DeleteArticleComment", 404, "comment", NOT_FOUND,
                path={"slug": "{slug}", "id": "999999999"}),
        Refusal("comment_of_another_article", "DeleteArticleComment", 404, "comment", NOT_FOUND,
                path={"slug": "{other_slug}", "id": "{comment}"}),
        *(Refusal(f"profile_unknown_{name}", name, 404, "profile", NOT_FOUND, path={"username": "{fresh}"})
          for name in ("GetProfileByUsername", "FollowUserByUsername", "UnfollowUserByUsername")),
    ]  # fmt: skip


def _foreign() -> list[Refusal]:
    """What belongs to somebody else."""
    there = {"slug": "{slug}"}
    draft = {"slug": "{draft}"}
    return [
        Refusal("article_forbidden_update", "UpdateArticle", 403, "article", FORBIDDEN, "other", there,
                {"article": {"body": "Mine now"}}),
        Refusal("article_forbidden_delete", "DeleteArticle", 403, "article", FORBIDDEN, "other", there),
        Refusal("comment_forbidden_delete", "DeleteArticleComment", 403, "comment", FORBIDDEN, "other",
                {"slug": "{slug}", "id": "{comment}"}),
        Refusal("draft_hidden_from_anonymous", "GetArticle", 404, "article", NOT_FOUND, "nobody", draft),
        Refusal("draft_hidden_read", "GetArticle", 404, "article", NOT_FOUND, "other", draft),
        Refusal("draft_hidden_comments", "GetArticleComments", 404, "article", NOT_FOUND, "other", draft),
        Refusal("draft_hidden_comment", "CreateArticleComment", 404, "article", NOT_FOUND, "other", draft,
                {"comment": COMMENT}),
        Refusal("draft_hidden_favorite", "CreateArticleFavorite", 404, "article", NOT_FOUND, "other", draft),
        Refusal("draft_hidden_update", "UpdateArticle", 404, "article", NOT_FOUND, "other", draft,
                {"article": {"body": "Mine now"}}),
        Refusal("draft_hidden_delete", "DeleteArticle", 404, "article", NOT_FOUND, "other", draft),
    ]  # fmt: skip


REFUSALS: Final = [*_no_token(), *_users(), *_content(), *_unknown(), *_foreign()]
