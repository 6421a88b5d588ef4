"""Registration, log-in and the update of oneself."""

from typing import Any

import pytest

from tests.target_app.contract.conduit import PASSWORD, Conduit, unique
from tests.target_app.contract.scene import Person, register


def _log_in(api: Conduit, email: str, password: str) -> dict[str, Any] | None:
    """The user, or None for wrong credentials; from an address of its own, so that no throttle joins the checks."""
    elsewhere = api.from_elsewhere()
    try:
        answer = elsewhere.call("Login", json={"user": {"email": email, "password": password}})
    finally:
        elsewhere.close()
    user: dict[str, Any] | None = answer.json()["user"] if answer.status_code == 200 else None
    return user


def _update(api: Conduit, person: Person, **fields: Any) -> dict[str, Any]:
    user: dict[str, Any] = api.ok("UpdateCurrentUser", token=person.token, json={"user": fields})["user"]
    return user


def test_registration(api: Conduit) -> None:
    """Registration answers 201 with the user as given, nothing in bio and image, and a token that works."""
    name = unique("new")
    sent = {"username": name, "email": f"{name}@example.test", "password": PASSWORD}
    answer = api.call("CreateUser", json={"user": sent})
    assert answer.status_code == 201
    user = answer.json()["user"]
    assert (user["username"], user["email"], user["bio"], user["image"]) == (name, sent["email"], None, None)
    assert api.ok("GetCurrentUser", token=user["token"])["user"]["username"] == name


def test_login(api: Conduit, owner: Person) -> None:
    """The right password answers 200 with a token that works."""
    user = _log_in(api, owner.email, PASSWORD)
    assert user is not None
    assert user["username"] == owner.username
    assert api.ok("GetCurrentUser", token=user["token"])["user"]["email"] == owner.email


def test_login_of_nobody(api: Conduit) -> None:
    """An account that does not exist cannot be logged in to."""
    assert _log_in(api, f"{unique('nobody')}@example.test", PASSWORD) is None


def test_current_user(api: Conduit, other: Person) -> None:
    """GET /user is the holder of the token."""
    user = api.ok("GetCurrentUser", token=other.token)["user"]
    assert (user["username"], user["email"]) == (other.username, other.email)


def test_garbage_is_no_token(api: Conduit) -> None:
    """Something that is no token at all is refused with 401."""
    assert api.call("GetCurrentUser", token="not-a-token").status_code == 401


@pytest.mark.parametrize("name", ["bio", "image"])
def test_text_is_stored(api: Conduit, other: Person, name: str) -> None:
    """A bio or image is answered as given, and read back."""
    value = "https://example.test/a.png" if name == "image" else "Écrit – à la main ✍"
    assert _update(api, other, **{name: value})[name] == value
    assert api.ok("GetCurrentUser", token=other.token)["user"][name] == value


@pytest.mark.parametrize("nothing", ["", None], ids=["blank", "null"])
@pytest.mark.parametrize("name", ["bio", "image"])
def test_nothing_is_null(api: Conduit, other: Person, name: str, nothing: str | None) -> None:
    """A blank or null bio or image is stored as null."""
    _update(api, other, **{name: "something"})
    assert _update(api, other, **{name: nothing})[name] is None
    assert api.ok("GetCurrentUser", token=other.token)["user"][name] is None


@pytest.mark.parametrize("name", ["bio", "image"])
def test_field_left_out_stays(api: Conduit, other: Person, name: str) -> None:
    """A field that the update leaves out keeps its value."""
    kept, changed = name, "image" if name == "bio" else "bio"
    _update(api, other, **{kept: "kept"})
    assert _update(api, other, **{changed: "changed"})[kept] == "kept"


def test_names_left_out_stay(api: Conduit, other: Person) -> None:
    """An update of the bio alone keeps user name, e-mail and password."""
    user = _update(api, other, bio="Only this")
    assert (user["username"], user["email"]) == (other.username, other.email)
    assert _log_in(api, other.email, PASSWORD) is not None


def test_username_and_email_change(api: Conduit) -> None:
    """A new user name and e-mail are answered, show in the profile, and log in."""
    person = register(api)
    name = unique("renamed")
    user = _update(api, person, username=name, email=f"{name}@example.test")
    assert (user["username"], user["email"]) == (name, f"{name}@example.test")
    assert api.ok("GetCurrentUser", token=user["token"])["user"]["username"] == name
    assert api.ok("GetProfileByUsername", username=name)["profile"]["username"] == name
    assert _log_in(api, f"{name}@example.test", PASSWORD) is not None
    assert _log_in(api, person.email, PASSWORD) is None


def test_password_change(api: Conduit) -> None:
    """After a change the new password logs in and the old one does not."""
    person = register(api)
    user = _update(api, person, password="another-password-2")
    assert api.ok("GetCurrentUser", token=user["token"])["user"]["username"] == person.username
    assert _log_in(api, person.email, "another-password-2") is not None
    assert _log_in(api, person.email, PASSWORD) is None


def test_password_of_eight_characters(api: Conduit) -> None:
    """Eight characters are enough for a new password."""
    person = register(api)
    _update(api, person, password="8-chars!")
    assert _log_in(api, person.email, "8-chars!") is not None
