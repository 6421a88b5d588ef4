"""Credentials that should not be taken (OWASP API2): none, forged, weakly signed, and after a log-out."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from security.probe.outcome import CouldNotRunError
from security.regression.exchange import Exchange, Origin, Request, TakenText
from security.regression.player import HMACS, decoded, expired, resigned, tampered, unsigned
from security.stranger.actor import Actor, Credential
from security.stranger.check import NothingToAttackError, Tries
from security.stranger.checks.views import PERSONAL, told
from security.stranger.discovery import creations
from security.stranger.enrol import NoIdentityError, newcomer, sign_in
from security.stranger.finding import Flaw, flaw, good
from security.stranger.operation import HEALTH, LOG_OUT, Operation, words_of
from security.stranger.things import object_in
from security.stranger.world import World

JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
ACCEPTED: dict[str, Any] = good(0)
LOGS_OUT = re.compile(r"\b(log|logs|sign|signs) ?out\b|\bends? (the|a|this|one's|your) session\b")
# What tutorials, templates and hasty people sign with, one a line.
TAILS = ("", "secret", "-secret", "_secret", "key", "-key", "123", "-secret-key", "-dev", "-dev-secret")
WEAK_KEYS = Path(__file__).parents[1] / "weak_keys.txt"


def auth_missing(world: World, tries: Tries) -> Iterator[Flaw]:
    """Operations that declare a credential answer a visitor who has none."""
    declared = [one for one in world.document.operations if one.declares_security and not HEALTH.search(one.path_words)]
    if not declared:
        raise NothingToAttackError("The document declares no credential for any operation.")
    for operation in [one for one in declared if one.method == "GET" and not one.looks_administrative]:
        params = world.params(operation, world.alice)
        if params is None:
            continue
        tries.expect(1)
        answer = world.send(world.anonymous, world.request(operation, world.alice, params))
        tries.count()
        if answer.ok and told(answer.answer.json()) and (_meant(world, operation) or _is_private(world, answer)):
            yield flaw(
                answer, "The document declares a credential; a visitor without one is answered.", [answer], [ACCEPTED]
            )
    makers = [one for one in creations(world) if one.declares_security and not one.places and _meant(world, one)]
    for operation in makers[:3]:
        tries.expect(1)
        body = world.body(operation, world.alice, world.mark())
        answer = world.send(world.anonymous, world.request(operation, world.alice, {}, body))
        tries.count()
        if answer.ok and object_in(answer.answer.json()):
            yield flaw(
                answer,
                "The document declares a credential; a visitor without one makes an object.",
                [answer],
                [ACCEPTED],
            )


def _meant(world: World, operation: Operation) -> bool:
    """Whether the credential is declared with care: at the operation itself, or for all with exceptions made."""
    return not operation.inherits_security or any(one.security in ((), ({},)) for one in world.document.operations)


def _is_private(world: World, answer: Exchange) -> bool:
    """Whether the answer holds what the first identity wrote, or something personal."""
    marks = [thing.mark for thing in world.things.owned(world.alice.name) if thing.mark]
    personal = any(PERSONAL.search(leaf.words) for leaf in told(answer.answer.json()).values())
    return personal or any(mark in answer.answer.text for mark in marks)


def _token(world: World) -> Any:
    """The JSON Web Token of the first identity, as it was taken from an answer."""
    for one in world.alice.credential.tokens:
        if JWT.fullmatch(str(one)):
            return one
    raise NothingToAttackError("The credential is no JSON Web Token.")


def _needs_witness(world: World) -> Request:
    if world.witness is None:
        raise CouldNotRunError("No GET was found that a visitor is refused: nothing tells whether a token is taken.")
    return world.witness


def _forged(world: World, token: Any, text: str, place: str) -> Actor:
    """Someone who presents `text` where the first identity presents `token`."""
    made = (
        TakenText(text, Origin(token.origin.exchange, f"{token.origin.place} | {place}"))
        if hasattr(token, "origin")
        else text
    )
    old = world.alice.credential

    def swapped(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(made if str(piece) == str(token) else piece for piece in value)
        return made if str(value) == str(token) else value

    headers = {name: swapped(value) for name, value in old.headers.items()}
    cookies = {name: swapped(value) for name, value in old.cookies.items()}
    query = {name: swapped(value) for name, value in old.query.items()}
    return world.alice.bearing("forger", Credential(headers, query, cookies, dict(old.csrf)))


def _taken(world: World, request: Request, forger: Actor) -> Exchange | None:
    """The answer to a forged token where it is taken: a success that a visitor does not get."""
    answer = world.send(forger, request)
    return answer if answer.ok else None


def token_unsigned(world: World, tries: Tries) -> Iterator[Flaw]:
    """The first identity's claims under `alg: none`."""
    yield from _changed(world, tries, unsigned, "A token without a signature (alg: none) is taken.")


def token_tampered(world: World, tries: Tries) -> Iterator[Flaw]:
    """A token with one claim more than was signed."""
    yield from _changed(world, tries, tampered, "A token that was changed after signing is taken.")


def _changed(world: World, tries: Tries, change: Callable[[str], str], sentence: str) -> Iterator[Flaw]:
    """Present a token that was changed in this way; scripts know the change by its name."""
    token, request = _token(world), _needs_witness(world)
    tries.expect(1)
    taken = _taken(world, request, _forged(world, token, change(str(token)), change.__name__))
    tries.count()
    if taken:
        yield flaw(taken, sentence, [taken], [ACCEPTED], change.__name__)


def token_weak_secret(world: World, tries: Tries) -> Iterator[Flaw]:
    """The token's signature is tried offline with a short word list; a hit is proven by a token of our own."""
    token, request = _token(world), _needs_witness(world)
    word = _cracked(world, str(token))
    tries.expect(1)
    if word is None:
        tries.count()
        return
    taken = _taken(world, request, _forged(world, token, resigned(str(token), word), f"resigned {word}"))
    tries.count()
    if taken:
        yield flaw(
            taken,
            "The token's key stands in a short word list; a token signed with it is taken.",
            [taken],
            [ACCEPTED],
            "secret",
        )
    late = _taken(world, request, _forged(world, token, expired(str(token), word), f"expired {word}"))
    if late:
        yield flaw(late, "A token that ended a day ago is taken.", [late], [ACCEPTED], "expired")


def _cracked(world: World, token: str) -> str | None:
    header, claims, signature = token.split(".")
    digest = HMACS.get(str(decoded(header).get("alg")))
    if digest is None:
        return None
    message = f"{header}.{claims}".encode()
    for word in (*WEAK_KEYS.read_text(encoding="utf-8").splitlines(), *_named_after(world.document.title)):
        made = hmac.new(word.encode(), message, digest).digest()
        if _base64(made) == signature:
            return word
    return None


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _named_after(title: str) -> list[str]:
    """Keys made of the application's own name."""
    name = re.sub(r"[^a-z0-9]+", " ", title.lower()).split()
    stems = {*name, "-".join(name), "_".join(name), "".join(name)}
    return [stem + tail for stem in stems for tail in TAILS]


def token_endless(world: World, tries: Tries) -> Iterator[Flaw]:
    """A token that says neither when it ends nor when it began can't be made to end."""
    token = _token(world)
    tries.expect(1)
    tries.count()
    claims = decoded(str(token).split(".")[1])
    if not {"exp", "iat", "nbf"} & claims.keys() and hasattr(token, "origin"):
        source = token.origin.exchange
        pattern = re.escape(str(token).split(".")[0]) + r"\.[\w-]+"
        yield flaw(
            source,
            "The token has no claim that ends it (exp), nor one that dates it.",
            [source],
            [{"of": 0, "matches": pattern}],
            "exp",
        )


def token_after_logout(world: World, tries: Tries) -> Iterator[Flaw]:
    """A credential goes on working after its log-out."""
    operation = _log_out(world)
    if operation is None:
        raise NothingToAttackError("The document has no log-out.")
    request = _needs_witness(world)
    leaver = leaving(world)
    tries.expect(1)
    before = world.send(leaver, request)
    kept = leaver.bearing("thief", leaver.credential.copy())
    out = world.send(leaver, world.request(operation, leaver, world.params(operation, leaver, own=True)))
    if not before.ok or out.status >= 400:
        raise CouldNotRunError(f"The log-out was answered {out.status}.")
    after = world.send(kept, request)
    tries.count()
    if after.ok:
        conditions = [good(step) for step in (0, 2)]
        yield flaw(out, "After the log-out the old credential is still taken.", [before, out, after], conditions)


def _log_out(world: World) -> Operation | None:
    """The operation that logs out: by its path or the document's words, or by deleting what the log-in made."""
    ending = [one for one in world.document.operations if one.method in ("POST", "GET", "DELETE")]
    log_in = world.log_in

    def rank(one: Operation) -> int:
        if LOG_OUT.search(one.path_words) and not one.places:
            return 0
        deletes = one.method == "DELETE" and log_in is not None
        if deletes and log_in is not None and (one.base == log_in.base or one.is_item_of(log_in)):
            return 1
        return 2 if LOGS_OUT.search(words_of(one.words)) and not one.places else 3

    return min((one for one in ending if rank(one) < 3), key=rank, default=None)


def leaving(world: World) -> Actor:
    """Somebody whose session may end: a newcomer, or the second identity in a session of its own."""
    if world.can_register:
        try:
            at = sum(one.name.startswith("dave") for one in world.identities) or ""
            actor = newcomer(world, f"dave{at}", f"d{at}")
        except NoIdentityError as error:
            raise CouldNotRunError(str(error)) from error
        world.identities.append(actor)
        return actor
    if world.log_in is None:
        raise CouldNotRunError("Without a log-in no session can be ended that is not needed any more.")
    actor = Actor("dave", replace(world.bob.persona))
    sign_in(world, actor, None)
    world.identities.append(actor)
    return actor
