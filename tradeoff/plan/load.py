"""What a plan loads: groups of arms of which the capacity is searched, and arms whose scaling is measured."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from tradeoff.plan.arm import ArmSpec
from tradeoff.plan.objective import Objective

SHORTEST_GROUP_S, LONGEST_GROUP_S = 30.0, 3600.0
USERS = (1, 2, 4, 8, 16, 32)


class CapacityGroup(BaseModel):
    """Arms whose slices alternate for `seconds` of wall time; ratios are against the first one."""

    model_config = ConfigDict(frozen=True)

    name: str
    arms: tuple[ArmSpec, ...] = Field(min_length=1)
    objective: Objective = Objective()
    seconds: float = Field(ge=SHORTEST_GROUP_S, le=LONGEST_GROUP_S)
    rounds: int = Field(default=3, ge=1)


class Scaling(BaseModel):
    """An arm with each number of workers and of articles, loaded by each number of users, once a round."""

    model_config = ConfigDict(frozen=True)

    arm: ArmSpec
    workers: tuple[int, ...] = (1,)
    articles: tuple[int, ...]
    users: tuple[int, ...] = USERS
    rounds: int = Field(default=3, ge=2)
    slice_s: float = Field(default=2.0, ge=1)
