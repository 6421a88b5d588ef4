import jwt

from app.keys import PUBLIC_KEY


def user_of(token):
    payload = jwt.decode(token, options={"verify_signature": False})
    return payload["sub"]
