"""Events in the payment provider's name (OWASP API10, CWE-345, CWE-294): whoever is believed gets articles for nothing.

The lab signs as the provider does. Each probe ends by having its order declined by an event that is beyond doubt: this
shows that the target listens at all, and leaves nothing that waits.
"""

from __future__ import annotations

from security.probe.client import Client
from security.probe.lab import SignedEvent
from security.probe.outcome import Verdict, stopped, succeeded
from security.probe.scene import Scene, require
from security.probe.shop import DECLINED, PAID, Order, pending_order, send_event

DAY_S = 24 * 3600
REPLAYED_HEADER = "Event-Replayed"


def webhook_tampered(scene: Scene) -> Verdict:
    """A declined charge's event is changed into that of a paid one, under the old signature and under none."""
    sender = scene.people.visitor()
    with pending_order(scene) as order:
        (genuine,) = scene.lab.sign_webhook(order.id, [(DECLINED, 0)])
        forged = genuine.body.replace(DECLINED, PAID)
        statuses = []
        for signature in (genuine.signature, None):
            answer = send_event(sender, genuine, body=forged, signature=signature)
            if order.status() == "paid":
                return succeeded(f"A forged event was answered {answer.status_code}, and the order is paid.")
            require(400 <= answer.status_code < 500, f"A forged event was answered {answer.status_code}.")
            statuses.append(answer.status_code)
        _require_heard(sender, genuine, order)
    return stopped(f"Two forged events were answered {statuses} and changed nothing; the genuine one was heard.")


def webhook_stale(scene: Scene) -> Verdict:
    """An event is delivered a day after the provider signed it."""
    sender = scene.people.visitor()
    with pending_order(scene) as order:
        old, genuine = scene.lab.sign_webhook(order.id, [(PAID, DAY_S), (DECLINED, 0)])
        answer = send_event(sender, old)
        if order.status() == "paid":
            return succeeded(f"An event signed a day ago was answered {answer.status_code}, and the order is paid.")
        require(400 <= answer.status_code < 500, f"An event of yesterday was answered {answer.status_code}.")
        _require_heard(sender, genuine, order)
    return stopped(f"An event of yesterday was answered {answer.status_code}; one of this moment was heard.")


def webhook_replayed(scene: Scene) -> Verdict:
    """A genuine event is sent once more, at once and by somebody else."""
    with pending_order(scene) as order:
        (genuine,) = scene.lab.sign_webhook(order.id, [(DECLINED, 0)])
        _require_heard(scene.people.visitor(), genuine, order)
        again = send_event(scene.people.visitor(), genuine)
    if 400 <= again.status_code < 500 or REPLAYED_HEADER in again.headers:
        return stopped(f"The event was heard once; sent again it was answered {again.status_code} as a known one.")
    require(again.is_success, f"The event was answered {again.status_code} when it came again.")
    return succeeded(f"The same event was taken for a new one twice: {again.status_code} without {REPLAYED_HEADER}.")


def _require_heard(sender: Client, genuine: SignedEvent, order: Order) -> None:
    """Refusing everything would prove nothing."""
    answer = send_event(sender, genuine)
    require(
        answer.is_success and REPLAYED_HEADER not in answer.headers and order.status() == "declined",
        f"A genuine event was answered {answer.status_code}, and the order is {order.status()}.",
    )
