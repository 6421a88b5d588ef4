"""Whether an event really comes from the payment provider, now, and for the first time."""

import hmac
import re
import time
from typing import Protocol

from sqlalchemy import BigInteger, bindparam, delete, text

from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.database import Connection
from target_app.payments.models import payment_events
from target_app.prepared import Prepared
from target_app.provider_secrets import ProviderSecrets, signature
from target_app.schema import now_ms
from target_app.web.errors import ApiError

#: How far the provider's clock and delivery may be from ours.
WINDOW_S = 300
#: Longer than the window: what is forgotten is refused by its time.
REMEMBERED_MS = 4 * WINDOW_S * 1000
SIGNATURE = re.compile(r"t=([1-9][0-9]{0,11}),v1=([0-9a-f]{64})")
REMEMBER = Prepared(
    text("INSERT INTO payment_events (id, received_at) VALUES (:event, :now) ON CONFLICT DO NOTHING").bindparams(
        bindparam("now", type_=BigInteger)
    )
)
FORGET = Prepared(delete(payment_events).where(payment_events.c.received_at < bindparam("before")))


class WebhookVerification(Protocol):
    """Judges the provider's events."""

    def verify(self, body: bytes, given: str | None) -> None:
        """Raises ApiError 401 for a body that the provider did not sign a moment ago."""

    async def first_time(self, connection: Connection, event_id: str) -> bool:
        """Whether the event is new; from now on it is not."""


class Unverified:
    """Whoever knows the path is the provider."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def verify(self, _body: bytes, _given: str | None) -> None:
        """Nothing is refused."""
        return

    async def first_time(self, _connection: Connection, _event_id: str) -> bool:
        """Nothing is remembered."""
        return True


class SignatureTimeReplay:
    """HMAC compared in constant time, five minutes either way, each event once."""

    def __init__(self, kit: Kit) -> None:
        settings = kit.settings
        self._secret = ProviderSecrets(settings.provider_file).webhook_secret() if settings.provider_url else b""
        self._allow = kit.metrics.decision("webhook_verification", "allow")
        self._deny = kit.metrics.decision("webhook_verification", "deny")

    def verify(self, body: bytes, given: str | None) -> None:
        """The time is part of what is signed, so that it cannot be changed either."""
        parts = SIGNATURE.fullmatch(given or "")
        if not self._secret or parts is None or not self._genuine(body, int(parts[1]), parts[2]):
            self._deny()
            raise ApiError(401, {"signature": ["is invalid"]})
        self._allow()

    def _genuine(self, body: bytes, sent_at: int, mac: str) -> bool:
        genuine = hmac.compare_digest(signature(self._secret, sent_at, body), mac)
        return genuine and abs(time.time() - sent_at) <= WINDOW_S

    async def first_time(self, connection: Connection, event_id: str) -> bool:
        """Remembered in the transaction that acts on the event: neither happens without the other."""
        now = now_ms()
        await connection.change(FORGET, {"before": now - REMEMBERED_MS})
        return await connection.change(REMEMBER, {"event": event_id, "now": now}) == 1


class SignatureOnly(SignatureTimeReplay):
    """A right signature is right for ever, and as often as it comes."""

    def _genuine(self, body: bytes, sent_at: int, mac: str) -> bool:
        return mac == signature(self._secret, sent_at, body)

    async def first_time(self, _connection: Connection, _event_id: str) -> bool:
        """Nothing is remembered."""
        return True


WEBHOOK_VERIFICATION: Factor[WebhookVerification] = Factor(
    name="webhook_verification",
    kind="control",
    threat="Somebody else speaks in the payment provider's name, or repeats what it said",
    owasp=("API10",),
    asvs=("4.1.5",),
    cwe=("345", "294"),
    cost_hypothesis="An HMAC of 200 bytes, about 5 µs, and a row written in the transaction, about 10 µs",
    journeys=("buyer",),
    levels=(
        Level(
            "off",
            "weak",
            "every event is believed",
            Unverified,
            trips=("webhook_tampered", "webhook_stale", "webhook_replayed"),
            static_findings=(
                StaticFinding("R274", "target_app/controls/webhook_verification.py", "Unverified.verify"),
            ),
        ),
        Level(
            "signature_only",
            "weak",
            "the signature is compared, its age and the event's id are not looked at",
            SignatureOnly,
            trips=("webhook_stale", "webhook_replayed"),
            static_findings=(
                StaticFinding("R231", "target_app/controls/webhook_verification.py", "SignatureOnly._genuine"),
            ),
        ),
        Level(
            "signature_time_replay",
            "strong",
            "signature in constant time, five minutes either way, each event once",
            SignatureTimeReplay,
        ),
    ),
)
