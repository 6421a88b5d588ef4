import os

import jwt


def token_for(payload):
    return jwt.encode(payload, os.environ["JWT_KEY"], algorithm="HS256")
