import jwt

from app.keys import PUBLIC_KEY


def user_of(token):
    payload = jwt.decode(token, PUBLIC_KEY, algorithms=["RS256"], audience="api", issuer="login")
    return payload["sub"]
