"""The objective of a service, such as `p99=100ms,errors=0.1%`: what a rate must keep to count as carried."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field

from tradeoff.target.errors import TradeoffError

UNITS_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
_LATENCY = re.compile(r"p(\d+(?:\.\d+)?)=(\d+(?:\.\d+)?)(us|ms|s)")
_ERRORS = re.compile(r"errors=(\d+(?:\.\d+)?)%")


class Objective(BaseModel):
    """A percentile of the latencies (from the intended send time), in ms, and the share of requests that may fail."""

    model_config = ConfigDict(frozen=True)

    percentile: float = Field(default=99.0, gt=0, lt=100)
    latency_ms: float = Field(default=100.0, gt=0)
    errors: float = Field(default=0.001, ge=0, lt=1)

    @property
    def tail(self) -> float:
        """The share of requests that may be slower: 0.01 for the 99th percentile."""
        return 1 - self.percentile / 100

    @property
    def label(self) -> str:
        """As the user writes it."""
        return f"p{self.percentile:g}={self.latency_ms:g}ms,errors={self.errors * 100:g}%"


def parse_objective(text: str) -> Objective:
    """Read an objective as the user writes it; what is left out is as by default.

    Raises:
        TradeoffError: a part is neither `pNN=…ms` nor `errors=…%`, comes twice, or is out of its bounds.
    """
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        fields = _fields(part)
        if fields is None or fields.keys() & found.keys():
            raise TradeoffError(
                f"the objective {text!r}: {part!r} is not of the form p99=100ms or errors=0.1%, or twice"
            )
        found |= fields
    try:
        return Objective.model_validate(found)
    except ValueError:
        raise TradeoffError(f"the objective {text!r}: a percentile, a time or a share is out of its bounds") from None


def _fields(part: str) -> dict[str, float] | None:
    if latency := _LATENCY.fullmatch(part):
        percentile, value, unit = latency.groups()
        return {"percentile": float(percentile), "latency_ms": float(value) * UNITS_MS[unit]}
    if errors := _ERRORS.fullmatch(part):
        return {"errors": float(errors[1]) / 100}
    return None
