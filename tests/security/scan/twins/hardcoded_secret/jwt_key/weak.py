import os

import jwt


def token_for(payload):
    return jwt.encode(payload, "supersecret", algorithm="HS256")
