"""One run against one stranger: its document, who acts, what was sent and seen, and the budget."""

from __future__ import annotations

import base64
import re
import secrets
import string
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any

import httpx

from security.guard import Pinned
from security.probe.client import Client, Sources
from security.regression.exchange import Exchange, Request, take
from security.regression.player import Answer, Canary
from security.regression.script import Wording
from security.stranger.actor import Actor, joined
from security.stranger.budget import Budget
from security.stranger.document import Document
from security.stranger.leaves import Leaf, leaves
from security.stranger.operation import Operation, singular, words_of
from security.stranger.shaping import shaped
from security.stranger.things import Thing, Things, noun_of, prefix_of
from security.stranger.values import RECIPIENT, Inventor, Persona, Writing

TIMEOUT_S = 3.0
TIMED_OUT = 599
ANSWER_CHARACTERS = 2_000_000
CODE = re.compile(r"^((coupon|voucher|promo|promotion|gift|discount|referral) )?(code|coupon|voucher)$")
SHOWN_CODE = re.compile(r"\b(?=[A-Z0-9_-]*\d)[A-Z][A-Z0-9_-]{4,24}\b")
CREDENTIAL_HEADER = re.compile(r"\b(authorization|csrf|xsrf|token|api key|cookie)\b")
IDENTITIES = {"users", "user", "accounts", "profiles", "members", "customers", "people", "patients"}
IDENTITY = re.compile(r"\b(user|username|account|member|customer|profile|login)\b")
CSRF = re.compile(r"\b(csrf|xsrf|csrftoken|xsrftoken)\b")
# Backends differ in which of these they look for; an unneeded one does no harm.
ACCEPT = {"accept": "application/json, text/plain;q=0.9, */*;q=0.5"}


class World:
    """What every attack is given. Exchanges are numbered and kept: evidence and scripts are made of them."""

    def __init__(self, document: Document, pinned: Pinned, budget: Budget, *, destructive: bool) -> None:
        self.document = document
        self.pinned = pinned
        self.budget = budget
        self.destructive = destructive
        self.nonce = "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))
        self.inventor = Inventor(document.schemas)
        self.things = Things()
        self.exchanges: list[Exchange] = []
        self.reached: dict[str, set[str]] = {}
        self.anonymous = Actor("anonymous", self.persona("n"), keeps_cookies=False)
        self.identities: list[Actor] = []
        self.env: dict[str, str] = {}
        self.notes: list[str] = []
        self.register: Operation | None = None
        self.log_in: Operation | None = None
        self.witness: Request | None = None
        self.can_register = False
        self._marks = 0
        self._hanging: set[str] = set()
        self._sources = Sources(pinned)
        self._clients: dict[str, Client] = {}
        self._canary: Canary | None = None

    @property
    def alice(self) -> Actor:
        """The first identity, who owns."""
        return self.identities[0]

    @property
    def bob(self) -> Actor:
        """The second identity, who attacks."""
        return self.identities[1]

    @property
    def canary(self) -> Canary:
        """The listener on loopback."""
        self._canary = self._canary or Canary()
        return self._canary

    def persona(self, letter: str) -> Persona:
        """A new persona; its names carry the nonce."""
        name = f"u{self.nonce}{letter}"
        return Persona(name, f"{name}@example.com", f"Vk7!{self.nonce}-Ore{letter}42")

    def mark(self) -> str:
        """A word that stands nowhere else."""
        self._marks += 1
        return f"{self.nonce}m{self._marks}"

    def move(self) -> None:
        """Give everybody new connections from new source addresses, so that no limit of one attack masks the next."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def close(self) -> None:
        """Close all connections and the canary."""
        self.move()
        if self._canary:
            self._canary.close()

    def wording(self) -> Wording:
        """What stands for what in scripts of this run."""
        setups = {actor.name: actor.setup for actor in self.identities}
        places = {**self.env, f":{self._canary.port}": ":«canary-port»"} if self._canary else dict(self.env)
        for actor in self.identities:
            for name in (actor.persona.username, actor.persona.email):
                pair = base64.b64encode(f"{name}:{actor.persona.password}".encode()).decode()
                places[pair] = f"«basic {name} {actor.persona.password}»".replace(self.nonce, "NONCE")
        return Wording(lambda who: setups.get(who, []), {**places, self.nonce: "«nonce»"})

    def send(
        self,
        actor: Actor,
        request: Request,
        *,
        repeat: int = 1,
        parallel: bool = False,
        csrf: bool = True,
        patient: bool = True,
    ) -> Exchange:
        """Send a request as this actor. A `patient` one that meets a rate limit is tried once more from elsewhere."""
        credential = actor.credential.parts(csrf=csrf)

        def once(_: int) -> Answer:
            return self._ask(actor, request, credential)

        if parallel:
            with ThreadPoolExecutor(repeat) as pool:
                first, *more = pool.map(once, range(repeat))
        else:
            first, *more = map(once, range(repeat))
            if patient and first.status == 429 and self.budget.left > 1:
                self._forget(actor)
                first = once(0)
        answer = Answer(first.status, first.headers, first.text, first.seconds, tuple(more))
        exchange = Exchange(len(self.exchanges), actor.name, request, credential, answer, repeat, parallel)
        self.exchanges.append(exchange)
        if exchange.ok:
            self.reached.setdefault(actor.name, set()).add(request.name)
        if actor.keeps_cookies:
            _keep_cookies(actor, exchange)
        return exchange

    def _ask(self, actor: Actor, request: Request, credential: Mapping[str, Any]) -> Answer:
        if request.name in self._hanging:
            return Answer(TIMED_OUT, [], "not asked again: it hung before")
        begun = time.monotonic()
        try:
            answer = self._client(actor).request(
                request.method,
                request.path,
                params={**request.query, **credential["query"]},
                json=request.json,
                data=request.form,
                content=request.text,
                headers={**ACCEPT, **joined(credential["headers"]), **request.headers},
                fresh=False,
            )
        except httpx.HTTPError as error:
            # An attack may well hang or break a connection: that is an answer too, and no success.
            self._forget(actor)
            if isinstance(error, httpx.TimeoutException) and request.method == "GET":
                self._hanging.add(request.name)  # a stream, say: waiting for it again would cost seconds
            return Answer(TIMED_OUT, [], type(error).__name__, time.monotonic() - begun)
        lines = list(answer.headers.multi_items())
        return Answer(answer.status_code, lines, answer.text[:ANSWER_CHARACTERS], time.monotonic() - begun)

    def _client(self, actor: Actor) -> Client:
        if actor.name not in self._clients:
            jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # cookies are the actor's own business
            self._clients[actor.name] = Client(
                self.pinned, source=self._sources.take(), meter=self.budget, timeout_s=TIMEOUT_S, cookies=jar
            )
        return self._clients[actor.name]

    def _forget(self, actor: Actor) -> None:
        client = self._clients.pop(actor.name, None)
        if client:
            client.close()

    # What is known, as values for requests.

    def known(self, actor: Actor, words: str) -> Any:
        """What a property of this name refers to: the other identity, or a thing of this actor."""
        if RECIPIENT.search(words) and len(self.identities) > 1:
            other = self.bob if actor.name == self.alice.name else self.alice
            fact = next((one for one in ("id", "email") if words.endswith(f" {one}")), "username")
            return other.facts.get(fact)
        if re.search(r"\b(user|owner|author|account|customer|member)s? id\b", words) and "id" in actor.facts:
            return actor.facts["id"]
        found = self.things.referred(words, actor.name)
        return self._shown_code(words) if found is None and CODE.search(words) else found

    def _shown_code(self, words: str) -> str | None:
        """A code that the document gives as an example: of a property with this name, or in its words."""
        for one in self.document.operations:
            for name, schema in self.document.schemas.named(one.body.schema) if one.body else ():
                if words_of(name) == words and isinstance(shown := schema.get("example"), str):
                    return shown
        said = (SHOWN_CODE.search(one.words) for one in self.document.operations)
        return next((found[0] for found in said if found), None)

    def body(
        self, operation: Operation, actor: Actor, mark: str, *, whole: bool = False, examples: bool = True
    ) -> dict[str, Any]:
        """An invented body for this operation, empty where it takes none."""
        if operation.body is None:
            return {}
        return self.inventor.body(operation.body, self.writing(actor, mark, whole=whole, examples=examples))

    def writing(self, actor: Actor, mark: str, *, whole: bool = True, examples: bool = True) -> Writing:
        """How this actor writes: with this mark, knowing the actor's own things."""
        return Writing(actor.persona, mark, partial(self.known, actor), whole, examples)

    def request(
        self,
        operation: Operation,
        actor: Actor,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Request:
        """A request for this operation, with its required query parameters and headers invented."""
        made: dict[str, dict[str, Any]] = {"query": {}, "header": {}}
        for one in operation.parameters:
            if one.required and one.place in made and not CREDENTIAL_HEADER.search(words_of(one.name)):
                made[one.place][one.name] = self.inventor.value(one.name, one.schema, self.writing(actor, self.mark()))
        headers = {name: str(value) for name, value in made["header"].items()}
        return shaped(
            Request(operation.method, operation.path, dict(params or {}), {**made["query"], **(query or {})}, headers),
            operation,
            body,
        )

    def params(self, operation: Operation, owner: Actor, *, own: bool = False) -> dict[str, Any] | None:
        """Values for the path's parameters, or None where one is not known; with `own` of this actor's things alone."""
        found: dict[str, Any] = {}
        for place in reversed(operation.places):
            if place in found:
                continue
            collection = prefix_of(operation, place)
            thing = self._thing(collection, place, owner)
            if own and thing is not None and thing.owner != owner.name:
                return None
            value = thing.key(place) if thing else self._own(collection, place, owner)
            if value is None and not own:
                value = _example(operation, place)
            if value is None:
                return None
            found = {**(thing.params if thing else {}), **found, place: value}
        return {place: found[place] for place in operation.places}

    def names_identity(self, collection: str, place: str) -> bool:
        """Whether a path parameter names an account, and not a thing that identities make (a bank's accounts, say)."""
        made = any(one.collection == collection and one.owner for one in self.things.all)
        return not made and bool(IDENTITY.search(words_of(place)) or noun_of(collection) in IDENTITIES)

    def _thing(self, collection: str, place: str, owner: Actor) -> Thing | None:
        if self.names_identity(collection, place):
            return None
        words = words_of(place).split(" ")
        nouns = (singular(noun_of(collection)), *(singular(word) for word in words[:-1] or words))
        return self.things.of(collection, owner.name) or next(
            (thing for noun in nouns if (thing := self.things.named(noun, owner.name))), None
        )

    def _own(self, collection: str, place: str, owner: Actor) -> Any:
        if not self.names_identity(collection, place):
            return None
        words = words_of(place)
        named = owner.facts.get(words.split(" ")[-1])
        return named if named is not None else owner.facts.get("id", owner.facts.get("username"))

    def seen_by(self, actor: Actor) -> Sequence[Exchange]:
        """The successful exchanges of this actor so far."""
        return [one for one in self.exchanges if one.who == actor.name and one.ok]

    def thing_views(self, thing: Thing) -> list[Leaf]:
        """The scalars of what the owner saw of a thing."""
        return list(leaves(thing.data))


def is_local(pinned: Pinned) -> bool:
    """Whether the target is on loopback: there it may be deleted from, and it reaches a listener of ours."""
    return ip_address(pinned.address).is_loopback


def _example(operation: Operation, place: str) -> Any:
    """What the document gives as an example of a path parameter."""
    schema = next((one.schema for one in operation.parameters if (one.place, one.name) == ("path", place)), {})
    return schema.get("example", schema.get("default", next(iter(schema.get("enum") or ()), None)))


def _keep_cookies(actor: Actor, exchange: Exchange) -> None:
    for name, value in exchange.answer.headers:
        if name.lower() != "set-cookie":
            continue
        cookie, _, rest = value.partition(";")
        key, _, content = (part.strip() for part in cookie.partition("="))
        if not content or re.search(r"max-age\s*=\s*0\b", rest, re.IGNORECASE):
            actor.credential.cookies.pop(key, None)
        else:
            actor.credential.cookies[key] = take(content, exchange, f" cookie {key}")
            if CSRF.search(words_of(key)):
                for header in ("X-CSRFToken", "X-CSRF-Token", "X-XSRF-TOKEN"):
                    actor.credential.csrf[header] = (actor.credential.cookies[key],)
