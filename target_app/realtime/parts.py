from dataclasses import dataclass

from target_app.controls.browser_policy import BrowserPolicy
from target_app.realtime.hub import Hub
from target_app.realtime.service import RealtimeService


@dataclass(frozen=True)
class Realtime:
    """What the endpoints of real time need."""

    service: RealtimeService
    hub: Hub
    policy: BrowserPolicy
    heartbeat_s: float
