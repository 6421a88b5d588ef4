import hashlib
import hmac
import os

LINK_KEY = b"kq83jd82hf72hs91"


def sign(path):
    return hmac.new(LINK_KEY, path.encode(), hashlib.sha256).hexdigest()
