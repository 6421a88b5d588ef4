import base64
import json

from app import checks


CHECKS = {"HS256": checks.hmac_sha256, "RS256": checks.rsa_sha256}


def genuine(token, key):
    head, body, signature = token.split(".")
    algorithm = json.loads(base64.urlsafe_b64decode(head + "=="))["alg"]
    return CHECKS[algorithm](key, head + "." + body, signature)
