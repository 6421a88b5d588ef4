from collections.abc import Callable

import pytest

from tests.target_app.app_client import AppClient, errors

Make = Callable[..., AppClient]
BODY = "Ä" * 250


@pytest.mark.parametrize("shape", ["joined", "lazy"])
def test_a_paid_article_shows_its_price_and_a_teaser(client: Make, shape: str) -> None:
    """Everybody sees the price; whoever did not write it gets 200 characters of the body, its author gets all."""
    app = client(f"query_shape={shape}")
    owner, reader = app.register("owner"), app.register("reader")
    slug = app.publish(owner, body=BODY, price=500)
    for token, body in ((None, BODY[:200]), (reader, BODY[:200]), (owner, BODY)):
        article = app.call("GET", f"/api/articles/{slug}", token).json()["article"]
        assert (article["price"], article["purchased"], article["body"]) == (500, False, body)
        (listed,) = app.call("GET", "/api/articles", token).json()["articles"]
        assert listed["price"] == 500
        assert not {"purchased", "body"} & set(listed)


def test_other_answers_show_no_more_of_the_body(client: Make) -> None:
    """Favoriting answers with the article too: the teaser stays a teaser."""
    app = client()
    slug = app.publish(app.register("owner"), body=BODY, price=500)
    reader = app.register("reader")
    for method in ("POST", "DELETE"):
        answer = app.call(method, f"/api/articles/{slug}/favorite", reader).json()["article"]
        assert answer["body"] == BODY[:200]


def test_a_free_article_says_nothing_of_prices(client: Make) -> None:
    """Neither alone nor in a list, for its author or another; a price of 0 is free."""
    app = client()
    owner = app.register("owner")
    slug = app.publish(owner, body=BODY, price=0)
    for token in (None, owner):
        article = app.call("GET", f"/api/articles/{slug}", token).json()["article"]
        assert not {"price", "purchased"} & set(article)
        assert article["body"] == BODY
        assert "price" not in app.call("GET", "/api/articles", token).json()["articles"][0]


def test_the_price_changes_with_an_update_alone(client: Make) -> None:
    """An update without a price keeps it; 0 makes the article free."""
    app = client()
    owner = app.register("owner")
    slug = app.publish(owner, price=500)

    def updated(**fields: object) -> object:
        answer = app.call("PUT", f"/api/articles/{slug}", owner, json={"article": fields})
        return answer.json()["article"].get("price")

    assert updated(body="other") == 500
    assert updated(price=700) == 700
    assert updated(price=0) is None


@pytest.mark.parametrize("price", [-1, 10_000_001, 1.5, "5", True, None, 2**70])
def test_what_is_no_price_is_refused(client: Make, price: object) -> None:
    """Whole minor units from 0 to ten million."""
    app = client()
    article = {"title": "T", "description": "D", "body": "B", "price": price}
    answer = app.call("POST", "/api/articles", app.register("owner"), json={"article": article})
    assert answer.status_code == 422
    assert list(errors(answer)) == ["price"]
