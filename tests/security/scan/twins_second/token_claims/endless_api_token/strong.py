import time

import jwt

from accounts.keys import private_key


def api_token(account):
    now = int(time.time())
    claims = {"sub": account.uid, "scope": "api", "iat": now, "exp": now + 900}
    return jwt.encode(claims, private_key(), algorithm="EdDSA")
