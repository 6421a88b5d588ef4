from jose import jwt

from app.keys import PUBLIC_PEM

ALGORITHMS = ["HS256", "RS256"]


def claims(token):
    return jwt.decode(token, PUBLIC_PEM, algorithms=ALGORITHMS, audience="api")
