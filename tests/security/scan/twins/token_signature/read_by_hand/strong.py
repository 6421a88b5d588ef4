import base64
import hmac
import json

from app.keys import secret


def user_of(token):
    signed, _, signature = token.rpartition(".")
    expected = hmac.digest(secret(), signed.encode(), "sha256")
    if not hmac.compare_digest(expected, base64.urlsafe_b64decode(signature + "==")):
        raise PermissionError
    return json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))["sub"]
