from collections.abc import Callable

import pytest

from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]

#: What another signed-in user is answered: read a draft, change and delete an article, delete a comment.
ANSWERS = {
    "on": [404, 403, 403, 403],
    "reads_only": [404, 200, 204, 204],
    "off": [200, 200, 204, 204],
}


@pytest.mark.parametrize("level", ANSWERS)
def test_what_another_user_may_do(client: Make, level: str) -> None:
    """Each level opens what it is named for, and what it opens really happens."""
    app = client(f"object_authz={level}")
    owner, other = app.register("owner"), app.register("other")
    draft, article, doomed = app.publish(owner, draft=True), app.publish(owner), app.publish(owner)
    path = f"/api/articles/{article}/comments"
    comment = app.call("POST", path, owner, json={"comment": {"body": "mine"}}).json()["comment"]["id"]
    update = {"article": {"body": "changed by another"}}
    answers = [
        app.call("GET", f"/api/articles/{draft}", other),
        app.call("PUT", f"/api/articles/{article}", other, json=update),
        app.call("DELETE", f"/api/articles/{doomed}", other),
        app.call("DELETE", f"{path}/{comment}", other),
    ]
    assert [answer.status_code for answer in answers] == ANSWERS[level]
    strict = level == "on"
    assert app.call("GET", f"/api/articles/{article}").json()["article"]["body"] == (
        "Text" if strict else "changed by another"
    )
    assert app.call("GET", f"/api/articles/{doomed}").status_code == (200 if strict else 404)
    assert len(app.call("GET", path).json()["comments"]) == int(strict)


@pytest.mark.parametrize("level", ANSWERS)
def test_nobody_is_refused_everywhere(client: Make, level: str) -> None:
    """Without a token no level shows a draft or lets anything be changed."""
    app = client(f"object_authz={level}")
    owner = app.register("owner")
    draft, article = app.publish(owner, draft=True), app.publish(owner)
    assert app.call("GET", f"/api/articles/{draft}").status_code == 404
    assert app.call("PUT", f"/api/articles/{article}", json={"article": {"body": "x"}}).status_code == 401
    assert app.call("DELETE", f"/api/articles/{article}").status_code == 401


def test_decisions_are_counted(client: Make) -> None:
    """A permitted change and a refused one each count once."""
    app = client()
    owner, other = app.register("owner"), app.register("other")
    slug = app.publish(owner)
    for token in (owner, other):
        app.call("PUT", f"/api/articles/{slug}", token, json={"article": {"body": "x"}})
    for decision in ("allow", "deny"):
        assert app.metric(f'target_control_decisions_total{{control="object_authz",decision="{decision}"}}') == 1
