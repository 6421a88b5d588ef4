"""Somebody in the payment provider's place (OWASP API10, CWE-295), and a provider that never answers (CWE-400).

The lab leads the provider's name to servers of the probe's own, on loopback.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from security.probe.impostor import held, impostor, provider_name, silence
from security.probe.outcome import Verdict, stopped, succeeded
from security.probe.scene import Scene, require
from security.probe.shop import PRICE, decline, placed_order

# A circuit that is open lets nobody through for a while; somebody looks after the order then.
ARRIVAL_S = 4.0
# More than a payment may take, less than anybody waits for a page.
PATIENCE_S = 4.0


def provider_self_signed(scene: Scene) -> Verdict:
    """A server with a certificate of its own making takes the provider's name; an article is bought."""
    name, author, buyer = provider_name(scene), scene.register(), scene.register()
    with scene.article(author, price=PRICE) as article, impostor(scene, name) as there:
        order = placed_order(scene, buyer, article)
        require(there.met(ARRIVAL_S), f"The target did not come to {name} within {ARRIVAL_S:.0f} s.")
        status = order.status()
        if there.told:
            return succeeded(f"The target sent a payment to a self-signed {name}; by its word the order is {status}.")
        require(status == "pending", f"The impostor was refused, but the order is {status}.")
    decline(scene, order)
    return stopped(f"The target came to {name} and broke off ({there.refused[0]}); the order is not paid.")


def provider_hangs(scene: Scene) -> Verdict:
    """A server that takes connections and says nothing has the provider's name; an article is bought."""
    name, author, buyer = provider_name(scene), scene.register(), scene.register()
    with scene.article(author, price=PRICE) as article, ThreadPoolExecutor(1) as pool:
        with silence(scene, name) as listener:
            placing = pool.submit(placed_order, scene, buyer, article)
            waited = held(listener, ARRIVAL_S, PATIENCE_S)
            unanswered = not placing.done()
        # Nobody listens at the name any more: whatever waited goes on.
        order = placing.result()
    status = order.status()
    if status == "pending":
        decline(scene, order)
    require(waited is not None, f"The target did not come to {name} within {ARRIVAL_S:.0f} s.")
    if waited is not None and waited >= PATIENCE_S:
        buyer_waits = " and so did the buyer" if unanswered else ""
        return succeeded(f"The target waited {PATIENCE_S:.0f} s for a provider that says nothing{buyer_waits}.")
    require(status == "pending", f"The provider said nothing, but the order is {status}.")
    return stopped(f"The target gave a provider that says nothing up after {waited:.1f} s; the order is not paid.")
