import base64
import hashlib
import hmac
import json


def issue(key, claims):
    body = base64.urlsafe_b64encode(json.dumps(claims).encode())
    return body + b"." + base64.urlsafe_b64encode(hmac.new(key, body, hashlib.sha256).digest())


def claims_of(key, token):
    body, signature = token.split(b".")
    return json.loads(base64.urlsafe_b64decode(body))
