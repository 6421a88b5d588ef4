"""Requests that the target is made to send into its own network (OWASP API7, CWE-918).

The network's inside is a canary on loopback: a request that arrives there is the proof.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from ipaddress import IPv4Address

import httpx

from security.probe.canary import Canary, canary
from security.probe.client import Client
from security.probe.outcome import Verdict, stopped, succeeded
from security.probe.scene import Scene, field_of, new_marker, require

PUBLIC, INTERNAL = "203.0.113.9", "127.0.0.1"  # the first by the lab's word (RFC 5737)
DELIVERY_S, LOOK_S = 3.0, 0.02


def outbound_internal(scene: Scene) -> Verdict:
    """A preview of the canary, by its plain address."""
    with canary(scene) as there:
        return _previewed(scene, there, [there.host])


def outbound_notation(scene: Scene) -> Verdict:
    """The same by other notations of its address: one number, hexadecimal, octal, inside an IPv6 address."""
    with canary(scene) as there:
        return _previewed(scene, there, notations(there.host))


def notations(host: str) -> list[str]:
    """An IPv4 address as a resolver, but hardly a list of words, knows it."""
    address = IPv4Address(host)
    octal = ".".join(f"0{part:o}" for part in address.packed)
    return [str(int(address)), hex(int(address)), octal, f"[::ffff:{address}]"]


def _previewed(scene: Scene, there: Canary, hosts: Sequence[str]) -> Verdict:
    client = scene.register().client
    statuses = []
    for host in hosts:
        answer = _preview(scene, client, there.url(host))
        if there.heard(f"/{there.marker}"):
            read = "which it shows" if there.marker in answer.text else f"answering {answer.status_code}"
            return succeeded(f"The target fetched a page of loopback for a user, {read}: http://{host}:{there.port}/.")
        require(400 <= answer.status_code < 500, f"A preview of {host} was answered {answer.status_code}.")
        statuses.append(answer.status_code)
    _require_previews(scene, client, there)
    return stopped(f"{', '.join(hosts)}: answered {statuses}, and nothing arrived there; a public page is shown.")


def outbound_redirect(scene: Scene) -> Verdict:
    """A public page redirects to the canary's plain address."""
    client, name, inside = scene.register().client, f"{new_marker()}.example", f"/{new_marker()}"
    with canary(scene) as there:
        there.redirects["/"] = f"http://{there.address}{inside}"
        scene.lab.resolve(name, address=PUBLIC, connect=there.address)
        answer = _preview(scene, client, f"http://{name}/")
        if there.heard(inside):
            return succeeded(f"The target followed the redirect of a public page to http://{there.address}/.")
        require(there.heard("/"), f"The public page was not asked for: {answer.status_code}.")
        require(400 <= answer.status_code < 500, f"A redirect to loopback was answered {answer.status_code}.")
        return stopped(f"The public page was fetched, its redirect to loopback was not: {answer.status_code}.")


def outbound_rebinding(scene: Scene) -> Verdict:
    """A webhook's name is public when it is checked, and loopback when the event is delivered."""
    owner, name = scene.register(), f"{new_marker()}.example"
    with canary(scene) as there:
        path = f"/{there.marker}"
        scene.lab.resolve(name, address=PUBLIC, connect=there.address)
        new = {"webhook": {"url": f"http://{name}{path}", "events": ["article.published"]}}
        made = owner.client.request("POST", scene.path("/webhooks"), json=new)
        require(made.status_code == 201, f"A webhook with a public name was answered {made.status_code}.")
        scene.lab.resolve(name, address=INTERNAL, connect=there.address)
        its = scene.path(f"/webhooks/{field_of(made, 'webhook', 'id')}")
        with scene.article(owner):
            refused = _refused(owner.client, f"{its}/deliveries", there, path)
        owner.client.request("DELETE", its)
        if there.heard(path):
            return succeeded("An event was delivered to loopback by a name that was public when it was checked.")
        require(refused, f"No event reached the canary, and none was given up within {DELIVERY_S:.0f} s.")
        return stopped("The name was public when it was checked; once it led to loopback the delivery was given up.")


def _refused(client: Client, deliveries: str, there: Canary, path: str) -> bool:
    """Whether the target gave the delivery up for good, without a request, before the time was over."""
    until = time.monotonic() + DELIVERY_S
    while time.monotonic() < until and not there.heard(path, LOOK_S):
        if field_of(client.get(deliveries), "deliveries", 0, "status") == "dead":
            return True
    return False


def _preview(scene: Scene, client: Client, url: str) -> httpx.Response:
    return client.request("POST", scene.path("/link-previews"), json={"preview": {"url": url}})


def _require_previews(scene: Scene, client: Client, there: Canary) -> None:
    """Refusing everything would prove nothing."""
    name = f"{new_marker()}.example"
    scene.lab.resolve(name, address=PUBLIC, connect=there.address)
    shown = field_of(_preview(scene, client, f"http://{name}/"), "preview", "title")
    require(shown == there.marker, "The target shows no preview of a public page either.")
