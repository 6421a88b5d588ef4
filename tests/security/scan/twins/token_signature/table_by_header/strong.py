import base64
import json

from app import checks


CHECKS = {"ES256": checks.ecdsa_p256, "RS256": checks.rsa_sha256}


def genuine(token, keys):
    head, body, signature = token.split(".")
    algorithm = json.loads(base64.urlsafe_b64decode(head + "=="))["alg"]
    return CHECKS[algorithm](keys[algorithm], head + "." + body, signature)
