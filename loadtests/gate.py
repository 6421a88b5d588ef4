"""Keeps traffic to a host that is not loopback below the rate that its owner allowed."""

from __future__ import annotations

import ipaddress
import time

import gevent  # type: ignore[import-untyped]

from security.guard import Authorization, Pinned


class Gate:
    """Lets requests pass in turn, at most `rate` a second, without bursts."""

    def __init__(self, rate: float) -> None:
        self._gap_ns = 1e9 / rate
        self._next_ns = 0.0

    def wait(self) -> None:
        """Return when this request may be sent."""
        now = time.monotonic_ns()
        turn = max(float(now), self._next_ns)
        self._next_ns = turn + self._gap_ns
        if turn > now:
            gevent.sleep((turn - now) / 1e9)


def gate_for(place: Pinned, authorization: Authorization | None, *, share: int = 1) -> Gate | None:
    """The gate before a place, or None where no highest rate was set; `share` processes divide the rate."""
    if authorization is None or authorization.max_rate is None or ipaddress.ip_address(place.address).is_loopback:
        return None
    return Gate(authorization.max_rate / share)
