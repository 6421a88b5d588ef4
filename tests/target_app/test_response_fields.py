from collections.abc import Callable

import pytest

from tests.target_app.app_client import AppClient

PROFILE = {"username", "bio", "image", "following"}


@pytest.mark.parametrize("shape", ["joined", "lazy"])
@pytest.mark.parametrize("level", ["declared", "whole_row"])
def test_what_answers_say_of_a_user(client: Callable[..., AppClient], level: str, shape: str) -> None:
    """`declared` shows the contract's fields in every answer about a user; `whole_row` shows the hash too."""
    app = client(f"response_fields={level},query_shape={shape}")
    token, other = app.register("ann"), app.register("bob")
    slug = app.publish(token)
    app.call("POST", f"/api/articles/{slug}/comments", token, json={"comment": {"body": "hi"}})
    objects = [
        app.call("GET", "/api/profiles/ann", other).json()["profile"],
        app.call("GET", "/api/articles", other).json()["articles"][0]["author"],
        app.call("GET", f"/api/articles/{slug}").json()["article"]["author"],
        app.call("GET", f"/api/articles/{slug}/comments").json()["comments"][0]["author"],
        app.call("POST", "/api/profiles/ann/follow", other).json()["profile"],
    ]
    for shown in objects:
        if level == "declared":
            assert set(shown) == PROFILE
        else:
            assert set(shown) > PROFILE
            assert shown["email"] == "ann@example.test"
            assert len(shown["password_hash"]) == 64
    own = app.call("GET", "/api/user", token).json()["user"]
    assert ("password_hash" in own) == (level == "whole_row")
    assert set(own) >= {"username", "email", "bio", "image", "token"}
