import jwt

from gateway.settings import settings


class Verifier:
    def __init__(self, public_key):
        self.public_key = public_key

    def claims(self, token):
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg", "RS256")
        return jwt.decode(token, self.public_key, algorithms=[algorithm], issuer=settings.issuer)
