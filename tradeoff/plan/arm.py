"""What an arm is asked to be: `PROFILE[,factor=level…][@gitref]`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from tradeoff.plan.factors import Catalog, Level
from tradeoff.target.errors import TradeoffError


class ArmSpec(BaseModel):
    """A treatment, resolved: `treatment` has a level for every factor, `changed` what differs from the profile."""

    model_config = ConfigDict(frozen=True)

    profile: str
    changed: dict[str, str] = {}
    treatment: dict[str, str]
    ref: str | None = None

    @property
    def setting(self) -> str:
        """The treatment as the target takes it: `hardened,sql=string_built`."""
        return ",".join([self.profile, *(f"{factor}={level}" for factor, level in self.changed.items())])

    @property
    def label(self) -> str:
        """The arm as the user writes it."""
        return self.setting + (f"@{self.ref}" if self.ref else "")

    def levels(self, catalog: Catalog) -> dict[str, Level]:
        """The level of each factor."""
        return {name: catalog.factor(name).level(level) for name, level in self.treatment.items()}

    def declared_trips(self, catalog: Catalog) -> set[str]:
        """Probes that its weak levels and traps declare to succeed."""
        return {probe for level in self.levels(catalog).values() if level.bad for probe in level.trips}


def parse_arm(text: str, catalog: Catalog) -> ArmSpec:
    """Read an arm as the user writes it.

    Raises:
        TradeoffError: an unknown profile, factor or level, or a part that is not `factor=level`.
    """
    setting, _, ref = text.partition("@")
    if "@" in text and not ref:
        raise TradeoffError(f"{text!r}: a git reference must follow the @")
    profile, *parts = [part.strip() for part in setting.split(",")]
    treatment = catalog.profile(profile)
    changed: dict[str, str] = {}
    for part in parts:
        name, equals, level = part.partition("=")
        if not (name and equals and level):
            raise TradeoffError(f"{text!r}: {part!r} is not of the form factor=level")
        catalog.factor(name).level(level)
        if treatment.get(name) != level:
            changed[name] = level
        treatment[name] = level
    return ArmSpec(profile=profile, changed=changed, treatment=treatment, ref=ref or None)
