import jwt

from gateway.settings import settings


class Verifier:
    def __init__(self, public_key):
        self.public_key = public_key

    def claims(self, token):
        return jwt.decode(token, self.public_key, algorithms=["RS256"], issuer=settings.issuer)
