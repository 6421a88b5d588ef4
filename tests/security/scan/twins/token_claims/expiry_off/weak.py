import jwt

from app.keys import secret


def read(token):
    return jwt.decode(token, secret(), algorithms=["HS256"], options={"verify_exp": False})
