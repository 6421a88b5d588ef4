"""Whether a form was filled in on a page that this server gave to this very browser (CSRF, CWE-352)."""

import hashlib
import hmac
from typing import Protocol

from target_app.controls.model import Kit
from target_app.web.errors import ApiError


class FormTokens(Protocol):
    """Tokens of forms, by the value of the session's cookie."""

    def token(self, session: str) -> str:
        """What stands hidden in every form of the session."""

    def admit(self, session: str, given: str) -> None:
        """Raises ApiError 403 where a form came with another session's token, or none."""


class BoundToSession:
    """An HMAC keyed with the cookie's value: another site knows neither, and the token does not tell the cookie."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("form_token", "allow")
        self._deny = kit.metrics.decision("form_token", "deny")

    def token(self, session: str) -> str:
        """64 hexadecimal digits."""
        return hmac.new(session.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()

    def admit(self, session: str, given: str) -> None:
        """Without a cookie there is nothing that a token could belong to."""
        expected = self.token(session).encode()
        if not session or not hmac.compare_digest(expected, given.encode("utf-8", "surrogatepass")):
            self._deny()
            raise ApiError(403, {"form": ["is out of date: open the page again"]})
        self._allow()
