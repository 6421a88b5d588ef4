"""Whether a suspended account can still be used."""

from typing import Protocol

from target_app.controls.model import Kit
from target_app.web.errors import ApiError


class Suspension(Protocol):
    """Asked at every request of a signed-in user, and at a log-in whose password was right."""

    def admit(self, suspended_at: int | None) -> None:
        """Raises ApiError 403 for an account that is suspended; `suspended_at` in ms since 1970."""


class Immediate:
    """From the next request on, on every worker: the user's row is read for each request anyway."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("suspension", "allow")
        self._deny = kit.metrics.decision("suspension", "deny")

    def admit(self, suspended_at: int | None) -> None:
        """No token, ticket or password helps."""
        if suspended_at is not None:
            self._deny()
            raise ApiError(403, {"account": ["is suspended"]})
        self._allow()
