import hashlib
import hmac
import os

LINK_KEY = os.environ["LINK_KEY"].encode()


def sign(path):
    return hmac.new(LINK_KEY, path.encode(), hashlib.sha256).hexdigest()
