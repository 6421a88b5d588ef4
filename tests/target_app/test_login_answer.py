from collections.abc import Callable

import pytest

from tests.target_app.app_client import AppClient, errors

Make = Callable[..., AppClient]


@pytest.mark.parametrize(("level", "hashes", "said"), [("distinct", 1, "email"), ("uniform", 2, "credentials")])
def test_unknown_accounts_are_told_apart_or_not(client: Make, level: str, hashes: int, said: str) -> None:
    """A log-in to an account that does not exist is answered, and hashed, as one to an account that does; or not."""
    app = client(f"login_answer={level}")
    app.register("ann")
    before = app.metric("target_password_hash_seconds_count")
    wrong, unknown = app.log_in("ann", "wrong"), app.log_in("nobody", "wrong")
    assert app.metric("target_password_hash_seconds_count") == before + hashes
    assert (wrong.status_code, errors(wrong)) == (401, {"credentials": ["invalid"]})
    assert unknown.status_code == 401
    assert list(errors(unknown)) == [said]


@pytest.mark.parametrize("level", ["distinct", "uniform"])
def test_nobody_is_nobody(client: Make, level: str) -> None:
    """The password behind the stand-in's hash opens nothing, and the right password opens its own account."""
    app = client(f"login_answer={level}")
    app.register("ann")
    assert app.log_in("nobody", "nobody's password").status_code == 401
    assert app.log_in("ann").status_code == 200
