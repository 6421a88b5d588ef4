"""Comments below an article."""

from tests.target_app.contract.conduit import Conduit
from tests.target_app.contract.scene import Person, publish, say
from tests.target_app.contract.test_articles import MILLISECONDS_UTC


def test_create(api: Conduit, owner: Person, other: Person) -> None:
    """Anyone signed in may comment: 201, with the text, its author and times in milliseconds."""
    slug = publish(api, owner)["slug"]
    body = {"comment": {"body": "It's <i>fine</i> 🙂"}}
    answer = api.call("CreateArticleComment", token=other.token, slug=slug, json=body)
    assert answer.status_code == 201
    comment = answer.json()["comment"]
    assert (comment["body"], comment["author"]["username"]) == ("It's <i>fine</i> 🙂", other.username)
    assert MILLISECONDS_UTC.fullmatch(comment["createdAt"])
    assert MILLISECONDS_UTC.fullmatch(comment["updatedAt"])


def test_list(api: Conduit, owner: Person, other: Person) -> None:
    """An article's comments are all listed, with a token or without, and no other article's."""
    slug, empty = publish(api, owner)["slug"], publish(api, owner)["slug"]
    said = [say(api, person, slug, text) for person, text in ((owner, "first"), (other, "second"))]
    for token in (None, owner.token):
        listed = api.ok("GetArticleComments", slug=slug, token=token)["comments"]
        assert sorted(listed, key=lambda comment: int(comment["id"])) == said
    assert api.ok("GetArticleComments", slug=empty) == {"comments": []}


def test_author_is_followed(api: Conduit, owner: Person, other: Person) -> None:
    """`following` of a comment's author is the caller's own."""
    slug = publish(api, owner)["slug"]
    say(api, owner, slug)
    api.ok("FollowUserByUsername", token=other.token, username=owner.username)
    try:
        seen = [api.ok("GetArticleComments", slug=slug, token=token)["comments"] for token in (None, other.token)]
        assert [comment["author"]["following"] for (comment,) in seen] == [False, True]
    finally:
        api.ok("UnfollowUserByUsername", token=other.token, username=owner.username)


def test_delete(api: Conduit, owner: Person, other: Person) -> None:
    """The author of a comment deletes it with 204, on another's article too; the others stay."""
    slug = publish(api, owner)["slug"]
    kept, gone = say(api, owner, slug), say(api, other, slug)
    assert api.call("DeleteArticleComment", token=other.token, slug=slug, id=gone["id"]).status_code == 204
    listed = api.ok("GetArticleComments", slug=slug)["comments"]
    assert [comment["id"] for comment in listed] == [kept["id"]]
    assert api.call("DeleteArticleComment", token=other.token, slug=slug, id=gone["id"]).status_code == 404
