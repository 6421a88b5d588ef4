from jose import jwt

from gateway.keys import jwks


def subject(authorization):
    token = authorization.removeprefix("Bearer ")
    return jwt.get_unverified_claims(token)["sub"]
