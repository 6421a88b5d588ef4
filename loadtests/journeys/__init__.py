"""What virtual users do: one generator a journey, in a table by name."""

from __future__ import annotations

from loadtests.journeys.buyer import buyer
from loadtests.journeys.conduit import anonymous_reader, author, log_in, signed_in_reader
from loadtests.journeys.integrator import integrator
from loadtests.journeys.newcomer import newcomer
from loadtests.journeys.staff import auditor, moderator
from loadtests.journeys.watcher import watcher
from loadtests.steps import Journey

JOURNEYS: dict[str, Journey] = {
    "anonymous_reader": Journey(anonymous_reader, cast=()),
    "signed_in_reader": Journey(signed_in_reader),
    "author": Journey(author),
    "log_in": Journey(log_in, cast=()),
    "newcomer": Journey(newcomer),
    "buyer": Journey(buyer, cast=("user", "partner")),
    "watcher": Journey(watcher),
    "moderator": Journey(moderator, cast=("user", "partner", "moderator")),
    "auditor": Journey(auditor, cast=("admin",)),
    "integrator": Journey(integrator),
}

#: Arrivals in a hundred, when nobody states another mix: what any Conduit has.
WEIGHTS = {"anonymous_reader": 70, "signed_in_reader": 20, "author": 8, "log_in": 2}
