import base64
import hmac
import json

from app.keys import secret


def user_of(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=="))["sub"]
