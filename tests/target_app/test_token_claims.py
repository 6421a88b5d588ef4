from collections.abc import Callable
from typing import Any

import pytest

from target_app.controls.token_claims import AUDIENCE
from tests.target_app.app_client import AppClient, errors
from tests.target_app.tokens import DAY, NOW, signed

Make = Callable[..., AppClient]
#: Rightly signed tokens that a strong server refuses, by the claims that are odd; None leaves one out.
ODD: dict[str, dict[str, Any]] = {
    "over": {"nbf": NOW - 20, "exp": NOW - 10},
    "endless": {"exp": None},
    "with a wordy end": {"exp": str(NOW + DAY)},
    "with a true end": {"exp": True},
    "early": {"nbf": NOW + DAY // 2},
    "without a beginning": {"nbf": None},
    "for others": {"aud": "somebody-else"},
    "for many": {"aud": [AUDIENCE, "somebody-else"]},
    "for nobody": {"aud": None},
    "by others": {"iss": "somebody-else"},
    "by nobody": {"iss": None},
}
ENDS = {"over", "endless", "with a wordy end", "with a true end"}


@pytest.mark.parametrize(
    ("level", "refused"),
    [("unchecked", set()), ("exp_only", ENDS), ("exp_aud_iss_nbf", set(ODD))],
)
def test_each_level_refuses_what_it_looks_at(client: Make, level: str, refused: set[str]) -> None:
    """A plain token is good everywhere; an odd one is refused by the levels that look at what is odd, and no others."""
    app = client(f"token_claims={level}")
    app.register("ann")
    assert app.call("GET", "/api/user", signed(app, {})).status_code == 200
    statuses = {name: app.call("GET", "/api/user", signed(app, odd)).status_code for name, odd in ODD.items()}
    assert {name for name, status in statuses.items() if status == 401} == refused
    assert set(statuses.values()) <= {200, 401}


@pytest.mark.parametrize(
    "odd",
    [{"sub": "99999999999999999999"}, {"sub": "1e3"}, {"sub": None}, {"sub": 1}, {"ver": "0"}, {"ver": True}],
)
@pytest.mark.parametrize("level", ["unchecked", "exp_aud_iss_nbf"])
def test_a_token_names_a_user_or_nobody(client: Make, level: str, odd: dict[str, Any]) -> None:
    """At every level: what is no number of a user, or no version, is refused."""
    app = client(f"token_claims={level}")
    app.register("ann")
    answer = app.call("GET", "/api/user", signed(app, odd))
    assert (answer.status_code, errors(answer)) == (401, {"token": ["is invalid"]})


def test_decisions_are_counted(client: Make) -> None:
    """One that is good and one that is over each count once."""
    app = client()
    app.register("ann")
    for claims in ({}, ODD["over"]):
        app.call("GET", "/api/user", signed(app, claims))
    for decision in ("allow", "deny"):
        assert app.metric(f'target_control_decisions_total{{control="token_claims",decision="{decision}"}}') == 1
