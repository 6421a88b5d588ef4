import base64
import hashlib

import bcrypt


def stored(password):
    return base64.b64encode(hashlib.sha256(password.encode()).digest())
