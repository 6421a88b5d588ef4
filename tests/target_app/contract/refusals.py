"""The contract's table of errors: its cases in the contract's own words, each with the requests that show it.

A level's `contract_exceptions` are such cases. Drafts are not in the contract's table; they come from the design.
"""

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
    """A request of one case and how it is refused; `message` is None where the contract names only the field.

    Words in braces in `path` and `json` stand for what is in the scene.
    """

    case: str
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
    """Refused before any look-up of what the path names."""
    case = "no token where one is needed (before any look-up of the object)"
    known = [
        Refusal(case, f"token_missing_{name}", name, 401, "token", MISSING, "nobody", path, json)
        for name, (path, json) in GUARDED.items()
    ]
    unknown = [
        Refusal(case, f"token_missing_unknown_object_{name}", name, 401, "token", MISSING, "nobody",
                {**path, next(iter(path)): "{fresh}"}, json)
        for name, (path, json) in GUARDED.items() if path
    ]  # fmt: skip
    return [
        *known,
        *unknown,
        Refusal(case, "token_missing_unknown_comment", "DeleteArticleComment", 401, "token", MISSING, "nobody",
                {"slug": "{slug}", "id": "999999999"}),
        Refusal(case, "token_missing_blank_article", "CreateArticle", 401, "token", MISSING, "nobody",
                {}, {"article": {**ARTICLE, "title": ""}}),
    ]  # fmt: skip


def _credentials() -> list[Refusal]:
    """Registration and log-in."""
    wrong = "login with a wrong password"
    taken = "register with a taken username / email"
    blank = "blank username, email, password at registration; blank email or password at login"
    return [
        Refusal(wrong, "login_wrong_password", "Login", 401, "credentials", "invalid", "nobody", {},
                {"user": {**LOGIN, "password": "not-the-password"}}),
        Refusal(taken, "register_taken_username", "CreateUser", 409, "username", TAKEN, "nobody", {},
                {"user": {**NEW_USER, "username": "{owner}"}}),
        Refusal(taken, "register_taken_email", "CreateUser", 409, "email", TAKEN, "nobody", {},
                {"user": {**NEW_USER, "email": "{owner_email}"}}),
        *(Refusal(blank, f"register_blank_{name}", "CreateUser", 422, name, BLANK, "nobody", {},
                  {"user": {**NEW_USER, name: ""}}) for name in NEW_USER),
        *(Refusal(blank, f"register_missing_{name}", "CreateUser", 422, name, None, "nobody", {},
                  {"user": _without(NEW_USER, name)}) for name in NEW_USER),
        *(Refusal(blank, f"login_blank_{name}", "Login", 422, name, BLANK, "nobody", {},
                  {"user": {**LOGIN, name: ""}}) for name in LOGIN),
        *(Refusal(blank, f"login_missing_{name}", "Login", 422, name, None, "nobody", {},
                  {"user": _without(LOGIN, name)}) for name in LOGIN),
    ]  # fmt: skip


def _self() -> list[Refusal]:
    """The update of oneself."""
    case = "PUT /user with email, username or password null or blank, or a password under 8 characters"
    return [
        *(Refusal(case, f"user_update_null_{name}", "UpdateCurrentUser", 422, name, json={"user": {name: None}})
          for name in NEW_USER),
        *(Refusal(case, f"user_update_blank_{name}", "UpdateCurrentUser", 422, name, json={"user": {name: ""}})
          for name in NEW_USER),
        Refusal(case, "user_update_short_password", "UpdateCurrentUser", 422, "password",
                json={"user": {"password": "7-chars"}}),
    ]  # fmt: skip


def _content() -> list[Refusal]:
    """What an article and a comment must hold."""
    blank = "blank title, description, body of an article; blank body of a comment"
    there = {"slug": "{slug}"}
    return [
        *(Refusal(blank, f"article_blank_{name}", "CreateArticle", 422, name, BLANK,
                  json={"article": {**ARTICLE, name: ""}}) for name in ARTICLE),
        *(Refusal(blank, f"article_missing_{name}", "CreateArticle", 422, name,
                  json={"article": _without(ARTICLE, name)}) for name in ARTICLE),
        *(Refusal(blank, f"article_update_blank_{name}", "UpdateArticle", 422, name, BLANK, path=there,
                  json={"article": {name: ""}}) for name in ARTICLE),
        Refusal(blank, "comment_blank_body", "CreateArticleComment", 422, "body", BLANK, path=there,
                json={"comment": {"body": ""}}),
        Refusal(blank, "comment_missing_body", "CreateArticleComment", 422, "body", path=there, json={"comment": {}}),
        Refusal("PUT article with tagList null", "article_update_null_tags", "UpdateArticle", 422, "tagList",
                path=there, json={"article": {"tagList": None}}),
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
    article = "unknown article, also under its comments and favorite"
    comment = "unknown comment on a known article"
    profile = "unknown profile, also at follow"
    return [
        *(Refusal(article, f"article_unknown_{name}", name, 404, "article", NOT_FOUND,
                  path={**path, "slug": "{fresh}"}, json=json) for name, (path, json) in BELOW_ARTICLE.items()),
        Refusal(comment, "comment_unknown", "DeleteArticleComment", 404, "comment", NOT_FOUND,
                path={"slug": "{slug}", "id": "999999999"}),
        Refusal(comment, "comment_of_another_article", "DeleteArticleComment", 404, "comment", NOT_FOUND,
                path={"slug": "{other_slug}", "id": "{comment}"}),
        *(Refusal(profile, f"profile_unknown_{name}", name, 404, "profile", NOT_FOUND, path={"username": "{fresh}"})
          for name in ("GetProfileByUsername", "FollowUserByUsername", "UnfollowUserByUsername")),
    ]  # fmt: skip


def _foreign() -> list[Refusal]:
    """What belongs to somebody else."""
    article = "another user's article, update or delete"
    there = {"slug": "{slug}"}
    return [
        Refusal(article, "article_forbidden_update", "UpdateArticle", 403, "article", FORBIDDEN, "other", there,
                {"article": {"body": "Mine now"}}),
        Refusal(article, "article_forbidden_delete", "DeleteArticle", 403, "article", FORBIDDEN, "other", there),
        Refusal("another user's comment, delete", "comment_forbidden_delete", "DeleteArticleComment", 403, "comment",
                FORBIDDEN, "other", {"slug": "{slug}", "id": "{comment}"}),
    ]  # fmt: skip


FOREIGN_DRAFT: Final = "another user's draft"


def _drafts() -> list[Refusal]:
    """To everybody but its owner a draft is not there."""
    draft = {"slug": "{draft}"}
    requests: dict[str, tuple[str, Any]] = {
        "read": ("GetArticle", None),
        "comments": ("GetArticleComments", None),
        "comment": ("CreateArticleComment", {"comment": COMMENT}),
        "favorite": ("CreateArticleFavorite", None),
        "update": ("UpdateArticle", {"article": {"body": "Mine now"}}),
        "delete": ("DeleteArticle", None),
    }
    return [
        *(Refusal(FOREIGN_DRAFT, f"draft_hidden_{name}", operation, 404, "article", NOT_FOUND, "other", draft, json)
          for name, (operation, json) in requests.items()),
        *(Refusal("a draft, without a token", f"draft_hidden_from_nobody_{name}", requests[name][0], 404, "article",
                  NOT_FOUND, "nobody", draft) for name in ("read", "comments")),
    ]  # fmt: skip


REFUSALS: Final = [*_no_token(), *_credentials(), *_self(), *_content(), *_unknown(), *_foreign(), *_drafts()]
