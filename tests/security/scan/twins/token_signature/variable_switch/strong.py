import jwt

from app.keys import key


class Tokens:
    def __init__(self, audience):
        self.audience = audience

    def read(self, token):
        return jwt.decode(token, key(), algorithms=["HS256"], audience=self.audience)
