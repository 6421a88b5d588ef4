import base64
import hashlib

import bcrypt


def stored(password):
    short = base64.b64encode(hashlib.sha256(password.encode()).digest())
    return bcrypt.hashpw(short, bcrypt.gensalt(12))
