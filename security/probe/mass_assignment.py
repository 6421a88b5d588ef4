"""Fields that are the server's to decide, sent along with those that are not (OWASP API3: mass assignment)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from security.probe.identity import Identity
from security.probe.json_token import number_of
from security.probe.outcome import Verdict, stopped, succeeded
from security.probe.scene import Article, Scene, field_of, new_marker, require

WANTED = "admin"
SUM = 123_456


def role_assigned(scene: Scene) -> Verdict:
    """Register with a role, and add one to an account; the stored rows are looked at."""
    accounts = {"registration": scene.register(role=WANTED), "an update": scene.register()}
    update(scene, accounts["an update"], role=WANTED)
    roles = {way: scene.lab.read_row(account.username).get("role") for way, account in accounts.items()}
    require(all(roles.values()), "The stored row names no role.")
    taken = [way for way, role in roles.items() if role == WANTED]
    if taken:
        return succeeded(f"A role sent with {' and '.join(taken)} is taken: the stored row says {WANTED}.")
    return stopped(f"The role of an {WANTED} was sent with registration and an update; the rows say {shown(roles)}.")


def balance_assigned(scene: Scene) -> Verdict:
    """Register with a balance, and add one to an account; the accounts' own balances are asked for."""
    accounts = {"registration": scene.register(balance=SUM), "an update": scene.register()}
    update(scene, accounts["an update"], balance=SUM)
    balances = {way: field_of(account.client.get(scene.path("/balance")), "balance", "amount")
                for way, account in accounts.items()}  # fmt: skip
    require(all(isinstance(balance, int) for balance in balances.values()), "A new account is told no balance.")
    taken = [way for way, balance in balances.items() if balance == SUM]
    if taken:
        return succeeded(f"A balance sent with {' and '.join(taken)} is taken: a new account owns {SUM}.")
    return stopped(f"A balance of {SUM} was sent with registration and an update; the accounts say {shown(balances)}.")


def author_assigned(scene: Scene) -> Verdict:
    """Write an article in another user's name, and hand one's own over; whose they are is read back."""
    victim, attacker = scene.register(), scene.register()
    named = {"author_id": int(number_of(victim)), "author": victim.username}
    authors: dict[str, Any] = {}
    for way, article in _articles(scene, attacker, named):
        authors[way] = field_of(scene.people.visitor().get(article.path), "article", "author", "username")
        for owner in (attacker, victim):
            owner.client.request("DELETE", article.path)
    require(set(authors.values()) <= {victim.username, attacker.username}, "An article that was written names nobody.")
    taken = [way for way, author in authors.items() if author == victim.username]
    if taken:
        return succeeded(f"The author sent with {' and '.join(taken)} is taken: another user has written it.")
    return stopped("Another author was sent with a creation and an update; both articles name the one who wrote them.")


def _articles(scene: Scene, attacker: Identity, named: dict[str, Any]) -> Iterator[tuple[str, Article]]:
    """An article that was made with these fields, and one that was given them; none where the request was refused."""
    marker = new_marker()
    words = {"title": f"Probe {marker}", "description": "Written by a probe.", "body": f"Body {marker}"}
    made = attacker.client.request("POST", scene.path("/articles"), json={"article": {**words, **named}})
    slug = field_of(made, "article", "slug")
    if isinstance(slug, str):
        yield "a creation", Article(scene.path(f"/articles/{slug}"), marker)
    own = scene.write_article(attacker, draft=False)
    attacker.client.request("PUT", own.path, json={"article": named})
    yield "an update", own


def update(scene: Scene, account: Identity, **fields: Any) -> None:
    """Send these fields with a change that is allowed by itself."""
    body = {"user": {"bio": "Changed by a probe.", **fields}}
    status = account.client.request("PUT", scene.path("/user"), json=body).status_code
    require(status < 500, f"An update with {', '.join(fields)} answered {status}, neither taken nor refused.")


def shown(values: dict[str, Any]) -> str:
    """Values by the way in which they were sent."""
    return ", ".join(f"{value} ({way})" for way, value in values.items())
