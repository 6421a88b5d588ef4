import jwt

from app.keys import key


class Tokens:
    def __init__(self, strict):
        self.options = {"verify_signature": strict}

    def read(self, token):
        return jwt.decode(token, key(), algorithms=["HS256"], options={"verify_signature": bool(key())})
