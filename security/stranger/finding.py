"""A flaw that was found: which, where, what proves it, and how it is found again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from security.probe.outcome import presentable
from security.regression.exchange import Exchange
from security.regression.script import Proof, lines_of, script_of
from security.stranger.world import World


@dataclass(frozen=True)
class Flaw:
    """What an attack reports: `method` and `path` of the operation, a sentence, and the proof."""

    method: str
    path: str
    sentence: str
    proof: Proof
    place: str = ""
    """What in the operation is weak: a parameter, a property, a header."""


def flaw(
    at: Exchange,
    sentence: str,
    exchanges: Sequence[Exchange],
    conditions: Sequence[Mapping[str, Any]],
    place: str = "",
    needs: Sequence[str] = (),
) -> Flaw:
    """A flaw of the operation that this exchange called."""
    return Flaw(at.request.method, at.request.template, sentence, Proof(exchanges, conditions, needs), place)


def good(of: int, **more: Any) -> dict[str, Any]:
    """The condition that an exchange was a success (2xx), and further ones on it."""
    return {"of": of, "status": [200, 299], **more}


@dataclass(frozen=True)
class Finding:
    """A flaw with its ids; `id` is the same in every run against the same application."""

    id: str
    check: str
    title: str
    control: str
    owasp: Sequence[str]
    cwe: Sequence[str]
    asvs: Sequence[str]
    method: str
    path: str
    evidence: str
    script: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The finding as a JSON object."""
        return {
            "id": self.id,
            "check": self.check,
            "title": self.title,
            "control": self.control,
            "owasp": list(self.owasp),
            "cwe": list(self.cwe),
            "asvs": list(self.asvs),
            "method": self.method,
            "path": self.path,
            "evidence": self.evidence,
            "script": dict(self.script),
        }


def stable_id(check: str, method: str, path: str, place: str) -> str:
    """Twelve hexadecimal digits of what the finding is and where."""
    return hashlib.sha256("\n".join((check, method, path, place)).encode()).hexdigest()[:12]


def evidence_of(world: World, one: Flaw) -> str:
    """The sentence and the exchanges behind it, redacted, without this run's own marks."""
    text = f"{one.sentence} [{lines_of(one.proof.exchanges[-6:])}]"
    for actor in world.identities:
        for token in actor.credential.tokens:
            text = text.replace(str(token), "…")
    return presentable(text)


def script_for(world: World, one: Flaw) -> dict[str, Any]:
    """The script that plays the proof again; what it holds of foreign secrets is redacted."""
    made: dict[str, Any] = script_of(replace(one.proof, after=_made_before(world, one.proof)), world.wording())
    return made


def _made_before(world: World, proof: Proof) -> list[Exchange]:
    """What made a thing of the first identity in each list or search that the proof asks: answers may hold it."""
    found: dict[str, Exchange] = {}
    for exchange in proof.exchanges:
        base = exchange.request.template.rstrip("/")
        lists = {base} if exchange.request.params else {base, base.rsplit("/", 1)[0]}
        for thing in world.things.owned(world.alice.name) if world.identities else ():
            made = thing.exchange.request.method == "POST" and thing.exchange.number < exchange.number
            if thing.collection in lists and made:
                found.setdefault(thing.collection, thing.exchange)
    return list(found.values())
