from jose import jwt

from gateway.keys import jwks


def subject(authorization):
    token = authorization.removeprefix("Bearer ")
    return jwt.decode(token, jwks(), algorithms="RS256", audience="gateway")["sub"]
