"""Who takes part in one visit: a client for each part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.accounts import Account, Part
from loadtests.client import Client
from loadtests.steps import Answer, Step


@dataclass(frozen=True, slots=True)
class Cast:
    """Clients by user name, and the account of each part."""

    clients: Mapping[str, Client]
    accounts: Mapping[Part, Account]

    def send(self, step: Step) -> Answer:
        """The answer to a step, sent by whom it names; raises NoAnswer or OwnLimit."""
        return self.clients[self.accounts[step.by].username].send(step)
