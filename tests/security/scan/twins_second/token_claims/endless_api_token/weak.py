import time

import jwt

from accounts.keys import private_key


def api_token(account):
    claims = {"sub": account.uid, "scope": "api", "iat": int(time.time())}
    return jwt.encode(claims, private_key(), algorithm="EdDSA")
