"""Conditions of an attack: load, workers and data. What holds when idle may open under them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from tradeoff.plan.arm import ArmSpec

IDLE = "no load"


class Conditions(BaseModel):
    """Load in per cent of the arm's capacity (0: idle), workers that serve, and articles in the database."""

    model_config = ConfigDict(frozen=True)

    load: int = Field(default=0, ge=0, le=1000)
    workers: int = Field(default=1, ge=1, le=64)
    articles: int = Field(ge=0)

    def within(self, other: Conditions) -> bool:
        """Whether it is no harder than the other in any respect."""
        return self.load <= other.load and self.workers <= other.workers and self.articles <= other.articles

    def beyond(self, other: Conditions) -> list[str]:
        """In which respects it differs from the other, in words: `150 % load`, `4 workers`, `100,000 articles`."""
        mine, theirs = self.words(), other.words()
        return [mine[name] for name in mine if mine[name] != theirs[name]]

    def words(self) -> dict[str, str]:
        """Each respect in words."""
        return {
            "load": f"{self.load} % load" if self.load else IDLE,
            "workers": f"{self.workers} worker{'' if self.workers == 1 else 's'}",
            "data": f"{self.articles:,} articles",
        }

    @property
    def label(self) -> str:
        """All of it: `150 % load, 4 workers, 1,000 articles`."""
        return ", ".join(word for word in self.words().values() if word != IDLE)


class AttackUnder(BaseModel):
    """An arm that is attacked under conditions, by the probes named, or by those of its changed factors."""

    model_config = ConfigDict(frozen=True)

    arm: ArmSpec
    conditions: Conditions
    probes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What is attacked and how: `hardened at 150 % load, 1 worker, 1,000 articles`."""
        return f"{self.arm.label} at {self.conditions.label}"
