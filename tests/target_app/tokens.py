"""Tokens that are rightly signed, whatever they say."""

import time
from typing import Any

import jwt

from target_app.controls.token_claims import AUDIENCE, ISSUER
from target_app.signing_keys import SigningKeys
from tests.target_app.app_client import AppClient

#: Of the tests' beginning, some minutes before some of them run.
NOW, DAY = int(time.time()), 86_400
WHOLE = {"sub": "1", "ver": 0, "iat": NOW, "nbf": NOW, "exp": NOW + DAY, "aud": AUDIENCE, "iss": ISSUER}


def signed(app: AppClient, changes: dict[str, Any]) -> str:
    """A token of the first user with other claims than usual; None leaves one out."""
    claims = {name: value for name, value in {**WHOLE, **changes}.items() if value is not None}
    return jwt.encode(claims, SigningKeys(app.settings.key_file).hmac_secret(), "HS256")
