"""How many connections may stay open, on one worker and for one user."""

from typing import Protocol

from target_app.controls.model import Kit
from target_app.web.errors import ApiError, busy

#: Open connections of one user, on one worker.
OF_ONE_USER = 20


class SocketLimits(Protocol):
    """Decides whether one more connection may stay open."""

    def admit(self, of_worker: int, of_user: int) -> None:
        """Counts are those before this one. Raises ApiError 429 or 503."""


class Bounded:
    """At most `max_sockets` on a worker, and OF_ONE_USER for one user: nobody takes all the room."""

    def __init__(self, kit: Kit) -> None:
        self._of_worker = kit.settings.max_sockets
        self._allow = kit.metrics.decision("socket_limits", "allow")
        self._deny = kit.metrics.decision("socket_limits", "deny")

    def admit(self, of_worker: int, of_user: int) -> None:
        """Refuse what is above either bound."""
        if of_worker >= self._of_worker:
            self._deny()
            raise busy()
        if of_user >= OF_ONE_USER:
            self._deny()
            raise ApiError(429, {"connections": ["are too many"]}, {"Retry-After": "1"})
        self._allow()
