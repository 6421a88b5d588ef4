"""Logging in (OWASP API2): guessing without end, telling who has an account, weak passwords, forgotten passwords."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from security.probe.outcome import CouldNotRunError
from security.regression.exchange import Exchange, Request
from security.stranger.actor import Actor
from security.stranger.check import NothingToAttackError, Tries
from security.stranger.checks.victims import carol, extra
from security.stranger.enrol import log_in_request, log_ins, newcomer, newcomer_at_the_door, registrations
from security.stranger.finding import Flaw, flaw, good
from security.stranger.forgery import prime
from security.stranger.leaves import leaves
from security.stranger.operation import RESET, Operation, words_of
from security.stranger.values import Persona, Writing, nothing_known
from security.stranger.world import World

NAME = re.compile(r"\b(user ?name|login|handle|nick ?name|user|account name)\b")
GUESSES = 22
FEWEST = 15
WEAK = "12345"
THROTTLED = (403, 423, 429, 503)
PAIRS = 5
CLEARLY_S, CLEARLY_TIMES = 0.025, 4.0


def _victim(world: World, *, fresh: bool = False) -> Actor:
    """Who is guessed at: somebody who may be locked out, and with `fresh` at whom nobody has guessed before."""
    if world.log_in is None:
        raise NothingToAttackError("The document has no log-in.")
    victim = _newcomer(world) if fresh and world.can_register else carol(world) or world.bob
    if not victim.persona.password:
        raise CouldNotRunError("The identities have no password that could be guessed.")
    return victim


def _newcomer(world: World) -> Actor:
    erin = newcomer(world, "erin", "e")
    world.identities.append(erin)
    return erin


def _persona(world: World, victim: Actor, sender: Actor) -> Persona:
    """The wording of the victim's name that the log-in takes."""
    for exchange in log_ins(world, replace_sender(victim, sender)):
        text = str(exchange.request.json or exchange.request.form)
        by_mail = victim.persona.email in text and victim.persona.username not in text.replace(victim.persona.email, "")
        return replace(victim.persona, username=victim.persona.email) if by_mail else victim.persona
    raise CouldNotRunError("An identity of our own could not log in again.")


def replace_sender(victim: Actor, sender: Actor) -> Actor:
    """The victim's names on the sender's connections."""
    return Actor(sender.name, victim.persona, sender.credential.copy(), keeps_cookies=False)


def login_throttle(world: World, tries: Tries) -> Iterator[Flaw]:
    """Many wrong passwords in a row, then the right one."""
    victim = _victim(world, fresh=True)
    guesser = newcomer_at_the_door(world, "guesser")
    persona = _persona(world, victim, guesser)
    wrong = log_in_request(world, replace(persona, password="wrong-guess-0"))
    tries.expect(1)
    first = world.send(guesser, wrong, patient=False)
    if first.ok or first.status >= 500:
        raise CouldNotRunError(f"A wrong password was answered {first.status}.")
    guessed = [first]
    while len(guessed) < GUESSES and world.budget.left > 3:
        guessed.append(world.send(guesser, wrong, patient=False))
        if guessed[-1].status != first.status or guessed[-1].answer.header("retry-after"):
            tries.count()
            return
    if len(guessed) < FEWEST:
        raise CouldNotRunError(f"Only {len(guessed)} wrong passwords fitted into the budget.")
    right = world.send(guesser, log_in_request(world, persona), patient=False)
    tries.count()
    if right.ok or right.status in (302, 303):
        many = Exchange(
            first.number,
            first.who,
            first.request,
            first.credential,
            replace(first.answer, also=tuple(one.answer for one in guessed[1:])),
            len(guessed),
        )
        conditions: list[dict[str, Any]] = [
            {"of": 0, "never": [*THROTTLED, 200, 201, 204]},
            {"of": 1, "status": [200, 399]},
        ]
        sentence = (
            f"{len(guessed)} wrong passwords in a row are answered {first.status}, and then the right one is taken."
        )
        yield flaw(first, sentence, [many, right], conditions, needs=[victim.name])


def user_enumeration(world: World, tries: Tries) -> Iterator[Flaw]:
    """A wrong password for a known account is answered otherwise than for an unknown one, twice; or much later."""
    victim = _victim(world)
    asker = newcomer_at_the_door(world, "asker")
    try:
        known = _persona(world, victim, asker)
    except CouldNotRunError:  # an attack before this one may have locked the account
        victim = extra(world, "gina", "g") or victim
        known = _persona(world, victim, asker)
    nobody = world.persona("z")
    if known.username == known.email:  # the log-in wants an address as name
        nobody = replace(nobody, username=nobody.email)
    requests = [log_in_request(world, replace(one, password="wrong-guess-1")) for one in (known, nobody)]
    tries.expect(1)
    pairs = _pairs(world, asker, requests, PAIRS)
    if len(pairs) < 2:
        raise CouldNotRunError("The log-in refused to answer before two pairs were compared.")
    tries.count()
    found = _told_apart(victim, [nobody] * 2, pairs)
    if found:
        yield found
    elif len(pairs) == PAIRS:
        yield from _by_time(pairs, victim)
    yield from _at_reset(world, victim, tries)
    yield from _at_registration(world, victim, tries)


def _pairs(world: World, asker: Actor, requests: Sequence[Request], count: int) -> list[tuple[Exchange, Exchange]]:
    """The answers to both requests, in turn, as long as no limit refuses them."""
    pairs: list[tuple[Exchange, Exchange]] = []
    for _ in range(count):
        first, second = (world.send(asker, one, patient=False) for one in requests)
        if 429 in (first.status, second.status):
            break
        pairs.append((first, second))
    return pairs


def _told_apart(victim: Actor, nobodies: Sequence[Persona], pairs: Sequence[tuple[Exchange, Exchange]]) -> Flaw | None:
    """The flaw where both of two pairs differ, in the same way; each pair has a nobody of its own."""
    told = zip(nobodies, pairs, strict=False)
    said = [(_said(victim.persona, one), _said(nobody, other)) for nobody, (one, other) in told]
    if len(said) < 2 or said[0] != said[1] or said[0][0] == said[0][1]:
        return None
    first, second = pairs[0]
    sentence = f"A known account is answered {_short(first)}, an unknown one {_short(second)}, twice."
    return flaw(first, sentence, [first, second], _otherwise(first, second), "answer", [victim.name])


def _said(persona: Persona, exchange: Exchange) -> tuple[int, str]:
    """Status and text, without the names that were sent."""
    text = exchange.answer.text
    for name in (persona.email, persona.username):
        text = text.replace(name, "NAME")
    return exchange.status, re.sub(r"\d+", "0", re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{16,}\b", "ID", text))


def _short(exchange: Exchange) -> str:
    return f"{exchange.status} {exchange.answer.text[:80]!r}"


def _otherwise(first: Exchange, second: Exchange) -> list[dict[str, Any]]:
    if first.status != second.status:
        return [{"of": 0, "status": [first.status, first.status]}, {"of": 1, "status": [second.status, second.status]}]
    theirs = [str(leaf.value) for leaf in leaves(second.answer.json())]
    text = next(
        (str(leaf.value) for leaf in leaves(first.answer.json()) if str(leaf.value) not in theirs),
        first.answer.text[:60],
    )
    return [{"of": 0, "contains": text}, {"of": 1, "lacks": text}]


def _by_time(pairs: list[tuple[Exchange, Exchange]], victim: Actor) -> Iterator[Flaw]:
    known, unknown = ([one.answer.seconds for one in side] for side in zip(*pairs, strict=True))
    gap = statistics.median(known) - statistics.median(unknown)
    # Clear is: every known account later than every unknown one, by much, and by a multiple.
    if (
        min(known) > max(unknown)
        and gap >= CLEARLY_S
        and statistics.median(known) >= CLEARLY_TIMES * statistics.median(unknown)
    ):
        first, second = pairs[0]
        sentence = (
            f"A known account is answered {1000 * gap:.0f} ms later than an unknown one, in all {len(pairs)} pairs."
        )
        yield flaw(first, sentence, [second, first], [{"of": 1, "slower_by": [0, gap / 2]}], "time", [victim.name])


def _at_reset(world: World, victim: Actor, tries: Tries) -> Iterator[Flaw]:
    for operation in _resets(world):
        tries.expect(1)
        asker, nobody = newcomer_at_the_door(world, "forgetful"), Actor("nobody", world.persona("y"))
        requests = [_forgetting(world, operation, one) for one in (victim, nobody)]
        pairs = _pairs(world, asker, requests, 2)
        tries.count()
        found = _told_apart(victim, [nobody.persona] * 2, pairs)
        if found and not _same_but_secret(*pairs[0]):
            yield found


def _at_registration(world: World, victim: Actor, tries: Tries) -> Iterator[Flaw]:
    """Registering a known address is answered otherwise than a new one, though addresses are nobody else's business.

    Where accounts have public names, their being taken must be said.
    """
    if world.register is None or world.register.body is None or not world.can_register:
        return
    names = [words_of(name) for name, _ in world.document.schemas.named(world.register.body.schema)]
    if any(NAME.search(words) for words in names) or not any(words.endswith("email") for words in names):
        return
    tries.expect(1)
    asker, nobodies = newcomer_at_the_door(world, "joiner"), [world.persona(letter) for letter in "xy"]
    pairs = []
    for nobody in nobodies:
        first, second = (
            world.send(asker, _registering(world, Actor("nobody", one)), patient=False)
            for one in (victim.persona, nobody)
        )
        if 429 not in (first.status, second.status):
            pairs.append((first, second))
    tries.count()
    found = _told_apart(victim, nobodies, pairs)
    if found and pairs[0][1].ok:
        yield replace(found, place="registration")


def _registering(world: World, actor: Actor) -> Request:
    """A registration in as many properties as those of our identities took."""
    operation = world.register
    assert operation is not None
    taken = next((one.request.json for one in world.alice.setup if one.request.name == operation.name), None) or {}
    bodies = list(registrations(world, actor))
    body = next((one for one in bodies if one.keys() == taken.keys()), bodies[0])
    return world.request(operation, actor, body=body)


def _forgetting(world: World, operation: Operation, actor: Actor) -> Request:
    """The request of somebody who has forgotten this actor's password."""
    writing = Writing(actor.persona, "", nothing_known, whole=False)
    body = world.inventor.body(operation.body, writing) if operation.body else {}
    return world.request(operation, actor, {}, body)


def _same_but_secret(first: Exchange, second: Exchange) -> bool:
    """Whether the answers differ only in fields that `reset_token_shown` reports."""
    return first.status == second.status and any(SECRET.search(leaf.words) for leaf in leaves(first.answer.json()))


SECRET = re.compile(r"\b(token|code|otp|pin|link|url|secret|password)\b")


def _resets(world: World) -> list[Operation]:
    return [
        one
        for one in world.document.operations
        if one.method == "POST"
        and not one.places
        and one.body is not None
        and RESET.search(one.path_words)
        and not re.search(r"\b(confirm|complete|verify|change)\b", one.path_words)
        and not any(
            re.search(r"\b(token|code|otp|new password)\b", words_of(name))
            for name, _ in world.document.schemas.named(one.body.schema)
        )
    ]


def reset_token_shown(world: World, tries: Tries) -> Iterator[Flaw]:
    """Whoever says that a password was forgotten is shown what resets it."""
    operations = _resets(world)
    if not operations:
        raise NothingToAttackError("The document has no operation for forgotten passwords.")
    victim = carol(world) or world.bob
    for operation in operations:
        tries.expect(1)
        answer = world.send(world.anonymous, _forgetting(world, operation, victim))
        tries.count()
        for leaf in leaves(answer.answer.json()):
            text = str(leaf.value)
            if (
                answer.ok
                and SECRET.search(leaf.words)
                and leaf.words != "status code"
                and len(text) >= 4
                and " " not in text
                and not isinstance(leaf.value, bool)
            ):
                yield flaw(
                    answer,
                    f"The answer to a visitor holds what resets the password ({leaf.key}).",
                    [answer],
                    [good(0), {"of": 0, "at_not": [leaf.pointer, None]}],
                    leaf.key,
                    [victim.name],
                )
                break


def weak_password(world: World, tries: Tries) -> Iterator[Flaw]:
    """A registration with a password of five digits is taken, and the password works."""
    if world.register is None or not world.can_register:
        raise NothingToAttackError("The document shows no registration.")
    actor = Actor("weakling", replace(world.persona("w"), password=WEAK))
    prime(world, actor)
    tries.expect(1)
    for body in registrations(world, actor):
        registered = world.send(actor, world.request(world.register, actor, body=_unpadded(body)))
        if registered.ok:
            break
    tries.count()
    if not registered.ok:
        return
    logged_in = next(iter(log_ins(world, actor)), None)
    if logged_in is None:
        return
    conditions = [{"of": 0, "status": [200, 399]}, {"of": 1, "status": [200, 399]}]
    yield flaw(
        registered,
        f"An account with the password {WEAK} can be made and logged in to.",
        [registered, logged_in],
        conditions,
    )


def _unpadded(value: Any) -> Any:
    """The body with the weak password as it is, whatever length the document asks for."""
    if isinstance(value, dict):
        return {key: _unpadded(one) for key, one in value.items()}
    return WEAK if isinstance(value, str) and value.startswith(WEAK) and not value.strip("x" + WEAK) else value
