"""Broken object level authorisation (OWASP API1): B reaches what is A's."""

from __future__ import annotations

from security.probe.outcome import Verdict, stopped, succeeded
from security.probe.scene import Scene, field_of, require

REFUSALS = frozenset({401, 403, 404})


def foreign_draft_read(scene: Scene) -> Verdict:
    """B asks for A's draft by its path, for its comments, and for lists in which it could stand."""
    victim, attacker = scene.people.sign_in(), scene.people.sign_in()
    with scene.article(victim, draft=True) as draft:
        own = victim.client.get(draft.path)
        require(own.status_code == 200 and draft.marker in own.text, f"A can't read A's own draft: {own.status_code}.")
        works = attacker.client.get(scene.path("/user")).status_code
        require(works == 200, f"B's session does not work ({works}), so a refusal would prove nothing.")
        reads = {
            "by its path": attacker.client.get(draft.path),
            "in a list": scene.articles(attacker.client, author=victim.username, limit=5),
        }
        for where, answer in reads.items():
            if answer.status_code == 200 and draft.marker in answer.text:
                anonymous = scene.people.visitor().get(draft.path).status_code
                return succeeded(f"B reads A's draft {where}: 200 with its text. Anonymously it answers {anonymous}.")
        status = reads["by its path"].status_code
        require(status in REFUSALS, f"B's request for A's draft answered {status}, neither its text nor a refusal.")
        require(reads["in a list"].status_code == 200, "The list of A's articles could not be read.")
        return stopped(f"A reads the draft (200), B is answered {status}, and no list shows it to B.")


def foreign_article_changed(scene: Scene) -> Verdict:
    """B replaces the body of A's article; A reads what stands there then."""
    victim, attacker = scene.people.sign_in(), scene.people.sign_in()
    with scene.article(victim) as article:
        require(attacker.client.get(article.path).status_code == 200, "B can't read A's published article.")
        forged = f"forged-{article.marker}"
        answer = attacker.client.request("PUT", article.path, json={"article": {"body": forged}})
        after = field_of(victim.client.get(article.path), "article", "body")
        require(isinstance(after, str), "A can't read A's article after B's attempt.")
        if forged in after:
            return succeeded(f"B's change was answered {answer.status_code}, and A now reads B's words.")
        require(article.marker in after, "A's article changed, but not to what B wrote.")
        require(answer.status_code in REFUSALS, f"B's change was answered {answer.status_code} and changed nothing.")
        return stopped(f"B's change was answered {answer.status_code}; A reads A's own words.")


def foreign_article_deleted(scene: Scene) -> Verdict:
    """B deletes A's article; A looks whether it is there."""
    victim, attacker = scene.people.sign_in(), scene.people.sign_in()
    with scene.article(victim) as article:
        require(attacker.client.get(article.path).status_code == 200, "B can't read A's published article.")
        answer = attacker.client.request("DELETE", article.path)
        after = victim.client.get(article.path)
        if after.status_code == 404:
            return succeeded(f"B's deletion was answered {answer.status_code}, and A's article is gone (404).")
        require(after.status_code == 200 and article.marker in after.text, f"A then reads {after.status_code}.")
        require(answer.status_code in REFUSALS, f"B's deletion was answered {answer.status_code} and deleted nothing.")
        return stopped(f"B's deletion was answered {answer.status_code}; A's article stands.")
