"""Which cores the load process and the arms run on."""

from __future__ import annotations

import os
from dataclasses import dataclass

from tradeoff.target.errors import TradeoffError


@dataclass(frozen=True)
class Cores:
    """Where the generator and where all arms run."""

    generator: int
    arms: frozenset[int]


def choose_cores() -> Cores:
    """The first core for the generator, the second for the arms.

    Raises:
        TradeoffError: there is only one core, on which generator and arms would disturb each other.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise TradeoffError("a duet needs two cores: one for the load, one for the arms; this process may use only one")
    return Cores(generator=cores[0], arms=frozenset(cores[1:2]))
