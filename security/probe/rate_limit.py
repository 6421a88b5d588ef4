"""Using the server in bulk (OWASP API4, API6): accounts by the hundred from one address.

What is sent are registrations without a password: they come to the same operation, make no account, and cost the
target little. That real ones pass as well is shown by one that does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from security.probe.client import Client
from security.probe.outcome import CouldNotRunError, Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Scene, new_marker, require

BURST = 400
#: Connections that a burst comes by: a busy target answers each in turn.
CONNECTIONS = 4
#: Requests that claim to come for others.
CLAIMED = 20
#: More than a budget gives back between two of them.
GIVEN_BACK = 20

INCOMPLETE = frozenset({400, 422})
REFUSED = frozenset({403, 429, 503})
USERS = "/users"


@dataclass(frozen=True)
class Burst:
    """How many of so many registrations were listened to, and the status of the refusal that ended them."""

    sent: int
    taken: int
    refused: int | None

    def __str__(self) -> str:
        """As evidence has it."""
        how = f"then one was answered {self.refused}" if self.refused else "none refused"
        return f"{self.taken} registrations from one address were listened to, {how}"


def registration_burst(scene: Scene) -> Verdict:
    """Four hundred registrations from one address at once, then a whole one."""
    clients = _connections(scene)
    burst = _burst(scene, clients)
    require(burst.taken, f"The first registration was answered {burst.refused}: nothing can be said of a budget.")
    if burst.refused:
        return stopped(f"{burst}.")
    whole = _register(scene, clients[0])
    if whole == 201:
        return succeeded(f"{burst}; then a whole one made an account.")
    require(whole in REFUSED, f"{burst}; then a whole one was answered {whole}.")
    return stopped(f"{burst}; then a whole one was answered {whole}.")


def forwarded_burst(scene: Scene) -> Verdict:
    """Spend the budget of one address, then claim in every header of proxies to come for others."""
    clients = _connections(scene)
    burst = _burst(scene, clients)
    require(burst.taken, f"The first registration was answered {burst.refused}: nothing can be said of a budget.")
    if burst.refused is None:
        return not_applicable(f"{burst}: there is no limit to get around.")
    passed = 0
    for number in range(CLAIMED):
        require(_spent(scene, clients[0]), f"{burst}; then the budget came back as fast as it was spent.")
        passed += _incomplete(scene, clients[0], claims(number)) in INCOMPLETE
    seen = f"{burst}; of {CLAIMED} that claimed to come for others right after a refusal, {passed} were listened to"
    return succeeded(f"{seen}.") if 2 * passed >= CLAIMED else stopped(f"{seen}.")


def budget_multiplied(scene: Scene) -> Verdict:
    """Spend the budget on one connection, then look on new connections for workers that know nothing of it."""
    if scene.target.workers < 2:
        return not_applicable("The target runs one worker: no second one could have a budget of its own.")
    source = scene.people.source()
    first = _spend(scene, source)
    if first.refused is None:
        return not_applicable(f"{first}: there is no budget to multiply.")
    require(first.taken, f"The first registration was answered {first.refused}: the budget was spent before.")
    more = sum(_spend(scene, source).taken for _ in range(scene.connections))
    seen = f"{first}; on {scene.connections} new connections {more} more were listened to"
    # A budget that refills with time gives back a part meanwhile; a second worker gives back all of it.
    return succeeded(f"{seen}.") if 2 * more >= first.taken else stopped(f"{seen}.")


def claims(number: int) -> Mapping[str, str]:
    """Headers by which a proxy names the client whose request it forwards; here, a client that nobody has."""
    address = f"203.0.113.{number + 1}"
    return {"X-Forwarded-For": address, "X-Real-IP": address, "Forwarded": f"for={address}"}


def _connections(scene: Scene) -> list[Client]:
    source = scene.people.source()
    return [scene.people.visitor(source) for _ in range(CONNECTIONS)]


def _burst(scene: Scene, clients: Sequence[Client]) -> Burst:
    """As many registrations at once as a burst has, over several connections, each until it is refused."""
    with ThreadPoolExecutor(len(clients)) as pool:
        parts = pool.map(lambda client: _part(scene, client, BURST // len(clients)), clients)
        return _counted([status for part in parts for status in part])


def _part(scene: Scene, client: Client, count: int) -> list[int]:
    """Statuses of registrations on one connection, up to the first refusal."""
    statuses: list[int] = []
    while len(statuses) < count and not REFUSED & set(statuses[-1:]):
        statuses.append(_incomplete(scene, client))
    return statuses


def _spend(scene: Scene, source: str | None) -> Burst:
    with scene.people.visitor(source) as client:
        return _counted(_part(scene, client, BURST))


def _spent(scene: Scene, client: Client) -> bool:
    """Whether the next registration is refused, once what a budget gave back with time has been spent again."""
    return any(_incomplete(scene, client) in REFUSED for _ in range(GIVEN_BACK))


def _counted(statuses: list[int]) -> Burst:
    other = [status for status in statuses if status not in INCOMPLETE | REFUSED]
    if other:
        raise CouldNotRunError(f"A registration without a password was answered {other[0]}.")
    refused = [status for status in statuses if status in REFUSED]
    return Burst(len(statuses), len(statuses) - len(refused), refused[0] if refused else None)


def _incomplete(scene: Scene, client: Client, headers: Mapping[str, str] | None = None) -> int:
    """The status of a registration without a password."""
    body = {"user": {"username": new_marker()}}
    return client.request("POST", scene.path(USERS), json=body, headers=headers).status_code


def _register(scene: Scene, client: Client) -> int:
    """The status of a registration that lacks nothing."""
    name = new_marker()
    user = {"username": name, "email": f"{name}@example.test", "password": f"correct-horse-{name}"}
    return client.request("POST", scene.path(USERS), json={"user": user}).status_code
