from dataclasses import dataclass

from target_app.controls.browser_policy import StreamOrigin
from target_app.realtime.hub import Hub
from target_app.realtime.service import RealtimeService


@dataclass(frozen=True)
class Realtime:
    """What the endpoints of real time need."""

    service: RealtimeService
    hub: Hub
    origin: StreamOrigin
    heartbeat_s: float
