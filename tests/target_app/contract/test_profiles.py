"""Profiles, and who follows whom."""

from collections.abc import Iterator

import pytest

from tests.target_app.contract.conduit import Conduit
from tests.target_app.contract.scene import Person


@pytest.fixture
def follower(api: Conduit, owner: Person, other: Person) -> Iterator[Person]:
    """Somebody who does not follow the owner, before and after the check."""
    api.ok("UnfollowUserByUsername", token=other.token, username=owner.username)
    yield other
    api.ok("UnfollowUserByUsername", token=other.token, username=owner.username)


def _following(api: Conduit, token: str | None, username: str) -> bool:
    profile = api.ok("GetProfileByUsername", token=token, username=username)["profile"]
    assert profile["username"] == username
    return bool(profile["following"])


def test_profile_without_token(api: Conduit, owner: Person) -> None:
    """Anyone may read a profile; nobody follows it then."""
    assert _following(api, None, owner.username) is False


def test_follow_and_unfollow(api: Conduit, owner: Person, follower: Person) -> None:
    """Following answers 200 with `following` true, unfollowing with false; the profile says the same after each."""
    assert _following(api, follower.token, owner.username) is False
    answer = api.call("FollowUserByUsername", token=follower.token, username=owner.username)
    assert (answer.status_code, answer.json()["profile"]["following"]) == (200, True)
    assert _following(api, follower.token, owner.username) is True
    answer = api.call("UnfollowUserByUsername", token=follower.token, username=owner.username)
    assert (answer.status_code, answer.json()["profile"]["following"]) == (200, False)
    assert _following(api, follower.token, owner.username) is False


def test_follow_twice(api: Conduit, owner: Person, follower: Person) -> None:
    """Following twice is following; unfollowing then ends it."""
    for _ in range(2):
        api.ok("FollowUserByUsername", token=follower.token, username=owner.username)
    api.ok("UnfollowUserByUsername", token=follower.token, username=owner.username)
    assert _following(api, follower.token, owner.username) is False


def test_following_is_the_callers_own(api: Conduit, owner: Person, follower: Person) -> None:
    """That one user follows shows to nobody else."""
    api.ok("FollowUserByUsername", token=follower.token, username=owner.username)
    assert _following(api, None, owner.username) is False
    assert _following(api, owner.token, owner.username) is False


def test_profile_shows_bio_and_image(api: Conduit, owner: Person) -> None:
    """A profile carries the bio and the image that its user stored."""
    fields = {"bio": "Writes", "image": "https://example.test/owner.png"}
    api.ok("UpdateCurrentUser", token=owner.token, json={"user": fields})
    profile = api.ok("GetProfileByUsername", username=owner.username)["profile"]
    assert {name: profile[name] for name in fields} == fields
